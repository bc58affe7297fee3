"""Killed at any moment: the destination is absent or whole, and the next run removes what was left beside it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import Run, git, tree

from new_ops_project.base import scratch

NEW = [sys.executable, "-m", "new_ops_project", "new"]


@pytest.fixture
def whole(run: Run, work: Path, shared: Path) -> dict[str, bytes]:
    """What the project holds when nobody interferes; made once for all tests of a worker."""
    reference = shared / "whole"
    if not reference.exists():
        run("new", "audit", "--defaults", "--path", str(reference))
    return tree(reference)


# The states that a run goes through, as patterns of paths that appear on the way.
STATES = [
    ".audit.*.new-ops-project",
    ".audit.*.new-ops-project/audit/*",
    ".audit.*.new-ops-project/audit/requirements-dev.txt",
    ".audit.*.new-ops-project/audit/.git",
    ".audit.*.new-ops-project/audit/.git/index",
    ".audit.*.new-ops-project/audit/.git/refs/heads/main",
    "audit",
]


@pytest.mark.parametrize("state", STATES)
def test_kill(run: Run, work: Path, whole: dict[str, bytes], state: str) -> None:
    """Killed (-9) at each stage, at it or a little after it."""
    command = [*NEW, "audit", "--defaults"]
    child = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and not list(work.glob(state)):
        time.sleep(0.001)
    time.sleep(random.choice([0, 0.02 * random.random()]))  # noqa: S311 - a moment, no secret
    child.kill()
    child.wait()
    if (work / "audit").exists():
        assert tree(work / "audit") == whole
        assert git("status", "--porcelain", at=work / "audit") == ""
        run("new", "audit", "--defaults", code=2)
    else:
        run("new", "audit", "--defaults")
        assert [path.name for path in work.iterdir()] == ["audit"]
    assert tree(work / "audit") == whole


def test_a_run_leaves_another_ones_sibling_alone(run: Run, work: Path) -> None:
    """A sibling in which another run is at work is not removed."""
    with scratch.folder_beside(work / "audit") as other:
        run("new", "audit", "--defaults")
        assert other.is_dir()
    run("new", "audit", "--defaults", code=2)
    assert git("status", "--porcelain", at=work / "audit") == ""


def test_parallel_runs_share_the_template(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight runs at once on a machine that has no template yet: none fails."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    runs = [
        subprocess.Popen([*NEW, f"p{number}", "--defaults"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(8)
    ]
    outputs = [child.communicate() for child in runs]
    assert [child.returncode for child in runs] == [0] * 8, outputs


@pytest.mark.parametrize(
    ("patched", "expected"), [("files._move_into_place", ""), ("new._say_next", "Interrupted; {path} is there.")]
)
def test_interrupted_after_the_rename(run: Run, work: Path, patched: str, expected: str) -> None:
    """Once the project is in place, Ctrl-C does not make the run say that nothing was left behind."""
    run("new", "audit", "--defaults", "--preview")  # the template's own folders are in place then
    program = f"""
import os, signal, sys
from new_ops_project import cli
from new_ops_project.commands import new
from new_ops_project.base import files
real = {patched}
def interrupting(*args, **options):
    result = real(*args, **options)
    os.kill(os.getpid(), signal.SIGINT)
    return result
{patched} = interrupting
sys.exit(cli.run(["new", "audit", "--defaults"]))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=work, capture_output=True, text=True, check=False)
    words = expected.format(path=work / "audit")
    assert done.returncode == (130 if words else 0), done.stderr
    assert words in done.stderr
    assert "nothing was left behind" not in done.stderr
    assert (work / "audit" / "pyproject.toml").is_file()
