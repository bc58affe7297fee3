"""Little memory ends every verb with a sentence, and with nothing half written."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import fleets
from support.command import Ran, git, tree

from new_ops_project import __main__, cli
from new_ops_project.base import memory
from new_ops_project.git import journal

if sys.platform != "linux":
    pytest.skip("elsewhere, the system does not limit the addresses of a process", allow_module_level=True)

SIZES = (40, 60, 100, 200, 400)  # MB; with much less, Python itself does not start, or crashes
LINES = ("new fresh --defaults --no-commit", "update", "check --offline", "adopt --preview --yes", "fleet status .")
# With 200 MB, the linters have as much as they need or a little less, and Python itself crashes once in 700 runs.
RUNS = [(size, line) for size in SIZES for line in LINES if (size, line) != (200, "check --offline")]
SENTENCES = ("There is not enough memory.", "The system lets this run start no more threads.")


@pytest.fixture
def project(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project behind its template, which is the current folder."""
    folder = fleets.clone(work / "audit", fleets.template(tmp_path / "template"))
    monkeypatch.chdir(folder)
    return folder


def limited(line: str, size: int) -> Ran:
    """The run of a command line with so many MB of addresses."""
    command = f"ulimit -v {size * 1000}; exec {sys.executable} -m new_ops_project {line}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("size", "line"), RUNS)
def test_little_memory(project: Path, size: int, line: str) -> None:
    """There is no traceback; what was not done left nothing, and what was done is whole."""
    before, head = tree(project), git("rev-parse", "HEAD", at=project)
    ran = limited(line, size)
    assert "Traceback" not in ran.err, ran
    assert "This is a bug" not in ran.err, ran
    assert ran.code in {0, 1, 2}, ran
    if ran.code == 2:  # a child may lack it too, and says so in its own words
        assert ran.err.startswith("new-ops-project: ") or line.startswith("fleet"), ran
        assert tree(project) == before
        assert git("rev-parse", "HEAD", at=project) == head
        assert git("status", "--porcelain", at=project) == ""
        assert [*project.parent.iterdir()] == [project]
    elif line == "update":
        assert git("diff", "--cached", "--name-only", at=project).split() == [
            *(".copier-answers.yml", "notes.md", "old.md", "task.py")
        ]


@pytest.mark.parametrize("size", [40, 60])
def test_the_limit_is_felt(project: Path, size: int) -> None:
    """The sizes above are such that memory is lacking."""
    ran = limited("check --offline", size)
    assert (ran.code, project.exists()) == (2, True), ran
    assert any(f"new-ops-project: {sentence}\n" in ran.err for sentence in SENTENCES), ran


def test_a_worker(work: Path, tmp_path: Path) -> None:
    """A worker that lacks memory makes a failed row; the run has its results, and another run with more goes on."""
    clones = fleets.clones(work, fleets.template(tmp_path / "template"), {"one": {}, "two": {}})
    for size in (60, 80, 120):
        ran = limited("fleet update one two --jobs 1 --out out", size)
        assert "Traceback" not in ran.err, ran
        assert ran.code in {0, 1, 2}, ran
    assert limited("fleet update one two --jobs 1 --out out", 4000).code == 0
    assert {name: row["state"] for name, row in fleets.results(work / "out").items()} == dict.fromkeys(
        clones, "updated"
    )


ERRORS: Mapping[str, BaseException] = {
    "memory": MemoryError(),
    "an extension": ImportError("x.so: failed to map segment from shared object"),
    "the loader": ImportError("x.so: cannot allocate memory in static TLS block"),
    "the system": OSError(12, "Cannot allocate memory"),
    "a thread": RuntimeError("can't start new thread"),
    "the interpreter": SystemError("error return without exception set"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_how_it_shows(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """Each of its errors is told from a bug, also where another one follows from it."""

    def fail(*_: object, **__: object) -> None:
        try:
            raise ERRORS[name]
        finally:
            int("a consequence")

    left: list[int] = []
    monkeypatch.setattr(cli.cli, "main", fail)
    monkeypatch.setattr(os, "_exit", left.append)
    cli.run([])
    assert left == [2]
    err = capfd.readouterr().err
    assert any(f"new-ops-project: {sentence}\n{memory.HINT}\n" == err for sentence in SENTENCES)


@pytest.mark.parametrize("error", [KeyError("x"), ImportError("no module"), RuntimeError("x"), OSError(2, "x")])
def test_a_bug_stays_a_bug(error: Exception) -> None:
    """Other errors of the same classes are none of it."""
    assert memory.lack(error) == ""


def test_from_the_first_import_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """It is said even if what says it cannot be imported; a bug in an import is raised."""
    monkeypatch.setattr(sys, "argv", ["new-ops-project", "doctor"])
    monkeypatch.setitem(sys.modules, "new_ops_project.cli", None)
    monkeypatch.setattr(__main__, "_at_signals", lambda _: None)  # else this process would ignore them from then on
    with pytest.raises(ImportError):
        __main__.main()

    def lacking(_: object) -> str:
        raise MemoryError

    monkeypatch.setattr(memory, "lack", lacking)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 2
    assert capfd.readouterr().err == "new-ops-project: There is not enough memory.\n"


def test_in_the_middle_of_a_change(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put in place until then is taken back."""
    before = tree(project)
    calls = iter(range(2))

    def place(*args: object) -> None:
        if next(calls, None) is None:
            raise MemoryError
        original(*args)  # type: ignore[arg-type]

    original = journal._place  # noqa: SLF001 - a step between two files
    monkeypatch.setattr(journal, "_place", place)
    assert cli.run(["update"]) == 2
    assert tree(project) == before
    assert git("status", "--porcelain", at=project) == ""
