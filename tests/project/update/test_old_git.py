"""Updates with a git that lacks `git merge-tree --write-tree`."""

import os
import subprocess
from pathlib import Path

import pytest
from support.command import Run
from support.history import Files, link, program
from support.small import CLASH, LINES, LINKS, MINE, NEW, NEWER, ODD, OLD, everything, make, snapshot, update

SAME: dict[str, tuple[Files, Files, Files, int]] = {
    "clean": (OLD, NEW, {"task.py": MINE}, 0),
    "conflict": (OLD, NEW, {"task.py": CLASH}, 3),
    "edited and dropped": (OLD, {"task.py": None}, {"task.py": MINE}, 3),
    "moved and dropped": (OLD, {"task.py": None}, {"task.py": None, "b.py": MINE}, 3),
    "deleted": (OLD, NEW, {"task.py": None}, 0),
    "renames": (
        {**OLD, "a": LINES + "a\n"},
        {**NEW, "a": None, "b": NEWER + "a\n"},
        {"task.py": None, "d/task.py": MINE},
        0,
    ),
    "renamed apart": ({"a": LINES}, {"a": None, "b": LINES}, {"a": None, "c": LINES}, 3),
    "both add": (OLD, NEW, {"notes.md": "mine\n"}, 3),
    "binary": ({"a": b"\0\1"}, {"a": b"\0\2"}, {"a": b"\0\3"}, 3),
    "folder and file": ({"x": "x"}, {"a/b": "theirs\n"}, {"a": "mine\n"}, 3),
    "file and folder": ({"x": "x"}, {"a": "theirs\n"}, {"a/b": "mine\n"}, 3),
    "links and modes": (
        {"a": "x", "l": link("x"), "p": LINES},
        {"a": link("y"), "l": "x", "p": program(NEWER)},
        {"p": MINE},
        0,
    ),
    "both move a link": ({"l": link("x")}, {"l": link("y")}, {"l": link("z")}, 3),
    "an ignored file": ({"a": "x", ".gitignore": "*.log\n"}, {"a": "y"}, {"mine.log": "tracked\n"}, 0),
    "union": (OLD, NEW, {"task.py": CLASH, ".gitattributes": "task.py merge=union\n"}, 0),
    "names": ({ODD: LINES, "*": LINES}, {ODD: NEWER, "*": NEWER}, {ODD: CLASH}, 3),
}


@pytest.fixture
def old_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git whose merge-tree is that of before 2.38."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nfor arg do [ "$arg" = merge-tree ] && exit 129; done\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    return fake


@pytest.mark.parametrize("kind", SAME)
def test_an_old_git(run: Run, tmp_path: Path, old_git: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Without `git merge-tree --write-tree`, the files, the index and the list of files are the same."""
    old, new, mine, code = SAME[kind]
    small = make(tmp_path, old, new, mine, questions=LINKS)
    results: list[object] = []
    for path in (os.environ["PATH"], os.environ["PATH"].partition(os.pathsep)[2]):
        monkeypatch.setenv("PATH", path)
        files = update(run, small, "--json", code=code).json["files"]
        results += [snapshot(small.project), small.git("ls-files", "--stage", "-z"), files]
        update(run, small, "--abort")
    assert results[:3] == results[3:]


@pytest.mark.parametrize("kind", ["conflict", "edited and dropped", "both add", "binary"])
def test_the_reasons_of_an_old_git(run: Run, tmp_path: Path, old_git: Path, kind: str) -> None:
    """The reasons are the same words there."""
    old, new, mine, _ = SAME[kind]
    (conflict,) = update(run, make(tmp_path, old, new, mine), "--preview", "--json", code=3).json["conflicts"]
    assert conflict["reason"] in {
        "you and the template changed the same lines",
        "you edited it, the template dropped it",
        "you and the template added it",
        "you and the template changed it, and it is a binary file",
    }


def test_an_old_git_writes_nothing_for_a_preview(run: Run, tmp_path: Path, old_git: Path) -> None:
    """There, too, a preview changes no byte of the repository."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    before = everything(small.repository)
    update(run, small, "--preview", code=3)
    assert everything(small.repository) == before
