"""Whose the commit at the tip of a branch is: ours and unchanged, or somebody's."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git

_TREE = "Template-Tree"  # the trailer by which a commit of ours, that nobody has changed, is known


@dataclass(frozen=True)
class Tip:
    """A commit: its id, its tree, its parents, and whether its trailer names that very tree."""

    id: str
    tree: str
    parents: tuple[str, ...]
    has_trailer: bool

    def is_same(self, tree: str, base: str) -> bool:
        """Whether it makes the same of the same commit; author, date and message do not matter."""
        return self.tree == tree and self.parents == (base,)


def read(repository: Path, commit: str) -> Tip:
    """The commit of that id; raises ProcessError when it is not there."""
    shape = "--format=%H%n%T%n%P%n%B"
    said = git.git("log", "-1", "--no-show-signature", shape, "--end-of-options", commit, at=repository).text
    identifier, tree, parents, *message = said.split("\n")
    return Tip(identifier, tree, tuple(parents.split()), f"{_TREE}: {tree}" in message)


def is_ours(repository: Path, tip: Tip, upstream: str) -> bool:
    """Whether nobody has changed it or added to it, and nobody's commit lies between it and `upstream`."""
    return tip.has_trailer and len(tip.parents) == 1 and git.is_ancestor(repository, tip.parents[0], upstream)
