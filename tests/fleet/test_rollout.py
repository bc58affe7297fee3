"""A rollout over hundreds of repositories with every kind of fault: nobody loses a line."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import fleet_world
from support.command import Ran, Run, git
from support.fleet_world import NEWEST, ServedRepository
from support.fleets import results
from support.servers import Busy, git_http

COUNT = int(os.environ.get("FLEET", "200"))
# Stands before the real git: a worker dies, and a disk is full, once each, under the repositories of these names.
SHIM = """#!/bin/sh
case "$*" in
*bundle*repo-{killed}*) if mkdir '{marks}/killed' 2>/dev/null; then kill -9 $PPID; fi ;;
*bundle*repo-{full}*) if mkdir '{marks}/full' 2>/dev/null; then
  echo 'fatal: write error: No space left on device' >&2; exit 128; fi ;;
esac
exec '{git}' "$@"
"""


def _number(at: int) -> str:
    """The number of a repository that is behind; they are spread over tiers and versions."""
    return f"{[number for number in range(COUNT) if number % 3 != 2][at]:03}"


UNREACHABLE, REFUSED, SLOW, NO_ANSWERS, MOVED, BRANCHED, KILLED, FULL = (_number(at) for at in range(8, 16))
DIRTY, DETACHED, CORRUPT, CLONED = (_number(at) for at in range(16, 20))


class World:
    """The served repositories, the list that names them, and the faults."""

    def __init__(self, root: Path, repositories: list[ServedRepository], url: str, busy: Busy) -> None:
        self.root, self.repositories, self.url, self.busy = root, repositories, url, busy
        self.by_number = {repository.name[-3:]: repository for repository in repositories}
        self.port = _closed_port()

    def path(self, number: str) -> Path:
        """The served repository."""
        return self.by_number[number].path

    def clone(self, number: str) -> Path:
        """The clone of it on this machine."""
        return self.root / "clones" / f"repo-{number}"

    def list(self) -> Path:
        """A list of all: four as clones, one at an address where no server answers."""
        lines = []
        for repository in self.repositories:
            number = repository.name[-3:]
            if number in {DIRTY, DETACHED, CORRUPT, CLONED}:
                lines.append(str(self.clone(number)))
            else:
                base = f"http://127.0.0.1:{self.port}" if number == UNREACHABLE else self.url
                lines.append(f"{base}/{repository.name}.git")
        file = self.root / "repos.txt"
        file.write_text("\n".join(lines) + "\n")
        return file


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def world(tmp_path: Path, work: Path, home: Path, run: Run) -> Iterator[World]:
    """The fleet, served with a password that git's credential store has."""
    source = fleet_world.template(tmp_path / "template")
    repositories = fleet_world.make(tmp_path / "served", COUNT, fleet_world.seeds(source, tmp_path / "seeds"), seed=6)
    busy = Busy(account="ada:s3cret")
    with git_http(tmp_path / "served", busy=busy) as url:
        served_world = World(work, repositories, url, busy)
        lines = [f"{base.replace('//', '//ada:s3cret@')}\n" for base in (url, f"http://127.0.0.1:{served_world.port}")]
        (home / ".git-credentials").write_text("".join(lines))
        git("config", "--global", "credential.helper", "store", at=work)
        yield served_world


def _break(world: World) -> None:
    """Cause every fault, except those between plan and update."""
    world.busy.closed = (f"/{world.by_number[REFUSED].name}.git",)
    world.busy.mute = (f"/{world.by_number[SLOW].name}.git",)
    git("symbolic-ref", "HEAD", "refs/heads/bare", at=world.path(NO_ANSWERS))
    tree = git("mktree", at=world.path(NO_ANSWERS))
    git(
        "update-ref",
        "refs/heads/bare",
        git("commit-tree", tree, "-m", "bare", at=world.path(NO_ANSWERS)),
        at=world.path(NO_ANSWERS),
    )
    (world.root / "clones").mkdir()
    for number in (DIRTY, DETACHED, CORRUPT, CLONED):
        git(
            "clone",
            "--quiet",
            f"{world.url}/{world.by_number[number].name}.git",
            str(world.clone(number)),
            at=world.root,
        )
    (world.clone(DIRTY) / "README.md").write_text("in the middle of something\n")
    git("checkout", "--quiet", "--detach", at=world.clone(DETACHED))
    for pack in (world.clone(CORRUPT) / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"")


def _push(repository: Path, branch: str) -> None:
    """Somebody pushes to a default branch, or uses the name of our branch."""
    commit = git("commit-tree", "trunk^{tree}", "-p", "trunk", "-m", "somebody's", at=repository)
    git("update-ref", f"refs/heads/{branch}", commit, at=repository)


@contextmanager
def _meddled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "shim"
    folder.mkdir()
    (folder / "git").write_text(SHIM.format(killed=KILLED, full=FULL, marks=folder, git=shutil.which("git")))
    (folder / "git").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.mark.slow
def test_hundreds_of_repositories(
    world: World, run: Run, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is one row with its reason and all others are done; a second run finishes the rest."""
    before = {repository.name: fleet_world.heads(repository.path) for repository in world.repositories}
    _break(world)
    run("fleet", "plan", str(world.list()), "--out", "plan.json", "--timeout", "8", code=2)
    _push(world.path(MOVED), "trunk")
    _push(world.path(BRANCHED), f"template/{NEWEST}")
    with _meddled(tmp_path, monkeypatch):
        run("fleet", "update", "--plan", "plan.json", "--out", "out", "--timeout", "30", "--jobs", "2", code=2)
    run(*PUBLISH, "--in", "out", code=2)
    rows = rows_of(run("fleet", "report", "out", "--json", code=2))
    assert len(rows) == COUNT
    wrong = {
        number: rows[number]
        for number, (state, reason) in EXPECTED.items()
        if (rows[number]["state"], reason in rows[number]["reason"]) != (state, True)
    }
    assert not wrong
    others = [row for number, row in rows.items() if number not in EXPECTED]
    assert {row["state"] for row in others} <= {"current", "updated", "conflict"}
    assert {row["delivery"] for row in others if row["state"] == "updated"} <= {"pushed", "held"}
    assert_nothing_lost(world, [work / "out"], before)

    _mend(world)
    with git_http(tmp_path / "served", busy=world.busy, port=world.port):  # where none answered
        run("fleet", "retry", "out", "--only", "failed,deferred", "--out", "again.json")
        run("fleet", "update", "--plan", "again.json", "--out", "out-2", code=3)
        run(*PUBLISH, "--in", "out-2", "--force", code=3)
    rows = rows_of(run("fleet", "report", "out", "out-2", "--json", code=3))
    states = {rows[number]["state"] for number in EXPECTED.keys() - {NO_ANSWERS, BRANCHED}}
    assert states <= {"updated", "conflict"}
    assert rows[BRANCHED]["delivery"] == "untouched"
    assert_nothing_lost(world, [work / "out", work / "out-2"], before)


PUBLISH = ("fleet", "publish", "--mode", "push", "--max-per-minute", "100000", "--max-per-hour", "100000")


def rows_of(ran: Ran) -> dict[str, dict[str, Any]]:
    """The rows of a report, by the number of the repository."""
    return {row["name"][-3:]: row for row in ran.json["repositories"]}


def _mend(world: World) -> None:
    """Undo every fault, except somebody's branch and the repository without a template."""
    world.busy.closed = world.busy.mute = ()
    git("checkout", "--quiet", "README.md", at=world.clone(DIRTY))
    git("switch", "--quiet", "trunk", at=world.clone(DETACHED))
    shutil.rmtree(world.clone(CORRUPT))
    git(
        "clone", "--quiet", f"{world.url}/{world.by_number[CORRUPT].name}.git", str(world.clone(CORRUPT)), at=world.root
    )


EXPECTED: dict[str, tuple[str, str]] = {
    UNREACHABLE: ("failed", "Failed to connect"),
    SLOW: ("failed", "no answer within 8 seconds"),
    NO_ANSWERS: ("deferred", "It was not generated from a template"),
    DIRTY: ("deferred", "uncommitted changes: README.md"),
    DETACHED: ("deferred", "HEAD is detached"),
    CORRUPT: ("failed", "git cannot read it"),
    MOVED: ("deferred", "trunk moved from"),
    KILLED: ("failed", "was killed (SIGKILL)"),
    FULL: ("failed", "No space left on device"),
    REFUSED: ("updated", "403"),
    BRANCHED: ("updated", "commits that this tool did not make"),
}


def assert_nothing_lost(world: World, outs: list[Path], before: dict[str, dict[str, str]]) -> None:
    """No branch except ours has moved, and each of our commits has every word that people wrote."""
    for repository in world.repositories:
        now = fleet_world.heads(repository.path)
        ours = {name for name in now if name.startswith("template/")}
        if repository.name[-3:] not in {NO_ANSWERS, MOVED}:
            assert {name: tip for name, tip in now.items() if name not in ours} == before[repository.name]
        assert all(fleet_world.words(repository.path, branch) >= repository.words for branch in ours), repository.name
    for out in outs:
        for result in (result for result in results(out).values() if result.get("commit")):
            repository = world.by_number[result["name"][-3:]]
            ref = f"refs/heads/{result['target']}:refs/check/{out.name}"
            git("fetch", "--quiet", "--force", str(out / result["bundle"]), ref, at=repository.path)
            assert fleet_world.words(repository.path, f"refs/check/{out.name}") >= repository.words, repository.name
