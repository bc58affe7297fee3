"""A Plan: what an operation will change in a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from new_ops_project.git.merge import Difference, Scratch, Stage
from new_ops_project.git.tree import Tree
from new_ops_project.git.worktree import Repository


@dataclass(frozen=True)
class FileChange:
    """What becomes of one path (below the project's folder); `before` is where a moved file was."""

    path: str
    kind: str
    before: str = ""


@dataclass(frozen=True)
class Conflict:
    """One path that a person must decide about."""

    path: str
    reason: str
    parsed: bool = True
    """Whether both sides of it parsed as what the file's name says."""


@dataclass(frozen=True)
class Sides:
    """What is merged: two renders, and a commit of the project, whose folder has the prefix `prefix`.

    `over` names files that are the template's alone: the project's version of them does not count.
    `once` names files that the template writes once: where it or the project ever had one, it is the user's.
    `moves` says where files of the project go before the merge (those in `if_edited` only if it has edited them), and
    `mine` what stands, at their new place, for files of the project.
    """

    base: Tree
    theirs: Tree
    commit: str
    prefix: str
    over: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    moves: Mapping[str, str] = field(default_factory=dict)
    if_edited: frozenset[str] = frozenset()
    mine: Tree = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A change to a project, computed as a whole; its objects live in `scratch`.

    `head` is the whole tree of the commit, `tree` what it would become, `differences` what lies between them, by path
    from the repository's root; `changes` and `conflicts` are by path from the project's folder. `ignored` are paths of
    the template that the project's ignore rules keep out.
    """

    scratch: Scratch
    repository: Repository
    prefix: str
    commit: str
    head: str
    tree: str
    differences: tuple[Difference, ...]
    changes: tuple[FileChange, ...]
    conflicts: tuple[Conflict, ...]
    stages: tuple[Stage, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    def patch(self, *more: str) -> bytes:
        """The full difference that it makes, as text for `git apply`."""
        return self.scratch.patch(self.head, self.tree, *more)


@dataclass(frozen=True)
class CopierResult:
    """What somebody else made of the project's folder: its tree, with markers where `stages` says so.

    `base` is the old template, `theirs` the new one; `over` names files that are the template's alone.
    """

    tree: str
    stages: tuple[Stage, ...]
    base: Tree
    theirs: Tree
    over: frozenset[str]
