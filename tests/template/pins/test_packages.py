"""`template pins` with bounds of packages: against an index on loopback, once against the real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.command import ROOT, Run
from support.package_index import Index, serve
from support.servers import git_daemon
from support.upstreams import Template, ago, changed, template

from new_ops_project.template.pins import uv

PACKAGES = ("--only", "tools,locks")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with tenacity 9.0 and build 1.2, which needs hooks, for uv."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    index = Index(folder)
    index.add("tenacity", "9.0")
    index.add("build", "1.2", requires=("hooks",))
    index.add("hooks", "1.0")
    with serve(index) as url:
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        monkeypatch.setenv("UV_NO_CACHE", "1")
        yield index


@pytest.fixture
def checkout(work: Path, tmp_path: Path) -> Template:
    """A template without locks, in the current folder."""
    return template(work, tmp_path / "upstream")


@pytest.fixture
def locked(run: Run, checkout: Template, index: Index) -> Template:
    """The same template with its locks written."""
    run("template", "pins", *PACKAGES, "--write")
    return checkout


def locks(checkout: Template) -> dict[str, str]:
    """The locked versions."""
    read = yaml.safe_load((checkout.folder / "templates" / "locks.yml").read_text())
    return {name: row["version"] for name, row in read["locks"]["default"]["packages"].items()}


def pins(run: Run, *args: str, code: int = 0) -> dict[str, dict[str, str]]:
    """The pins of packages that are not current, by kind and name."""
    rows = run("template", "pins", *PACKAGES, *args, "--json", code=code).json["pins"]
    return {f"{each['kind']} {each['name']}": each for each in rows if each["state"] != "current"}


def test_locks_are_one_resolution(run: Run, locked: Template) -> None:
    """All requirements are locked with hashes; then nothing is behind."""
    assert locks(locked) == {"build": "1.2", "hooks": "1.0", "tenacity": "9.0"}
    assert pins(run, "--check") == {}


def test_newer_package_is_behind(run: Run, locked: Template, index: Index) -> None:
    """A newer version, a new requirement and a dropped one are each reported; --write locks a consistent set."""
    index.add("build", "1.3", days=20, requires=("pyproject",))
    index.add("pyproject", "2.0")
    outdated = pins(run, "--check", code=1)
    assert [(row["name"], row["current"], row["newest"], row["reason"]) for row in outdated.values()] == [
        ("build", "1.2", "1.3", ""),
        ("hooks", "1.0", "", "no longer needed"),
        ("pyproject", "", "2.0", "needed now"),
    ]
    assert outdated["locks build"]["date"] == ago(20)
    ran = run("template", "pins", *PACKAGES, "--write")
    assert "(1 hashes)" in ran.out
    assert locks(locked) == {"build": "1.3", "pyproject": "2.0", "tenacity": "9.0"}


def test_young_package_is_held(run: Run, locked: Template, index: Index) -> None:
    """A version of yesterday is held with its date, and one that is older is taken."""
    index.add("build", "1.3", days=20, requires=("hooks",))
    index.add("build", "1.4", days=1, requires=("hooks",))
    index.add("tenacity", "9.1", days=2)
    outdated = pins(run, "--write")
    assert outdated["locks build"]["reason"] == f"1.4 of {ago(1)} is too young"
    assert outdated["locks build"]["date"] == ago(20)
    assert (outdated["locks tenacity"]["state"], outdated["locks tenacity"]["newest"]) == ("held", "9.1")
    assert outdated["locks tenacity"]["date"] == ago(2)
    assert locks(locked) == {"build": "1.3", "hooks": "1.0", "tenacity": "9.0"}


def test_what_is_locked_never_goes_back_for_its_age(run: Run, locked: Template, index: Index) -> None:
    """A young version that was locked with --min-age 0 stays, and a still younger one is not taken for it."""
    index.add("tenacity", "9.1", days=2)
    run("template", "pins", *PACKAGES, "--write", "--min-age", "0")
    assert pins(run, "--check") == {}
    index.add("tenacity", "9.2", days=1)
    assert pins(run, "--check")["locks tenacity"]["state"] == "held"
    assert locks(locked)["tenacity"] == "9.1"


def test_index_without_dates(run: Run, locked: Template, index: Index) -> None:
    """From an index without dates, the newest version is taken, and the reason says so."""
    index.ages.update(dict.fromkeys(index.ages))
    index.add("tenacity", "9.1", days=None)
    outdated = pins(run, "--check", code=1)["locks tenacity"]
    assert (outdated["newest"], outdated["reason"]) == ("9.1", "its date is unknown")


def test_bound_of_a_tool_follows_the_major_version(run: Run, locked: Template, index: Index) -> None:
    """The bound of a tool follows the locked major version; that of a dependency stays."""
    before = locked.text
    index.add("build", "2.3.4", requires=("hooks",))
    index.add("tenacity", "10.0")
    outdated = pins(run, "--write")
    assert [name for name in outdated if name.startswith("tools")] == ["tools build"]
    assert (outdated["tools build"]["current"], outdated["tools build"]["newest"]) == (">=1.2", "2.3.4")
    assert changed(before, locked.text) == [("build: {at_least: '1.2'}", "build: {at_least: '2.3'}")]
    assert pins(run, "--check") == {}


@pytest.mark.parametrize("kind", ["locks", "tools"])
def test_package_that_cannot_be_had_is_named(run: Run, checkout: Template, index: Index, kind: str) -> None:
    """A bound above every version is reported with the name of its package, and nothing is written."""
    checkout.write(checkout.text.replace("{at_least: '8.0'}", "{at_least: '99'}"))
    ran = run("template", "pins", "--only", kind, "--write", "--json", code=2)
    failed = [each for each in ran.json["pins"] if each["state"] == "failed"]
    assert [(each["kind"], each["name"], each["current"]) for each in failed] == [(kind, "tenacity", ">=99")]
    assert "tenacity" in failed[0]["reason"]
    assert "Lower its bound" in failed[0]["remedy"]
    assert not (checkout.folder / "templates" / "locks.yml").exists()


def test_index_that_is_gone_is_one_failure(run: Run, checkout: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is reported once, not for each package."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    outdated = pins(run, "--write", code=2)
    assert [*outdated] == ["locks the package index"]
    assert "Connection refused" in outdated["locks the package index"]["reason"]


def test_modules_of_another_system_are_kept(run: Run, locked: Template, index: Index) -> None:
    """A package that cannot be installed here keeps the modules in the lock, so that machines agree."""
    index.add("wmi", "1.0")
    index.add("build", "1.3", requires=("hooks", "wmi; sys_platform == 'win32'"))
    run("template", "pins", *PACKAGES, "--write")
    file = locked.folder / "templates" / "locks.yml"
    file.write_text(file.read_text().replace("modules: wmi", "modules: _wmi win"))
    assert "modules: _wmi win" in file.read_text()
    assert pins(run, "--check") == {}


def test_lock_that_somebody_edited_is_behind(run: Run, locked: Template) -> None:
    """A lock with the same content in another format is written again."""
    file = locked.folder / "templates" / "locks.yml"
    written = file.read_bytes()
    file.write_bytes(written + b"# mine\n")
    assert pins(run, "--check", code=1)["locks locks.yml"]["reason"] == "differs from what this command writes"
    run("template", "pins", *PACKAGES, "--write")
    assert file.read_bytes() == written


def test_lowest_python_goes_with_its_end(run: Run, locked: Template) -> None:
    """When support of the lowest Python has ended, the same run locks for the next one."""
    locked.write(locked.text.replace("2028-10", "2026-01"))
    with git_daemon(locked.upstream.root) as url:
        ran = run("template", "pins", "--actions-url", url, "--write", "--json")
    assert {"python 3.12", "locks python"} == {
        f"{each['kind']} {each['name']}" for each in ran.json["pins"] if each["state"] == "behind"
    }
    assert "python: '>=3.13'" in (locked.folder / "templates" / "locks.yml").read_text()


def test_pip_index_is_used_where_uv_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index-url of pip's environment or file is used, unless uv has its own."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://pypi.example.org/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    uv.pip_index.cache_clear()
    assert uv.index() == {"UV_DEFAULT_INDEX": "https://pypi.example.org/simple"}
    settings = tmp_path / "uv.toml"
    settings.write_text('[[index]]\nurl = "https://uv.example.org/simple"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(settings))
    uv.pip_index.cache_clear()
    assert uv.index() == {}


@pytest.mark.slow
def test_whole_template_against_the_real_index(
    run: Run, checkout: Template, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One run writes both files, and a second run finds them current."""
    checkout.write(checkout.text.replace("3.12.9", "3.12.1"))
    with git_daemon(checkout.upstream.root) as url:
        ran = run("template", "pins", "--actions-url", url, "--write")
        assert "--- a/templates/pins.yml" in ran.out
        assert "+++ b/templates/locks.yml" in ran.out
        assert run("template", "pins", "--actions-url", url, "--check", "--json").json["state"] == "current"
    head = (ROOT / "templates" / "locks.yml").read_text().split("    python:")[0]
    assert (checkout.folder / "templates" / "locks.yml").read_text().startswith(head)
    assert {"build", "tenacity", "packaging", "pyproject-hooks"} <= locks(checkout).keys()
