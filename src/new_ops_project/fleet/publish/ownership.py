"""Whose a commit is: this tool's, as long as nobody has changed it, or a person's."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.fleet.commits import PLAN, VERSION
from new_ops_project.plan.apply import TREE_TRAILER

# Amending or rebasing a commit keeps its author and author date, but sets the committer. So name, address and time of
# the two agree only in a commit that nobody has touched.
_AUTHOR = "%an%x00%ae%x00%at"
_COMMITTER = _AUTHOR.replace("%a", "%c")


@dataclass(frozen=True)
class CommitDetails:
    """A commit, and whether it is as this tool made it.

    `is_unchanged`: its trailer names its own tree, and its author committed it in the same second. `version` (of the
    template) and `plan` (an id) are what its trailers say; `seconds` is its date, since 1970.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    is_unchanged: bool
    version: str = ""
    plan: str = ""
    seconds: int = 0

    def is_same(self, tree: str, base: str) -> bool:
        """Whether it has that tree on top of `base`; author, date and message may differ."""
        return self.tree == tree and self.parents == (base,)


def read(repository: Path, commit: str) -> CommitDetails:
    """The commit with that id; raises ProcessError if it is not in the repository."""
    fields = f"--format=%H%n%T%n%P%n{_AUTHOR}%n{_COMMITTER}%n%B"
    output = git.git("log", "-1", fields, "--end-of-options", commit, at=repository).text
    commit_id, tree, parents, author, committer, *message = output.split("\n")
    is_unchanged = f"{TREE_TRAILER}: {tree}" in message and author == committer
    seconds = int(author.rpartition("\0")[2] or 0)
    return CommitDetails(
        commit_id,
        tree,
        tuple(parents.split()),
        is_unchanged,
        _trailer(message, VERSION),
        _trailer(message, PLAN),
        seconds,
    )


def _trailer(message: list[str], key: str) -> str:
    return next((line.removeprefix(f"{key}: ") for line in message if line.startswith(f"{key}: ")), "")


def is_ours(repository: Path, commit: CommitDetails, upstream: str) -> bool:
    """Whether the commit is unchanged and nothing but it would be lost: its only parent is in `upstream`."""
    return commit.is_unchanged and len(commit.parents) == 1 and git.is_ancestor(repository, commit.parents[0], upstream)
