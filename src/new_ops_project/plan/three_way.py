"""How base, ours, theirs become a Plan.

git merges the three trees in a scratch repository. The result is a draft, which is then corrected where git knows less
than we do, and becomes a Plan. Nothing is written to the user's repository.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.git import merge, scratch_checkout
from new_ops_project.git.merge import Difference, Scratch
from new_ops_project.git.objects import GitObject
from new_ops_project.git.tree import with_line_endings
from new_ops_project.git.worktree import Repository
from new_ops_project.plan.draft import (
    Draft,
    flag_broken,
    keep_deleted,
    start_draft,
    with_labels,
)
from new_ops_project.plan.model import Conflict, FileChange, Plan, Sides

_KINDS = {"A": "added", "D": "removed", "M": "changed", "R": "moved", "T": "changed"}


# Resolves conflicts of a draft with knowledge that git lacks: TOML by key, lock files rewritten, for example.
Resolve = Callable[[Draft], Draft]


# Changes the merged project in the folder that it is given.
Migrate = Callable[[Path], None]


@contextmanager
def plan_from_sides(
    repository: Repository,
    sides: Sides,
    resolve: Resolve = lambda draft: draft,
    migrate: Migrate | None = None,
) -> Iterator[Plan]:
    """Merge `sides` in a scratch repository and yield the plan, which can be used until the block ends.

    `migrate` changes a checkout of the merged project before it becomes the plan, unless there are conflicts.
    """
    with merge.scratch_repository(repository.objects, repository.object_format) as scratch:
        yield _plan(scratch, repository, sides, resolve, migrate)


def _plan(scratch: Scratch, repository: Repository, sides: Sides, resolve: Resolve, migrate: Migrate | None) -> Plan:
    tree_before, ours, files = _project(scratch, sides)
    contents = {path: file.content for path, file in files.items() if path not in sides.migrated}
    contents |= {path: entry.content for path, entry in sides.migrated.items() if entry}
    # A file that is written once is the user's as soon as it was ever there: in the old render, in the commit, or
    # untracked in the work tree. Even one that was deleted does not come back.
    decided = sides.written_once | sides.skipped_if_exist
    existing = contents.keys() | {path for path in decided if os.path.lexists(repository.root / sides.prefix / path)}
    users_own = sides.written_once & (sides.base.keys() | existing) | sides.skipped_if_exist & existing
    absent = sides.skipped_if_exist - existing  # in the base, they would look deleted for good
    in_submodules = _in_submodules(scratch, sides)
    ignored = in_submodules | _ignored(scratch, repository, sides, {*contents, *users_own, *in_submodules})
    left_out = ignored | users_own
    # Left out of both renders: a file in only one of them would look like one that the template added or dropped.
    base, theirs = (
        {path: entry for path, entry in side.items() if path not in hidden}
        for side, hidden in ((sides.base, left_out | absent), (sides.theirs, left_out))
    )
    base, theirs = with_line_endings(base, theirs, contents)
    edited = {path for path in base.keys() & contents.keys() if contents[path] != base[path].content}
    moves = {old: new for old, new in sides.moves.items() if old in edited or old not in sides.if_edited}
    merged = scratch.merge(
        # Without the old paths of moved files: git would take them for renames or deletions that the user made.
        {path: entry for path, entry in base.items() if path not in moves},
        ours,
        theirs,
        # Ours gets the base of files that are the template's alone, so that the merge takes theirs without a conflict.
        overrides={
            # Removals first: a file may have become a folder.
            **dict(sorted(sides.migrated.items(), key=lambda item: item[1] is not None)),
            **{path: base[path] for path in sides.template_only if path in base},
            **sides.rewritten,
        },
        moves=moves,
        blob_ids={file.content: file.id for file in files.values()},
    )
    draft = start_draft(scratch, merged, ours)
    # The resolvers come last: they may also resolve what flag_broken has found.
    draft = resolve(flag_broken(keep_deleted(with_labels(draft)), base, theirs))
    if migrate and not draft.conflicts:
        draft = _migrated(draft, repository, sides, tree_before, migrate)
    return _finished(draft, repository, sides, tree_before, ignored=ignored)


def _migrated(draft: Draft, repository: Repository, sides: Sides, tree_before: str, migrate: Migrate) -> Draft:
    """The draft with what `migrate` changes in a checkout of it; files outside the project are left alone."""
    scratch, prefix = draft.scratch, sides.prefix
    tree = scratch.build(tree_before, (prefix, draft.merged.tree), draft.overrides)
    changed = scratch_checkout.changed_by(
        lambda root: migrate(root / prefix),
        repository,
        tree,
        head=sides.commit,
        prefix=prefix,
        objects=scratch.objects,
    )
    return replace(draft, overrides={**draft.overrides, **changed})


def _finished(draft: Draft, repository: Repository, sides: Sides, tree_before: str, *, ignored: frozenset[str]) -> Plan:
    """The plan that a draft has become, with paths and trees of the whole repository where a Plan has those."""
    scratch, tree, differences = draft.scratch, draft.merged.tree, draft.differences
    if draft.overrides or sides.prefix:  # otherwise the merged tree is already that of the whole repository
        tree = scratch.build(tree_before, (sides.prefix, tree), draft.overrides)
        differences = scratch.differences(tree_before, tree)
    stages = tuple(
        replace(stage, path=f"{sides.prefix}{stage.path}")
        for stage in draft.merged.stages
        if stage.path in draft.conflicts
    )
    return Plan(
        scratch,
        repository,
        sides.prefix,
        sides.commit,
        tree_before,
        tree,
        differences,
        tuple(_changes(differences, sides.prefix, draft.conflicts)),
        tuple(Conflict(path, reason, draft.parsed(path)) for path, reason in sorted(draft.conflicts.items())),
        stages,
        tuple(sorted(ignored)),
        draft.notes,
    )


def _project(scratch: Scratch, sides: Sides) -> tuple[str, str, dict[str, GitObject]]:
    """The ids of the tree of the project's commit and of its folder in it, and the template's files that it has.

    From here on the scratch repository merges by the project's .gitattributes.
    """
    root, folder = f"{sides.commit}:", f"{sides.commit}:{sides.prefix.rstrip('/')}"
    names = {f"{sides.commit}:{sides.prefix}{path}": path for path in {**sides.base, **sides.theirs}}
    objects = scratch.reader.find([root, folder, *names])
    if attributes := scratch.reader.get(f"{sides.commit}:{sides.prefix}.gitattributes"):
        scratch.use_attributes(attributes.content)
    files = {path: objects[name] for name, path in names.items() if name in objects}
    return objects[root].id, objects[folder].id, files


_SUBMODULE_PATH = re.compile(rb"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def _in_submodules(scratch: Scratch, sides: Sides) -> frozenset[str]:
    """The paths of the template that are at or below a submodule."""
    modules = scratch.reader.get(f"{sides.commit}:.gitmodules")
    listed = _SUBMODULE_PATH.findall(modules.content) if modules else []
    folders = [os.fsdecode(path).removeprefix(sides.prefix) for path in listed]
    paths = {*sides.base, *sides.theirs}
    return frozenset(path for path in paths for folder in folders if f"{path}/".startswith(f"{folder}/"))


def _ignored(scratch: Scratch, repository: Repository, sides: Sides, decided: set[str]) -> set[str]:
    """Paths of the template, without those in `decided`, that the project's ignore rules or the new ones exclude.

    Raises ToolError if such a path is new in the template and the user has an ignored file there.
    """
    absent = [path for path in {**sides.base, **sides.theirs} if path not in decided]
    folder = repository.root / sides.prefix
    # `git check-ignore` fails for a path beyond a symbolic link.
    reachable = [
        path for path in absent if not any((folder / parent).is_symlink() for parent in PurePosixPath(path).parents)
    ]
    ignored = set(git.ignored(folder, reachable)) if reachable else set()
    new = sides.theirs.keys() - sides.base.keys() - decided
    ignored |= scratch.ignored(sides.theirs, new & {*reachable} - ignored)
    for path in sorted(ignored & new):
        if os.path.lexists(folder / path):
            raise ToolError(
                f"{path} is new in the template, but you have a file there that git ignores.",
                "Move yours elsewhere, then run this again.",
            )
    return ignored


def _changes(differences: Iterable[Difference], prefix: str, conflicts: Mapping[str, str]) -> Iterator[FileChange]:
    """What happens to each path, sorted; a path in conflict has no other kind."""
    changes = {path: FileChange(path, "conflict") for path in conflicts}
    for difference in differences:
        path = difference.path.removeprefix(prefix)
        before = difference.before.removeprefix(prefix) if difference.status == "R" else ""
        kind = "conflict" if path in conflicts else _KINDS.get(difference.status, "changed")
        changes[path] = FileChange(path, kind, before)
    yield from sorted(changes.values(), key=lambda change: change.path)
