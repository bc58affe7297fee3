"""Which branch of a repository is the default one."""

from pathlib import Path

import pytest
from support.command import git
from support.history import begin, commit

from new_ops_project.git.branches import default_branch


def repository(tmp_path: Path, branches: list[str], current: str) -> Path:
    """A repository with these branches, of which one is checked out."""
    folder = begin(tmp_path / "audit", commit("Begin", {"a": "a\n"}))
    for branch in branches:
        git("branch", "--force", branch, "trunk", at=folder) if branch != "trunk" else None
    git("symbolic-ref", "HEAD", f"refs/heads/{current}", at=folder)
    if "trunk" not in branches:
        git("branch", "--delete", "--force", "trunk", at=folder)
    return folder


@pytest.mark.parametrize(
    ("branches", "current", "expected"),
    [
        (["feature"], "feature", ("feature", "the only branch")),
        (["feature", "main"], "feature", ("main", "the branch of that name")),
        (["feature", "main", "master"], "feature", ("main", "the branch of that name")),
        (["feature", "main", "master"], "master", ("master", "the branch of that name")),
        (["feature", "trunk", "master"], "feature", ("master", "the branch of that name")),
        (["feature", "other"], "feature", ("feature", "the current branch")),
    ],
)
def test_without_a_server(tmp_path: Path, branches: list[str], current: str, expected: tuple[str, str]) -> None:
    """The only branch, else one with a usual name, the current one first, else the current one."""
    assert default_branch(repository(tmp_path, branches, current)) == expected


def test_without_a_branch(tmp_path: Path) -> None:
    """Where HEAD is detached and no name is usual, or there is no commit, nothing tells."""
    folder = repository(tmp_path, ["feature", "other"], "feature")
    git("checkout", "--quiet", "--detach", at=folder)
    assert default_branch(folder) == ("", "")
    git("init", "--quiet", str(tmp_path / "empty"), at=tmp_path)
    assert default_branch(tmp_path / "empty") == ("", "")


def test_the_word_of_the_server(tmp_path: Path) -> None:
    """A clone knows the server's default branch, whatever it has checked out."""
    server = repository(tmp_path, ["release/1.0", "main"], "release/1.0")
    git("clone", "--quiet", "--branch=main", str(server), str(tmp_path / "clone"), at=tmp_path)
    assert default_branch(tmp_path / "clone") == ("release/1.0", "origin/HEAD")
    git("remote", "set-head", "origin", "--delete", at=tmp_path / "clone")
    assert default_branch(tmp_path / "clone") == ("main", "the branch of that name")
