"""TODO: what this file owns."""

import os
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError


@dataclass(frozen=True)
class Repository:
    """A work tree with its repository: paths are those of this worktree, `objects` may be another's."""

    root: Path
    git_dir: Path
    objects: Path
    object_format: str


@dataclass(frozen=True)
class Status:
    """What git says of a work tree: paths from its root, a folder with a final `/` where all of it is untracked."""

    head: str
    dirty: frozenset[str]
    staged: frozenset[str]
    unmerged: tuple[str, ...]


def find_repository(folder: Path) -> tuple[Repository, str]:
    """The repository that `folder` is in, and the prefix of `folder` in it.

    Raises ToolError when it is in none, or in one without a work tree.
    """
    asked = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-path", "objects", "--show-object-format")
    try:
        answer = git.git("rev-parse", *asked, at=folder).stdout
    except ProcessError as error:
        message = f"{folder} is in no git repository with a work tree: {error.reason}"
        raise ToolError(message, "Give the PATH of a generated project.") from error
    root, prefix, git_dir, objects, kind = map(os.fsdecode, answer.split(b"\n")[:5])
    return Repository(Path(root), Path(git_dir), folder / objects, kind), prefix


def status(where: Repository) -> Status:
    """What is modified, staged, untracked and unmerged, whatever the user's configuration would hide.

    Raises ToolError for a repository without a commit.
    """
    said = git.git(
        "--no-optional-locks",
        "status",
        "--porcelain=v2",
        "-z",
        "--branch",
        "--no-renames",
        "--untracked-files=normal",
        "--ignore-submodules=all",
        at=where.root,
    ).stdout
    lines = [os.fsdecode(line) for line in said.split(b"\0") if line]
    head = next(line.split()[2] for line in lines if line.startswith("# branch.oid"))
    if head == "(initial)":
        raise ToolError(f"{where.root} has no commit yet.", "Commit the project as it is, then run this again.")
    changed = {line.split(" ", 8)[8] for line in lines if line.startswith("1 ")}
    unmerged = tuple(line.split(" ", 10)[10] for line in lines if line.startswith("u "))
    untracked = {line[2:] for line in lines if line.startswith("? ")}
    staged = {line.split(" ", 8)[8] for line in lines if line.startswith("1 ") and line[2] != "."}
    return Status(head, frozenset(changed | untracked | set(unmerged)), frozenset(staged), unmerged)
