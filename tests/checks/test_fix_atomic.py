"""check --fix killed at any moment, which leaves the repository unchanged or completely fixed."""

import shutil
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals

import pytest
from support import forks
from support.command import git
from support.small import lay, snapshot

FILES = {"apps/task.py": "x = 1\n", ".gitignore": "*.log\n", "Dockerfile": "FROM python:3.12\n"}
BEYOND = 62  # higher than the number of steps
ARGS = ("--fix", "--select", "environment")


@pytest.fixture
def unfixed(tmp_path: Path) -> Path:
    """A repository in which one file needs a fix, and another one is missing."""
    folder = tmp_path / "unfixed"
    folder.mkdir()
    git("init", "--quiet", at=folder)
    lay(folder, FILES)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--message=mine", at=folder)
    return folder


def state(folder: Path) -> tuple[object, str]:
    """Every file, with the output of git status."""
    return snapshot(folder), git("status", "--porcelain", at=folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", [SIGKILL, SIGINT])
def test_stopped_at_a_step(unfixed: Path, tmp_path: Path, number: Signals) -> None:
    """Stopped right before a step that writes or starts git, nothing is half done, and the next run completes.

    Each signal stops at every third step; the two signals stop at different ones.
    """
    whole = Path(shutil.copytree(unfixed, tmp_path / "whole"))
    assert forks.start("check", whole, *ARGS, log=tmp_path / "log").wait() == 0
    before, after = state(unfixed), state(whole)
    assert before != after
    for step in range(1 + (number == SIGINT), BEYOND, 3):
        folder = Path(shutil.copytree(unfixed, tmp_path / f"try-{step}"))
        started = forks.start(
            "check", folder, *ARGS, log=tmp_path / f"log-{step}", stop=forks.Stop(number, step, folder)
        )
        ended = started.wait()
        assert "Traceback" not in started.output
        if not (folder / ".git" / "new-ops-project" / "change").exists():
            assert state(folder) in (before, after)
        again = forks.start("check", folder, *ARGS, log=tmp_path / "log")
        assert again.wait() == 0, again.output
        assert state(folder) == after
        shutil.rmtree(folder)
    assert ended == 0, "there are more steps than were tried"
