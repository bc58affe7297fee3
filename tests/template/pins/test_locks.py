"""The lock of the template, on which every installation of a project relies."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from packaging.markers import Marker
from packaging.version import Version
from support.command import Run
from support.packages import CLOSURES, DIRECT, LOCKS, PACKAGES, PINS, TEMPLATES

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.requirements import pep508
from new_ops_project.template.pins import locks_yml, resolution, uv

HASHES = " --hash=sha256:" + "b" * 64 + " \\\n    --hash=sha256:" + "a" * 64
SMALL_PINS = """\
pins:
  default:
    python: {versions: {"3.11": {}, "3.12": {}}}
    dependencies: {}
    tools: {build: {at_least: "1.2"}}
"""


# ---- templates/locks.yml ----------------------------------------------------------------------------------------


def test_closures_are_of_the_pinned_names() -> None:
    """Each dependency and tool of pins.yml has a closure, and nothing else has."""
    assert CLOSURES.keys() == DIRECT.keys()


def test_stubs_have_a_closure() -> None:
    """The type stubs of a dependency are locked too."""
    assert {at["stubs"] for at in DIRECT.values() if "stubs" in at} <= CLOSURES.keys()


def test_closures_hold_what_packages_has() -> None:
    """All closures together are exactly the packages, so no selection misses one and none is left over."""
    assert set().union(*CLOSURES.values()) == PACKAGES.keys()


@pytest.mark.parametrize("name", CLOSURES)
def test_closure_is_whole(name: str) -> None:
    """A closure has its own name on every platform, and the closures of its members; pip can parse each marker."""
    assert CLOSURES[name][name] == ""
    for member in CLOSURES[name].keys() & CLOSURES.keys():
        assert CLOSURES[member].keys() <= CLOSURES[name].keys()
    for marker in filter(None, CLOSURES[name].values()):
        Marker(marker)


@pytest.mark.parametrize("name", DIRECT)
def test_version_satisfies_its_bound(name: str) -> None:
    """The locked version is one that the generated pyproject.toml accepts."""
    assert Version(PACKAGES[name]["version"]) >= Version(DIRECT[name]["at_least"])


def test_python_is_the_lowest_that_is_offered() -> None:
    """The resolution holds for every Python that the template offers."""
    assert LOCKS["python"] == ">=" + min(PINS["python"]["versions"], key=Version)


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_well_formed(name: str) -> None:
    """Name, version, modules and hashes are valid for pip and the import system; hashes are sorted and unique."""
    package = PACKAGES[name]
    hashes = package["hashes"].splitlines()
    assert name == pep508.canonical_name(name)
    assert str(Version(package["version"])) == package["version"]
    assert all(module.isidentifier() for module in package["modules"].split())
    assert hashes
    assert hashes == sorted(set(hashes))
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize(("name", "modules"), [("pytest", "_pytest py pytest"), ("pyyaml", "_yaml yaml")])
def test_modules_are_the_names_that_import_finds(name: str, modules: str) -> None:
    """A package takes all its top-level names, also private ones and those that differ from its own."""
    assert PACKAGES[name]["modules"] == modules


def test_file_is_what_the_tool_writes() -> None:
    """The file is exactly what the tool writes, so nobody has edited it."""
    text = (TEMPLATES / "locks.yml").read_bytes().decode()
    assert locks_yml.render(locks_yml.parse(text)) == text


def test_file_names_no_index() -> None:
    """The lock names no index: the user who installs chooses one."""
    assert "://" not in (TEMPLATES / "locks.yml").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("names", [("pyyaml", "tenacity"), ("build", "jinja2")])
def test_selection_downloads_with_its_hashes(names: tuple[str, ...], tmp_path: Path) -> None:
    """Pip gets every wheel of a selection from the lock alone, and the hashes are true."""
    members = {member: marker for name in names for member, marker in CLOSURES[name].items()}
    wanted = (
        uv.HashedRequirement(name, PACKAGES[name]["version"], marker, tuple(PACKAGES[name]["hashes"].split()))
        for name, marker in sorted(members.items())
    )
    (tmp_path / "requirements.txt").write_text("".join(uv.requirement_lines(wanted)), encoding="utf-8")
    options = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--quiet", "--dest", str(tmp_path))
    command = (sys.executable, "-m", "pip", "download", *options, "--requirement", str(tmp_path / "requirements.txt"))
    subprocess.run(command, check=True)
    got = {pep508.canonical_name(wheel.name.split("-")[0]) for wheel in tmp_path.glob("*.whl")}
    assert got == {member for member, marker in members.items() if not marker or Marker(marker).evaluate()}


# ---- a fresh resolution -----------------------------------------------------------------------------------------


@pytest.fixture
def templates(work: Path) -> Path:
    """A folder with a small pins.yml, in a template that is the current folder."""
    folder = work / "templates"
    folder.mkdir()
    (folder / "pins.yml").write_text(SMALL_PINS, encoding="utf-8")
    return folder


def pretend_uv(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a few lines of Python stand in for uv, and so for the network."""
    monkeypatch.setattr(uv, "command", lambda: (sys.executable, "-c", program))


def test_parse_reads_markers_and_hashes() -> None:
    """The name is normalized, the marker is kept, the hashes are sorted."""
    line = f"Typing_Extensions==4.1 ; python_full_version < '3.12' \\\n   {HASHES}\n"
    expected = ("sha256:" + "a" * 64, "sha256:" + "b" * 64)
    name = "typing-extensions"
    assert uv.parse(line) == {name: uv.HashedRequirement(name, "4.1", "python_full_version < '3.12'", expected)}


def test_parse_refuses_a_fork() -> None:
    """Two versions of one package are an error that names both."""
    with pytest.raises(ToolError, match=r"^six needs two versions, 1\.0 and 2\.0") as raised:
        uv.parse("six==1.0 ; os_name == 'nt'\nsix==2.0 ; os_name != 'nt'\n")
    assert "Change a bound in pins.yml" in raised.value.hint


def test_parse_refuses_what_it_does_not_know() -> None:
    """A line without an exact version is an error, not a guess."""
    with pytest.raises(ToolError, match="cannot parse, '--index-url"):
        uv.parse("--index-url https://example.org/simple\n")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("_pytest/config/__init__.py", "_pytest"),
        ("six.py", "six"),
        ("_cffi.cpython-311-x86_64-linux-gnu.so", "_cffi"),
        ("_cffi.cp311-win_amd64.pyd", "_cffi"),
        ("a1b2__mypyc.cpython-311-x86_64-linux-gnu.so", ""),
        ("six-1.0.dist-info/METADATA", ""),
        ("distutils-precedence.pth", ""),
    ],
)
def test_module_name(path: str, name: str) -> None:
    """Code has the name that `import` uses, the same on each platform; data and metadata have none."""
    assert resolution.module_name(PurePosixPath(path)) == name


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "warning: old\nerror: No solution\n  cause: no foo\n  cause: refused\nhint: x",
            "No solution: no foo: refused",
        ),
        (
            "  × No solution:\n  ╰─▶ Because there is no foo\n      you lose.",
            "No solution: Because there is no foo you lose.",
        ),
        ("", "no reason given"),
    ],
)
def test_reason_of_uv_is_one_line(stderr: str, reason: str) -> None:
    """The error with its causes, in the form of newer and of older releases of uv."""
    assert uv.reason(stderr) == reason


def test_failing_uv_is_a_source_that_failed(run: Run, templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index the exit code is 2, uv's reason is shown, and the file stays as it was."""
    pretend_uv(monkeypatch, "import sys; sys.exit('error: index unreachable')")
    (templates / "locks.yml").write_text(locks_yml.render(locks_yml.Locks()), encoding="utf-8")
    before = (templates / "locks.yml").read_bytes()
    ran = run("template", "pins", "--only", "locks", "--write", code=2)
    assert "failed  the package index: `uv pip compile`: index unreachable\n    Check pins.yml, and that uv" in ran.out
    assert (templates / "locks.yml").read_bytes() == before


@pytest.mark.usefixtures("templates")
def test_missing_uv_is_a_source_that_failed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv the exit code is 2 and the message says how to get it."""
    monkeypatch.setattr(uv, "find_spec", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("new_ops_project.git.require_on_path", lambda: None)
    ran = run("template", "pins", "--only", "tools", code=2)
    assert "the package index: uv was not found.\n    Run `python -m pip install uv`" in ran.out


@pytest.mark.parametrize(
    ("name", "text", "phrases"),
    [
        ("pins.yml", "pins: {}\n", ["(KeyError: 'default')."]),
        ("locks.yml", "old\n", ["(TypeError", "delete it, then run this again"]),
    ],
)
def test_an_unreadable_file_is_a_sentence(run: Run, templates: Path, name: str, text: str, phrases: list[str]) -> None:
    """An incomplete pins.yml and a damaged locks.yml are named, and how to get a new lock."""
    (templates / name).write_text(text, encoding="utf-8")
    errors = run("template", "pins", "--only", "locks", code=2).err
    assert f"{templates / name} is not as expected {phrases[0]}" in errors
    assert all(words in errors for words in phrases)


@pytest.mark.slow
def test_locks_are_repeatable(run: Run, templates: Path) -> None:
    """The check sees a missing file and writes nothing; a run writes it; a second one has nothing to do."""
    command = ("template", "pins", "--only", "locks")
    assert run(*command, "--check", "--json", code=1).json["state"] == "behind"
    assert not (templates / "locks.yml").exists()
    assert "+      build: {build: ''" in run(*command, "--write").out
    written = (templates / "locks.yml").read_bytes()
    assert b"build: {build: '', colorama: os_name == 'nt', packaging: ''" in written
    assert run(*command, "--check", "--json").json["state"] == "current"
