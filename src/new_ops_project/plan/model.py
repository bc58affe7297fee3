"""A Plan: what an operation will change in a project, computed before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from new_ops_project.git.merge import Difference, Scratch, Stage
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.git.worktree import Repository


@dataclass(frozen=True)
class FileChange:
    """What happens to one path (from the project's folder): added, removed, changed, moved or in conflict.

    `before`: the old path of a moved file, otherwise ''.
    """

    path: str
    kind: str
    before: str = ""


@dataclass(frozen=True)
class Conflict:
    """One path that a person must decide about.

    `parsed`: whether both sides parsed, judged by the type that the file's name implies.
    """

    path: str
    reason: str
    parsed: bool


@dataclass(frozen=True)
class Sides:
    """What is merged: two renders of the template, `base` and `theirs`, with a commit of the project as ours.

    `prefix`: the project's folder in the repository. Paths are relative to that folder.
    `template_only`: files that belong to the template alone, whatever the project has in them (the answers file).
    `written_once`: files that the template writes once and then leaves to the user; they are left out if they exist or
    ever existed.
    `skipped_if_exist`: files that the template writes where they are absent, and leaves to the user where they exist.
    `moves`: where files of the project go before the merge; those in `if_edited` are moved only if the project edited
    them, and follow the template otherwise.
    `rewritten`: files of the project whose content was changed before the merge, at their new paths.
    `migrated`: files that a migration of the template changed in the project before the merge; None removes one.
    """

    base: Tree
    theirs: Tree
    commit: str
    prefix: str
    template_only: frozenset[str] = frozenset()
    written_once: frozenset[str] = frozenset()
    skipped_if_exist: frozenset[str] = frozenset()
    moves: Mapping[str, str] = field(default_factory=dict)
    if_edited: frozenset[str] = frozenset()
    rewritten: Tree = field(default_factory=dict)
    migrated: Mapping[str, Entry | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A change to a project, computed as a whole. Its objects are in `scratch`, so it lives as long as that does.

    `tree_before`: the id of the whole tree of `commit`; `tree_after`: of the tree that it would become. `differences`:
    between those two, by path from the repository's root. `changes`, `conflicts`: by path from the project's folder.
    `ignored`: paths of the template that the project's ignore rules exclude, or that are in a submodule.
    """

    scratch: Scratch
    repository: Repository
    prefix: str
    commit: str
    tree_before: str
    tree_after: str
    differences: tuple[Difference, ...]
    changes: tuple[FileChange, ...]
    conflicts: tuple[Conflict, ...]
    stages: tuple[Stage, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    def patch(self, *more: str) -> bytes:
        """The change as a patch for `git apply`; `more`: options of git-diff-tree(1)."""
        command = ("diff-tree", "-r", "-M", "-p", "--no-ext-diff", "--no-textconv", *more)
        return self.scratch.git(*command, self.tree_before, self.tree_after)
