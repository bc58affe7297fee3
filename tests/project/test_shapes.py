"""Each verb that changes a project, in each shape of repository, one after the other."""

from pathlib import Path

import pytest
from support.command import Run
from support.history import begin, checked_out, commit
from support.shapes import SHAPES
from support.small import Small, head, untouched

FILES = {"prune.py": "import sys\n\nprint(sys.argv[1:])\n", "README.md": "# Prune\n", ".gitignore": "*.bak\n"}
ADOPT = ("adopt", "--name", "prune", "--python", "3.13", "--tier", "script", "--yes")


@pytest.mark.parametrize("shape", SHAPES, indirect=True)
def test_a_repository_from_its_adoption_on(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopted on a branch and here, fixed, promoted: only what is meant changes, and --abort takes it back."""
    small = Small(Path(), checked_out(begin(tmp_path / "audit", commit("All of it", FILES))))
    monkeypatch.chdir(small.project)
    before, first = untouched(small), head(small)
    run(*ADOPT)
    assert untouched(small) == before
    assert head(small, "template/adopt^") == first
    run(*ADOPT, "--commit")
    assert (head(small, "HEAD^"), small.git("status", "--porcelain")) == (first, "")
    assert head(small, "HEAD^{tree}") == head(small, "template/adopt^{tree}")
    small.commit({".python-version": None})
    run("check", "--fix", "--select", "environment", code=0)
    assert small.staged() == {".python-version"}
    small.git("commit", "--quiet", "--message=Fix")
    before = untouched(small)
    run("promote", "library")
    assert (small.git("diff", "--name-only"), "src/prune/task.py" in small.staged()) == ("", True)
    run("promote", "--abort")
    assert untouched(small) == before
    run("promote", "library", "--branch")
    assert untouched(small) == before
    run("promote", "library", "--commit")
    assert (head(small, "HEAD^{tree}"), small.git("status", "--porcelain")) == (
        head(small, "template/library^{tree}"),
        "",
    )
