"""Several updates at the same time."""

import time
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest
from support import forks
from support.command import git, tree
from support.servers import git_daemon
from support.small_template import PLAIN, TINY, SampleFile, copied, project, release, template

from new_ops_project.base.errors import Exit


@pytest.fixture
def original(shared: Path, tmp_path: Path) -> Path:
    """A new project of the first version of a template that is a folder."""
    kept = shared / "parallel" / "audit"
    if not kept.exists():
        project(str(template(shared / "parallel" / "template", TINY)), "v1.0.0", kept)
    return copied(kept, tmp_path / "audit")


@pytest.fixture
def updated(shared: Path, original: Path) -> dict[str, bytes]:
    """What it holds when nobody else is at work."""
    kept = shared / "parallel" / "updated"
    if not kept.exists():
        finish([start(copied(original, kept))])
    return tree(kept)


def start(folder: Path, *args: str, stop: forks.Stop | None = None) -> forks.Forked:
    """Start an update in a process of its own."""
    return forks.start("update", folder, *args, log=folder.with_name(f"{folder.name}.log"), stop=stop)


def finish(started: list[forks.Forked]) -> list[int]:
    """Wait for all of them and return their exit codes; none may say that there is a bug."""
    codes = [process.wait() for process in started]
    assert not [process.output for process in started if "Traceback" in process.output]
    return codes


@pytest.mark.slow
def test_twelve_repositories_ten_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve updates of twelve repositories from one remote template: none fails, with no cache yet or with news."""
    served = template(tmp_path / "served" / "template", TINY)
    with git_daemon(served.parent) as url:
        original = project(f"{url}/template", "v1.0.0", tmp_path / "audit")
        for number in range(10):
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache {number // 2}"))
            release(served, f"v1.2.{number}", {"number.txt": SampleFile(PLAIN, f"{number}\n".encode())})
            projects = [copied(original, tmp_path / str(number) / str(at)) for at in range(12)]
            started = [start(folder) for folder in projects]
            assert finish(started) == [Exit.DONE] * 12, [child.output for child in started]
            assert {(folder / "number.txt").read_text() for folder in projects} == {f"{number}\n"}


def test_one_repository_twice(original: Path, updated: dict[str, bytes]) -> None:
    """While a run is at work in a repository, another one is refused and says so; the first one ends well."""
    first = start(original, stop=forks.Stop(SIGSTOP, 20, original))
    while not first.is_stopped:
        time.sleep(0.01)
    before = tree(original)
    second = start(original)
    assert finish([second]) == [Exit.FAILED]
    assert "Another run is at work" in second.output
    assert tree(original) == before
    first.send(SIGCONT)
    assert finish([first]) == [Exit.DONE]
    assert tree(original) == updated


@pytest.mark.slow
def test_one_repository_at_the_same_time(original: Path, updated: dict[str, bytes]) -> None:
    """Of four runs that begin at once in one repository one does it; the others are refused, or say that it waits."""
    for number in range(5):
        copy = copied(original, original.with_name(str(number)))
        started = [start(copy, *args) for args in ([], ["--commit"], ["--in-place"], [])]
        codes = finish(started)
        assert set(codes) <= {Exit.DONE, Exit.FAILED}
        assert Exit.DONE in codes
        assert tree(copy) == updated


def test_branches_at_the_same_time(original: Path) -> None:
    """Several runs that write the same branch leave one commit on it, and at least one of them succeeds."""
    started = [start(original, "--branch") for _ in range(4)]
    codes = finish(started)
    assert Exit.DONE in codes
    assert set(codes) <= {Exit.DONE, Exit.FAILED}
    assert git("rev-list", "--count", "trunk..template/v1.1.0", at=original) == "1"
    assert git("status", "--porcelain", at=original) == ""


@pytest.mark.slow
def test_worktrees_at_the_same_time(original: Path, updated: dict[str, bytes]) -> None:
    """Linked worktrees of one repository are updated while the main one is."""
    for number in range(5):
        copy = copied(original, original.with_name(str(number)))
        linked = [copy.with_name(f"{number} {name}") for name in ("left", "right")]
        for folder in linked:
            git("worktree", "add", "--quiet", "-b", folder.name.replace(" ", "-"), str(folder), at=copy)
        started = [start(folder) for folder in (copy, *linked)]
        assert finish(started) == [Exit.DONE] * 3, [child.output for child in started]
        for folder in (copy, *linked):
            assert {path: text for path, text in tree(folder).items() if path != ".git"} == updated
