"""Trees that git can hold and nobody can check out."""

from collections.abc import Sequence
from pathlib import Path

from support.command import git


def multiply(repository: Path) -> None:
    """Commit a folder of ten folders of ten folders and so on, ten levels deep, with the same ten files each."""
    blob = git("hash-object", "-w", "--stdin", at=repository)
    tree = _tree(repository, [f"100644 blob {blob}\tf{number}" for number in range(10)])
    for _ in range(9):
        tree = _tree(repository, [f"040000 tree {tree}\td{number}" for number in range(10)])
    _commit(repository, f"040000 tree {tree}\tendless")


def nest(repository: Path, names: Sequence[str]) -> None:
    """Commit an empty file in folders, each in the one before it."""
    entry = f"100644 blob {git('hash-object', '-w', '--stdin', at=repository)}\t{names[-1]}"
    for name in names[-2::-1]:
        entry = f"040000 tree {_tree(repository, [entry])}\t{name}"
    _commit(repository, entry)


def _tree(repository: Path, entries: Sequence[str]) -> str:
    return git("mktree", at=repository, stdin="".join(f"{entry}\n" for entry in entries))


def _commit(repository: Path, entry: str) -> None:
    """Add an entry to the tree of the last commit, which is amended; its tags move with it."""
    tree = _tree(repository, [*git("ls-tree", "HEAD", at=repository).split("\n"), entry])
    new = git("commit-tree", tree, "-m", "endless", at=repository)
    tags = git("tag", "--points-at", "HEAD", at=repository).split()
    git("update-ref", "HEAD", new, at=repository)
    for tag in tags:
        git("tag", "--force", tag, new, at=repository)
