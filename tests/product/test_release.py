"""What a release promises: the same bytes from every clone, the template of the tags, and a true list of packages."""

import json
import re
import shutil
import tarfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.command import ROOT, git
from support.released import IDENTITY, TAG, Release, released

from new_ops_project import __version__
from new_ops_project.template import embedded

BUNDLE = "new_ops_project/data/template.bundle"


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release, which no test changes."""
    return released(tmp_path_factory.mktemp("release"))


@pytest.fixture
def release(original: Release, tmp_path: Path) -> Release:
    """A copy of the release to tamper with."""
    copy = Release(tmp_path / "checkout", tmp_path / "dist")
    shutil.copytree(original.checkout, copy.checkout)
    shutil.copytree(original.dist, copy.dist)
    return copy


def rewritten(archive: Path, edits: dict[str, bytes]) -> None:
    """Replace files of a wheel, keeping everything else as it is."""
    old = archive.rename(archive.with_suffix(".old"))
    with ZipFile(old) as source, ZipFile(archive, "w") as target:
        for file in source.infolist():
            target.writestr(file, edits.get(file.filename, source.read(file)))
    old.unlink()


# ---- the same bytes ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_bytes_from_another_clone(original: Release) -> None:
    """Another path, umask, time zone, language, time of each file, git configuration; a wheel that skips the sdist."""
    done = original.script("reproduce.py", original.dist)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.slow
def test_what_differs_is_named(release: Release) -> None:
    """A file of the wheel that the commit does not have, and a distribution that only one build made."""
    rewritten(release.wheel, {"new_ops_project/cli.py": b"import evil\n"})
    next(release.dist.glob("*.tar.gz")).unlink()
    done = release.script("reproduce.py", release.dist)
    assert done.returncode == 1
    assert f"{release.wheel.name}: new_ops_project/cli.py differs" in done.stderr
    assert ".tar.gz: only one of the builds made it" in done.stderr


@pytest.mark.slow
def test_no_owner_is_recorded(original: Release) -> None:
    """Neither the number nor the name of the account that built the sdist."""
    with tarfile.open(next(original.dist.glob("*.tar.gz"))) as sdist:
        assert {(file.uid, file.gid, file.uname, file.gname) for file in sdist} == {(0, 0, "", "")}


@pytest.mark.parametrize(
    "config",
    [
        "[core]\ncompression = 1\nlooseCompression = 0\n",
        "[pack]\nthreads = 8\nwindow = 0\ndepth = 1\n",
        "[pack]\ncompression = 0\n",
        "[i18n]\ncommitEncoding = ISO-8859-1\n",
        "[core]\nautocrlf = true\neol = crlf\nfileMode = false\n",
        "[core]\nbigFileThreshold = 1\n",
        "[init]\ndefaultObjectFormat = sha256\n[commit]\ngpgSign = true\n[tag]\ngpgSign = true\n",
    ],
)
def test_the_bundle_ignores_the_configuration_of_git(tmp_path: Path, home: Path, config: str) -> None:
    """The embedded template is the same file, whatever the user's git does elsewhere."""
    git("init", "--quiet", "checkout", at=tmp_path)
    checkout = tmp_path / "checkout"
    for number, tag in enumerate(("v1.0.0", "v1.1.0")):
        (checkout / "templates").mkdir(exist_ok=True)
        (checkout / "templates" / "lines").write_text("".join(f"{line + number}\n" for line in range(4000)))
        (checkout / "copier.yml").write_text("_subdirectory: templates\n")
        git("add", ".", at=checkout)
        git("commit", "--quiet", "--message=ä", at=checkout)
        git("tag", tag, at=checkout)
    embedded.pack(checkout, "0", tmp_path / "one")
    with (home / ".gitconfig").open("a") as file:
        file.write(config)
    embedded.pack(checkout, "0", tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


# ---- the template of the tags -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_wheel_has_the_template_of_the_tags(original: Release) -> None:
    """The trees of every version are those of its tag."""
    done = original.script("compare_template.py", original.wheel, original.checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(tag in done.stdout for tag in ("v1.0.0", "v1.1.0", TAG))


def moved_tag(release: Release) -> None:
    """Name another commit with a tag after the build."""
    git("tag", "--force", "v1.0.0", "v1.1.0", at=release.checkout)


def lost_tag(release: Release) -> None:
    """Delete a tag after the build."""
    git("tag", "--delete", "v1.0.0", at=release.checkout)


def new_tag(release: Release) -> None:
    """Add a tag after the build."""
    git("tag", "v1.2.0", at=release.checkout)


def other_version(release: Release) -> None:
    """Take away the tag that is named like the wheel."""
    git("tag", "--delete", TAG, at=release.checkout)


def other_pins(release: Release) -> None:
    """Change the copy of the pins beside the bundle."""
    rewritten(release.wheel, {"new_ops_project/data/pins.yml": b"pins: {}\n"})


def repacked(release: Release, change: Callable[[Path], Any]) -> None:
    """Change the repository in the bundle."""
    folder = release.dist.parent
    with ZipFile(release.wheel) as archive:
        git("clone", "--quiet", archive.extract(BUNDLE, folder), "unpacked", at=folder)
    change(folder / "unpacked")
    git("bundle", "create", "--quiet", "../repacked", "HEAD", "main", "--tags", at=folder / "unpacked")
    rewritten(release.wheel, {BUNDLE: (folder / "repacked").read_bytes()})


def changed_file(release: Release) -> None:
    """Add a line to a workflow of the newest version in the bundle."""

    def change(repository: Path) -> None:
        with (repository / "templates" / "project" / ".python-version.jinja").open("a") as file:
            file.write("evil\n")
        git("commit", "--quiet", "--all", "--amend", "--message=x", at=repository, env=IDENTITY)
        git("tag", "--force", "v1.1.0", at=repository)

    repacked(release, change)


def executable_file(release: Release) -> None:
    """Change nothing but the mode of a file in the bundle."""

    def change(repository: Path) -> None:
        git("update-index", "--chmod=+x", "copier.yml", at=repository)
        git("commit", "--quiet", "--amend", "--message=x", at=repository, env=IDENTITY)
        git("tag", "--force", "v1.1.0", at=repository)

    repacked(release, change)


def other_branch(release: Release) -> None:
    """Leave the tags in the bundle alone, and put a commit on the branch that `template publish` pushes."""
    repacked(release, lambda at: git("commit", "--quiet", "--allow-empty", "--message=x", at=at, env=IDENTITY))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (moved_tag, "v1.0.0: templates: 040000 tree"),
        (moved_tag, "v1.0.0: templates: M project/.editorconfig"),
        (lost_tag, "v1.0.0: in the wheel, but no tag"),
        (new_tag, "v1.2.0: a tag, but not in the wheel"),
        (other_version, f"{TAG}: the version of the wheel is no tag"),
        (other_pins, f"{TAG}: pins.yml, which the wheel has beside the bundle, is not that of the tag"),
        (changed_file, "v1.1.0: templates: M project/.python-version.jinja"),
        (executable_file, "v1.1.0: copier.yml: 100755 blob"),
        (other_branch, "a commit in the wheel that no tag names"),
    ],
)
def test_another_template_is_named(release: Release, tamper: Callable[[Release], None], message: str) -> None:
    """Whatever differs between the wheel and the tags ends the release, with what differs."""
    tamper(release)
    done = release.script("compare_template.py", release.wheel, release.checkout)
    assert done.returncode == 1
    assert message in done.stderr


# ---- what runs --------------------------------------------------------------------------------------------------


def locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and digests of each package in a lock of this project."""
    blocks = re.findall(r"^([\w.-]+)==(\S+)((?:.*\\\n)*.*)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    return {package: (version, frozenset(re.findall(r"sha256:(\w+)", rest))) for package, version, rest in blocks}


def needed(name: str = "new-ops-project") -> set[str]:
    """The packages that are installed here and needed to run one, directly or indirectly."""
    requirements = [Requirement(text) for text in metadata.requires(name) or ()]
    direct = [item.name for item in requirements if item.marker is None or item.marker.evaluate({"extra": ""})]
    return {canonicalize_name(name), *(package for item in direct for package in needed(item))}


def test_the_lock_has_what_runs() -> None:
    """requirements.txt is what the tool needs and nothing else, pinned as for development."""
    lock = locked("requirements.txt")
    assert lock.keys() == needed() - {"new-ops-project"}
    assert lock.items() <= locked("requirements-dev.txt").items()
    assert all(digests for _, digests in lock.values())


@pytest.mark.slow
def test_the_sbom_is_the_lock(original: Release) -> None:
    """It follows CycloneDX 1.6 and has every locked package with its version and digests, and the wheel itself."""
    done = original.script("sbom.py", original.wheel)
    assert done.returncode == 0, done.stderr
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(done.stdout) is None
    bom = json.loads(done.stdout)
    listed = {
        item["name"]: (item["version"], frozenset(digest["content"] for digest in digests(item)))
        for item in bom["components"]
    }
    assert listed == locked("requirements.txt")
    assert (bom["metadata"]["component"]["name"], bom["metadata"]["component"]["version"]) == (
        "new-ops-project",
        __version__,
    )
    assert len(bom["dependencies"][0]["dependsOn"]) == 17


def digests(component: dict[str, Any]) -> list[dict[str, str]]:
    """The hashes of every file of a component."""
    return [digest for reference in component["externalReferences"] for digest in reference["hashes"]]
