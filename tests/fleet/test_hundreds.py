"""Two hundred clones, some that hang, are damaged or locked, in a run that is killed: each comes to what `update` does.

`test_rollout` has the faults of servers, workers and disks.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.command import Run, git, tree
from support.fleets import results
from support.servers import silent
from support.small import CLASH, MINE, everything

from new_ops_project.git import journal

COUNT = 200
KINDS = ("merges", "current", "clashes", "current", "keeps", "current")
FLEET = (sys.executable, "-m", "new_ops_project", "fleet")
SECONDS = "10"  # far more than one takes, whatever else the machine does
# Stands before the real git. In the second run, it never ends in one clone while it is read, and in another while it
# is updated.
SHIM = """#!/bin/sh
test -e {second} && case "$PWD $*" in
*/repo-{reading}" "*" status "*|*bundle*repo-{writing}*) exec sleep 1000 ;;
esac
exec '{git}' "$@"
"""


def clone_of(number: int) -> str:
    """The name of a clone."""
    return f"repo-{number:03}"


def _pack(folder: Path) -> None:
    for pack in (folder / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:100])


def _blob(folder: Path) -> None:
    """One object is missing: the file that both sides changed."""
    blob = git("rev-parse", "HEAD:task.py", at=folder)
    packs = [path.rename(folder / path.name) for path in (folder / ".git" / "objects" / "pack").iterdir()]
    for pack in packs:
        if pack.suffix == ".pack":
            subprocess.run(["git", "unpack-objects", "-q"], cwd=folder, input=pack.read_bytes(), check=True)
        pack.unlink()
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def _written(path: str, content: bytes) -> Callable[[Path], None]:
    """Write something into a file of the clone's .git."""

    def write(folder: Path) -> None:
        (folder / ".git" / path).write_bytes(content)

    return write


def _nothing(_folder: Path) -> None:
    pass


def _pipe(folder: Path) -> None:
    (folder / ".gitignore").unlink()
    os.mkfifo(folder / ".gitignore")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "pack": (_pack, "git cannot read it: "),
    "blob": (_blob, "unable to read blob object"),
    "HEAD": (_written("HEAD", b"\0garbage\n"), "git cannot read it: not a git repository"),
    "no HEAD": (lambda folder: (folder / ".git" / "HEAD").unlink(), "git cannot read it: not a git repository"),
    "lost commit": (_written("refs/heads/trunk", b"1" * 40 + b"\n"), "git cannot read it: "),
    "index": (_written("index", b"DIRC garbage"), "git cannot read it: "),
    "config": (_written("config", b"[core\n"), "git cannot read it: bad config line 1"),
    "no objects": (lambda folder: shutil.rmtree(folder / ".git" / "objects"), "not a git repository"),
    "pipe": (_pipe, ".gitignore"),
    "reading": (_nothing, f"It took longer than {SECONDS} seconds."),
    "writing": (_nothing, f"It took longer than {SECONDS} seconds."),
}
LOCKS = {"index.lock": _written("index.lock", b""), "our lock": _nothing}
NUMBERS = {trouble: len(KINDS) * at for at, trouble in enumerate([*DAMAGES, *LOCKS], 10)}  # all of them would merge


@pytest.fixture
def seeds(tmp_path: Path) -> dict[str, Path]:
    """A project of each kind: one that merges, two in conflict, one that is up to date."""
    template = fleets.template(tmp_path / "template")
    edits = {"merges": {"task.py": MINE}, "clashes": {"task.py": CLASH}, "keeps": {"old.md": "Old.\nMine.\n"}}
    current = fleets.clone(tmp_path / "seeds" / "current", template, tag="v1.1.0")
    return {**fleets.clones(tmp_path / "seeds", template, edits), "current": current}


@pytest.fixture
def hundreds(seeds: dict[str, Path], work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The clones, below a repository that is none of them, with the troubles; and a git that hangs in two of them."""
    git("init", "--quiet", at=work)
    git("commit", "--quiet", "--allow-empty", "--message=above", at=work)
    for number in range(COUNT):
        shutil.copytree(seeds[KINDS[number % len(KINDS)]], work / "clones" / clone_of(number))
    for trouble, number in NUMBERS.items():
        deed = {**{name: deed for name, (deed, _) in DAMAGES.items()}, **LOCKS}[trouble]
        deed(work / "clones" / clone_of(number))
    shim = tmp_path / "shim" / "git"
    shim.parent.mkdir()
    hung = {name: f"{NUMBERS[name]:03}" for name in ("reading", "writing")}
    shim.write_text(SHIM.format(git=shutil.which("git"), second=tmp_path / "second", **hung))
    shim.chmod(0o755)
    with monkeypatch.context() as patch, ExitStack() as servers:
        patch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
        servers.enter_context(journal.locked(work / "clones" / clone_of(NUMBERS["our lock"]) / ".git"))
        mute = servers.enter_context(silent("http"))
        (work / "repos.txt").write_text(f"clones/{clone_of(0)}\n{mute}/ops/mute\n")
        yield work / "clones"


@pytest.mark.slow
def test_a_killed_run_of_hundreds(hundreds: Path, seeds: dict[str, Path], run: Run, work: Path, tmp_path: Path) -> None:
    """Each trouble is one row with its reason, nothing known is lost, and every other result is that of `update`."""
    before = {name: everything(hundreds / name) for name in map(clone_of, range(12))}
    command = (*FLEET, "update", "clones", "repos.txt", "--out", "out", "--jobs", "2", "--timeout", SECONDS, "--force")
    child = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = work / "out" / "results-1-of-1.jsonl"
    while not file.is_file() or file.read_bytes().count(b"\n") < 20:
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    known = {name: result for name, result in results(work / "out").items() if result["state"] != "failed"}
    assert known

    (tmp_path / "second").touch()
    ran = run(*command[3:], "--json", code=2)
    assert "Traceback" not in ran.err
    rows: dict[str, dict[str, Any]] = {row["name"].rpartition("/")[2]: row for row in ran.json["repositories"]}
    assert len(ran.json["repositories"]) == len(rows) == COUNT + 1
    assert rows.keys() == {*map(clone_of, range(COUNT)), "mute"}
    assert "no answer within" in rows.pop("mute")["reason"]
    troubles = {trouble: rows.pop(clone_of(NUMBERS[trouble])) for trouble in DAMAGES}
    for trouble, row in troubles.items():
        assert (row["state"], DAMAGES[trouble][1] in row["reason"], bool(row["hint"])) == ("failed", True, True), row
    after = results(work / "out")
    assert {name: {**after[name], "plan": result["plan"]} for name, result in known.items()} == known
    assert {name: everything(hundreds / name) for name in before} == before
    for trouble in DAMAGES.keys() - {"reading", "writing"}:
        run("update", str(hundreds / clone_of(NUMBERS[trouble])), "--branch", code=2)

    for kind in set(KINDS):
        same = [row for name, row in rows.items() if KINDS[int(name[-3:]) % len(KINDS)] == kind]
        assert len(same) >= COUNT // len(KINDS) - len(DAMAGES)
        assert len({(row["state"], row.get("tree"), row.get("target")) for row in same}) == 1
        _assert_like_update(run, seeds[kind], same[0], work / "out", tmp_path / "copies" / kind)


def _assert_like_update(run: Run, seed: Path, row: dict[str, Any], out: Path, copy: Path) -> None:
    """A clone's result is what `update` makes of the same clone: its files, its branch, its message, its exit code."""
    code = {"updated": 0, "current": 0, "conflict": 3}[row["state"]]
    if row["state"] == "current":
        run("update", str(seed), "--branch", code=code)
        assert not git("branch", "--list", "template/*", at=seed)
        return
    fleets.unbundled(out, row, seed, copy)
    run("update", str(seed), code=code)
    assert tree(seed) == fleets.files_of(copy, "template")
    if row["state"] == "updated":
        run("update", str(seed), "--abort")
        run("update", str(seed), "--branch")
        assert _commit(seed, row["target"]) == _commit(copy, "template")


def _commit(repository: Path, branch: str) -> list[str]:
    """The tree, the parents and the subject of a commit."""
    return git("log", "-1", "--format=%T%n%P%n%s", branch, at=repository).splitlines()
