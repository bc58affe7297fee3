"""What somebody damaged in our caches is noticed, and made again; it never gets into a project."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import fleets
from support.command import Run, git, tree
from support.small import Small

from new_ops_project.git.tree import EXECUTABLE, LINK, Entry
from new_ops_project.template import releases, sources, unpacked

Damage = Callable[[Path], object]


def _removed(path: Path) -> Path:
    """A path where nothing is any more."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    return path


def _edit_in_place(file: Path) -> None:
    """Other content of the same size, with the time that the file had."""
    about = file.stat()
    file.write_bytes(bytes(reversed(file.read_bytes())))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


DAMAGE: dict[str, Damage] = {
    "a file is gone": lambda root: _removed(root / "task.py"),
    "a folder is gone": lambda root: _removed(root / "lib"),
    "all is gone": lambda root: _removed(root).mkdir(),
    "cut off": lambda root: (root / "task.py").write_text("line 0\n"),
    "empty": lambda root: (root / "task.py").write_text(""),
    "edited": lambda root: _edit_in_place(root / "task.py"),
    "another mode": lambda root: (root / "run.sh").chmod(0o644),
    "a file too many": lambda root: (root / "extra.py").write_text("x = 1\n"),
    "a link instead": lambda root: _removed(root / "task.py").symlink_to("/etc/hostname"),
    "a link elsewhere": lambda root: _removed(root / "link").symlink_to("task.py"),
    "a file instead of the folder": lambda root: _removed(root).write_text(""),
    "the record is gone": lambda root: root.with_name(f"{root.name}.digests").unlink(),
    "the record is nonsense": lambda root: root.with_name(f"{root.name}.digests").write_bytes(b"\xff\n"),
}


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The caches of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "cache" / "new-ops-project"


@pytest.fixture
def repository(caches: Path, tmp_path: Path) -> Path:
    """A template with files of all kinds."""
    entries = {"run.sh": Entry(EXECUTABLE, b"echo\n"), "link": Entry(LINK, b"lib/x.py")}
    return fleets.template(tmp_path / "template", old={**fleets.OLD, **entries})


def files(repository: Path) -> Path:
    """The folder with the files of the first version, as another run finds or makes it."""
    releases.clear_caches()
    root = releases.checkout(sources.find(str(repository)), "v1.0.0").root
    assert (root / "link").is_symlink()
    return root


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage(repository: Path, damage: Damage) -> None:
    """Each kind of damage is gone in the next run."""
    root = files(repository)
    before, mode = tree(root), (root / "run.sh").stat().st_mode
    damage(root)
    assert files(repository) == root
    assert (tree(root), (root / "run.sh").stat().st_mode) == (before, mode)
    assert (root / "link").readlink() == Path("lib/x.py")
    assert sorted(path.name for path in root.parent.iterdir() if path.suffix != ".lock") == [
        root.name,
        f"{root.name}.digests",
    ]


def test_what_is_intact_stays(repository: Path) -> None:
    """What is intact is not made again, although its times differ, or Python has compiled a file in it."""
    root = files(repository)
    number = root.stat().st_ino
    (root / "lib" / "__pycache__").mkdir()
    (root / "lib" / "__pycache__" / "x.pyc").write_text("")
    os.utime(root / "task.py")
    assert files(repository).stat().st_ino == number
    shutil.move(repository, repository.with_name("moved"))
    assert files(repository.with_name("moved")).stat().st_ino == number


def test_it_is_compared_by_attributes(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run reads no file of a checkout that nobody has touched; after a touch, one run does."""
    root, reads = files(repository), list[Path]()
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        reads.append(path)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    files(repository)
    assert root / "task.py" not in reads
    os.utime(root / "task.py")
    files(repository)
    files(repository)
    assert reads.count(root / "task.py") == 1


def test_a_read_only_cache(repository: Path, caches: Path) -> None:
    """An intact copy is used where nothing can be written."""
    root = files(repository)
    os.utime(root / "task.py")
    folders = [caches / "versions"]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert files(repository) == root
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_update_deletes_nothing(run: Run, repository: Path, caches: Path, work: Path) -> None:
    """A file that is missing in the cache is not deleted from the project."""
    project = fleets.clone(work / "project", repository)
    run("update", "project", "--preview")
    for root in (caches / "versions").glob("*/"):
        (root / "lib" / "x.py").unlink()
    releases.clear_caches()
    run("update", "project")
    assert (project / "lib" / "x.py").is_file()
    assert (project / "notes.md").is_file()


# ---- the embedded template ------------------------------------------------------------------------------------------

OF_EMBEDDED: dict[str, Damage] = {
    "no tags": lambda root: _removed(root / ".git" / "packed-refs") and _removed(root / ".git" / "refs" / "tags"),
    "no objects": lambda root: _removed(root / ".git" / "objects" / "pack"),
    "a pack is cut off": lambda root: _cut_off(next(root.glob(".git/objects/pack/*.pack"))),
    "no HEAD": lambda root: _removed(root / ".git" / "HEAD"),
    "no .git": lambda root: _removed(root / ".git"),
    "no file": lambda root: _removed(root / "copier.yml"),
    "a file is edited": lambda root: (root / "copier.yml").write_text("{}\n"),
    "a file instead": lambda root: _removed(root).write_text(""),
}


def _cut_off(file: Path) -> None:
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("damage", OF_EMBEDDED.values(), ids=OF_EMBEDDED)
def test_the_embedded_template(caches: Path, damage: Damage) -> None:
    """The unpacked template is repaired, whatever was damaged."""
    root = unpacked.repository()
    tags, copied = git("tag", at=root), (root / "copier.yml").read_text()
    damage(root)
    assert unpacked.repository() == root
    assert (git("tag", at=root), (root / "copier.yml").read_text()) == (tags, copied)
    assert git("status", "--porcelain", at=root) == ""
    git("fsck", at=root)


# ---- mirrors --------------------------------------------------------------------------------------------------------

OF_MIRRORS: dict[str, Damage] = {
    "no tags": lambda root: _removed(root / "packed-refs"),
    "no objects": lambda root: _removed(root / "objects").mkdir(),
    "no folder of objects": lambda root: _removed(root / "objects"),
    "a pack is cut off": lambda root: _cut_off(next(root.glob("objects/pack/*.pack"))),
    "no HEAD": lambda root: _removed(root / "HEAD"),
    "an empty folder": lambda root: _removed(root).mkdir(),
    "nonsense for references": lambda root: (root / "packed-refs").write_text("nonsense\n"),
    "a file instead": lambda root: _removed(root).write_text(""),
}


@pytest.fixture
def mirrored(repository: Path, work: Path) -> Small:
    """A project of a template that is read through a mirror, which an update has made."""
    git("clone", "--quiet", "--bare", str(repository), str(work / "template.git"), at=work)
    url = f"file://{work / 'template.git'}"
    return Small(work / "template.git", fleets.clone(work / "project", url))


@pytest.mark.parametrize("damage", OF_MIRRORS.values(), ids=OF_MIRRORS)
def test_a_mirror(run: Run, mirrored: Small, caches: Path, damage: Damage) -> None:
    """A damaged mirror is fetched anew; offline, the run says so, and changes nothing."""
    run("update", "project", "--check", code=1)
    (mirror,) = (caches / "mirrors").glob("*.git")
    damage(mirror)
    releases.clear_caches()
    offline = run("update", "project", "--offline", code=2)
    assert "without --offline" in offline.err
    releases.clear_caches()
    run("update", "project")
    assert (mirrored.project / "notes.md").is_file()
    assert [path.name for path in (caches / "mirrors").iterdir() if not path.name.endswith(".lock")] == [mirror.name]


def test_a_mirror_that_cannot_be_fetched(run: Run, mirrored: Small, caches: Path) -> None:
    """Where the template is out of reach too, the error says that, and the project stays."""
    run("update", "project", "--check", code=1)
    (mirror,) = (caches / "mirrors").glob("*.git")
    (mirror / "HEAD").unlink()
    mirrored.template.rename(mirrored.template.with_name("away"))
    releases.clear_caches()
    before = tree(mirrored.project)
    assert "cannot be reached" in run("update", "project", code=2).err
    assert tree(mirrored.project) == before


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_the_way_out_without_a_network(run: Run, mirrored: Small, *, is_mirrored: bool) -> None:
    """--offline is offered where there is a copy to use."""
    if is_mirrored:
        run("update", "project", "--check", code=1)
    mirrored.template.rename(mirrored.template.with_name("away"))
    releases.clear_caches()
    assert ("--offline" in run("update", "project", code=2).err) == is_mirrored


def test_a_template_that_is_damaged_itself(run: Run, repository: Path, work: Path) -> None:
    """A repository that is not ours is not touched; the error names the command that shows the damage."""
    fleets.clone(work / "project", repository)
    for folder in (repository / ".git" / "objects").iterdir():
        shutil.rmtree(folder)
    ran = run("update", "project", code=2)
    assert "fsck" in ran.err
    assert "Traceback" not in ran.err
