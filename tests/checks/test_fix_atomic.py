"""check --fix killed at any moment: the repository is before or after, and the next run works."""

import shutil
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals

import pytest
from support import forks
from support.command import git
from support.small import lay, snapshot

FILES = {"apps/task.py": "x = 1\n", ".gitignore": "*.log\n", "Dockerfile": "FROM python:3.12\n"}
BEHIND = 62  # no step has this number
ARGS = ("--fix", "--select", "environment")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A repository in which one file is to be mended, and another to be made."""
    folder = tmp_path / "kept"
    folder.mkdir()
    git("init", "--quiet", at=folder)
    lay(folder, FILES)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--message=mine", at=folder)
    return folder


def state(folder: Path) -> tuple[object, str]:
    """Every file, and what git says of it."""
    return snapshot(folder), git("status", "--porcelain", at=folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", [SIGKILL, SIGINT])
def test_stopped_at_a_step(kept: Path, tmp_path: Path, number: Signals) -> None:
    """Right before a step that writes, or starts git: nothing is half done, and the next run ends as any other.

    Each signal takes every third step, not the same ones.
    """
    whole = Path(shutil.copytree(kept, tmp_path / "whole"))
    assert forks.start("check", whole, *ARGS, log=tmp_path / "log").wait() == 0
    before, after = state(kept), state(whole)
    assert before != after
    for at in range(1 + (number == SIGINT), BEHIND, 3):
        one = Path(shutil.copytree(kept, tmp_path / f"try-{at}"))
        started = forks.start("check", one, *ARGS, log=tmp_path / f"log-{at}", stop=forks.Stop(number, at, one))
        ended = started.wait()
        assert "Traceback" not in started.said
        if not (one / ".git" / "new-ops-project" / "change").exists():
            assert state(one) in (before, after)
        again = forks.start("check", one, *ARGS, log=tmp_path / "log")
        assert again.wait() == 0, again.said
        assert state(one) == after
        shutil.rmtree(one)
    assert ended == 0, "there are steps behind the last that was tried"
