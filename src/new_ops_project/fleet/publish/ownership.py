"""Whose the commit at the tip of a branch is: ours and unchanged, or somebody's."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.fleet.commits import PLAN, VERSION, CommitInfo
from new_ops_project.plan.apply import TREE

_MADE = "%an%x00%ae%x00%at"  # by whom, and when; who amends or rebases a commit becomes its committer (_TAKEN)
_TAKEN = _MADE.replace("%a", "%c")


@dataclass(frozen=True)
class BranchTip:
    """A commit: its id, its tree, its parents, and whether it is as this tool made it.

    Then its trailer names that very tree, and whoever wrote it has committed it, too, in the same second. `version`
    is that of the template, and `plan` the id of the plan, as its trailers say; `seconds` are those since 1970.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    is_unchanged: bool
    version: str = ""
    plan: str = ""
    seconds: int = 0

    def about(self, author: str) -> CommitInfo:
        """What the plan that made it says of its commits, when `author` is who it names."""
        return CommitInfo(self.plan, author, self.seconds)

    def is_same(self, tree: str, base: str) -> bool:
        """Whether it makes the same of the same commit; author, date and message do not matter."""
        return self.tree == tree and self.parents == (base,)


def read(repository: Path, commit: str) -> BranchTip:
    """The commit of that id; raises ProcessError when it is not there."""
    shape = f"--format=%H%n%T%n%P%n{_MADE}%n{_TAKEN}%n%B"
    said = git.git("log", "-1", "--no-show-signature", shape, "--end-of-options", commit, at=repository).text
    identifier, tree, parents, made, taken, *message = said.split("\n")
    is_unchanged = f"{TREE}: {tree}" in message and made == taken
    seconds = int(made.rpartition("\0")[2] or 0)
    return BranchTip(
        identifier,
        tree,
        tuple(parents.split()),
        is_unchanged,
        _trailer(message, VERSION),
        _trailer(message, PLAN),
        seconds,
    )


def _trailer(message: list[str], key: str) -> str:
    return next((line.removeprefix(f"{key}: ") for line in message if line.startswith(f"{key}: ")), "")


def is_ours(repository: Path, tip: BranchTip, upstream: str) -> bool:
    """Whether nobody has changed it or added to it, and nobody's commit lies between it and `upstream`."""
    return tip.is_unchanged and len(tip.parents) == 1 and git.is_ancestor(repository, tip.parents[0], upstream)
