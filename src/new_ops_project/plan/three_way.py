"""How base, ours, theirs become a Plan.

git merges the three trees in a scratch repository. The result is a draft, which is then corrected where git knows less
than we do, and becomes a Plan. Nothing is written to the user's repository.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.git import merge
from new_ops_project.git.merge import Difference, Merged, Scratch
from new_ops_project.git.tree import Tree, with_line_endings
from new_ops_project.git.worktree import Repository
from new_ops_project.plan.draft import (
    Draft,
    flag_broken,
    flag_dropped,
    flag_overwritten,
    keep_deleted,
    start_draft,
    with_base_sides,
    with_labels,
)
from new_ops_project.plan.model import Conflict, CopierResult, FileChange, Plan, Sides

_KINDS = {"A": "added", "D": "removed", "M": "changed", "R": "moved", "T": "changed"}


# Resolves conflicts of a draft with knowledge that git lacks: TOML by key, lock files rewritten, for example.
Resolve = Callable[[Draft], Draft]


@contextmanager
def plan_from_sides(repository: Repository, sides: Sides, resolve: Resolve = lambda draft: draft) -> Iterator[Plan]:
    """Merge `sides` in a scratch repository and yield the plan, which can be used until the block ends."""
    with merge.scratch_repository(repository.objects, repository.object_format) as scratch:
        yield _plan(scratch, repository, sides, resolve)


@contextmanager
def plan_from_copier(repository: Repository, commit: str, prefix: str, result: CopierResult) -> Iterator[Plan]:
    """Yield the result of copier's own update as a plan; what the user edited and copier dropped is a conflict."""
    sides = Sides(result.base, {}, commit, prefix)
    with merge.scratch_repository(repository.objects, repository.object_format) as scratch:
        project = _project(scratch, sides)
        reasons = {stage.path: "CONFLICT (contents)" for stage in result.stages}
        merged = Merged(result.tree, result.stages, reasons)
        draft = with_labels(with_base_sides(start_draft(scratch, merged, project.ours)))
        # Copier applies a diff to what it has rendered. So it can lose edits without a conflict, which git never does.
        draft = flag_overwritten(
            draft, result.base, result.theirs, project.contents, template_only=result.template_only
        )
        draft = flag_dropped(draft, result.base, project.contents, template_only=result.template_only)
        draft = flag_broken(draft, {}, {})
        draft = draft.settle({}, *_missed_changes(result, project.contents))
        yield _finished(draft, repository, sides, project.tree_before, ignored=set())


def _missed_changes(result: CopierResult, contents: Mapping[str, bytes]) -> list[str]:
    """A note for each file that has changed in the template and is no longer at its path in the project."""
    missing = [path for path in result.base if path in result.theirs and path not in contents]
    changed = [path for path in sorted(missing) if result.base[path] != result.theirs[path]]
    return [
        f"{path} was moved or deleted here, but changed in the template; apply that change yourself."
        for path in changed
    ]


def _plan(scratch: Scratch, repository: Repository, sides: Sides, resolve: Resolve) -> Plan:
    project = _project(scratch, sides)
    contents = project.contents
    # A file that is written once is the user's as soon as it was ever there: in the old render, in the commit, or
    # untracked in the work tree. Even one that was deleted does not come back.
    existing = {path for path in sides.written_once if os.path.lexists(repository.root / sides.prefix / path)}
    users_own = sides.written_once & (sides.base.keys() | contents.keys() | existing)
    ignored = _ignored(scratch, repository, sides, {*contents, *users_own, *project.in_submodules})
    ignored |= project.in_submodules
    left_out = ignored | users_own
    # Left out of both renders: a file in only one of them would look like one that the template added or dropped.
    base, theirs = (
        {path: entry for path, entry in side.items() if path not in left_out} for side in (sides.base, sides.theirs)
    )
    base, theirs = with_line_endings(
        base, theirs, {path: content for path, content in contents.items() if path in base}
    )
    moves = {
        old: new for old, new in sides.moves.items() if old not in sides.if_edited or _is_edited(old, base, contents)
    }
    merged = scratch.merge(
        # Without the old paths of moved files: git would take them for renames or deletions that the user made.
        {path: entry for path, entry in base.items() if path not in moves},
        project.ours,
        theirs,
        # Ours gets the base of files that are the template's alone, so that the merge takes theirs without a conflict.
        overrides={**{path: base[path] for path in sides.template_only if path in base}, **sides.rewritten},
        moves=moves,
        blob_ids=project.blob_ids,
    )
    draft = start_draft(scratch, merged, project.ours)
    # The resolvers come last: they may also resolve what flag_broken has found.
    draft = resolve(flag_broken(keep_deleted(with_labels(draft)), base, theirs))
    return _finished(draft, repository, sides, project.tree_before, ignored=ignored)


def _is_edited(path: str, base: Tree, contents: Mapping[str, bytes]) -> bool:
    return path in base and contents.get(path) not in {None, base[path].content}


def _finished(draft: Draft, repository: Repository, sides: Sides, tree_before: str, *, ignored: set[str]) -> Plan:
    """The plan that a draft has become, with paths and trees of the whole repository where a Plan has those."""
    scratch, tree, differences = draft.scratch, draft.merged.tree, draft.differences
    if draft.overrides or sides.prefix:  # otherwise the merged tree is already that of the whole repository
        tree = scratch.build(tree_before, (sides.prefix, tree), draft.overrides)
        differences = tuple(scratch.differences(tree_before, tree))
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


@dataclass(frozen=True)
class _Project:
    """A commit of the project. `tree_before`: the id of its tree; `ours`: of the tree of the project's folder in it.

    `contents`: the project's version of each file of the template that it has; `blob_ids`: the id of each such content.
    `in_submodules`: paths of the template that are at or below a submodule.
    """

    tree_before: str
    ours: str
    contents: Mapping[str, bytes]
    in_submodules: frozenset[str]
    blob_ids: Mapping[bytes, str]


def _project(scratch: Scratch, sides: Sides) -> _Project:
    root, folder = f"{sides.commit}^{{tree}}", f"{sides.commit}:{sides.prefix.rstrip('/')}"
    names = {f"{folder}/{path}" if sides.prefix else f"{folder}{path}": path for path in {**sides.base, **sides.theirs}}
    attributes = f"{sides.commit}:{sides.prefix}.gitattributes"
    modules = f"{sides.commit}:.gitmodules"
    objects = scratch.ids_and_contents([root, folder, *names, attributes, modules])
    scratch.use_attributes(objects[attributes][1] if attributes in objects else b"")
    contents = {path: objects[name][1] for name, path in names.items() if name in objects}
    in_submodules = _in_submodules(objects.get(modules, ("", b""))[1], sides.prefix, {*sides.base, *sides.theirs})
    blob_ids = {objects[name][1]: objects[name][0] for name in names if name in objects}
    ours = objects[folder if sides.prefix else root][0]
    return _Project(objects[root][0], ours, contents, in_submodules, blob_ids)


_SUBMODULE_PATH = re.compile(rb"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def _in_submodules(modules: bytes, prefix: str, paths: set[str]) -> frozenset[str]:
    """Those of `paths` (below `prefix`) that are at or below a submodule; `modules`: the content of .gitmodules."""
    folders = [os.fsdecode(path).removeprefix(prefix) for path in _SUBMODULE_PATH.findall(modules)]
    return frozenset(path for path in paths for folder in folders if path == folder or path.startswith(f"{folder}/"))


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
            message = f"{path} is new in the template, but you have a file there that git ignores."
            raise ToolError(message, "Move yours elsewhere, then run this again.")
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
