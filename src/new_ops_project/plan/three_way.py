"""Base, ours and theirs become a Plan: the merged tree and what a person should know of it, before anything moves."""

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


# Changes a draft with knowledge that git lacks (generated files, for example).
Adjust = Callable[[Draft], Draft]


@contextmanager
def plan_from_sides(repository: Repository, sides: Sides, mend: Adjust = lambda draft: draft) -> Iterator[Plan]:
    """Merge `sides` in a scratch repository; yield the plan, which can be shown and applied while that exists."""
    with merge.scratch_repository(repository.objects, repository.object_format) as scratch:
        yield _plan(scratch, repository, sides, mend)


@contextmanager
def plan_from_copier(repository: Repository, commit: str, prefix: str, made: CopierResult) -> Iterator[Plan]:
    """Yield, as a plan, what somebody else made of the project; what the user edited and they dropped is a conflict."""
    with merge.scratch_repository(repository.objects, repository.object_format) as scratch:
        project = _project(scratch, Sides(made.base, {}, commit, prefix))
        reasons = {stage.path: "CONFLICT (contents)" for stage in made.stages}
        draft = with_labels(with_base_sides(start_draft(scratch, Merged(made.tree, made.stages, reasons), project.ours)))
        draft = flag_overwritten(draft, made.base, made.theirs, project.mine, over=made.over)
        draft = flag_broken(flag_dropped(draft, made.base, project.mine, over=made.over), {}, {})
        draft = replace(draft, notes=(*draft.notes, *_unseen(made, project.mine)))
        yield _finished(draft, repository, Sides(made.base, {}, commit, prefix), project.head, ignored=set())


def _unseen(made: CopierResult, mine: Mapping[str, bytes]) -> list[str]:
    """A note for each file whose changes had nowhere to go."""
    missed = [path for path in made.base if path in made.theirs and path not in mine]
    changed = [path for path in sorted(missed) if made.base[path] != made.theirs[path]]
    return [
        f"{path} was moved or deleted here and has changed in the template; that is for you to bring over."
        for path in changed
    ]


def _plan(scratch: Scratch, repository: Repository, sides: Sides, mend: Adjust) -> Plan:
    project = _project(scratch, sides)
    mine = project.mine
    there = {path for path in sides.once if os.path.lexists(repository.root / sides.prefix / path)}
    once = sides.once & (sides.base.keys() | mine.keys() | there)
    ignored = _ignored(scratch, repository, sides, {*mine, *once, *project.inside}) | project.inside
    left_out = ignored | once
    base, theirs = (
        {path: entry for path, entry in side.items() if path not in left_out} for side in (sides.base, sides.theirs)
    )
    base, theirs = with_line_endings(base, theirs, {path: content for path, content in mine.items() if path in base})
    moves = {old: new for old, new in sides.moves.items() if old not in sides.if_edited or _is_edited(old, base, mine)}
    merged = scratch.merge(
        {path: entry for path, entry in base.items() if path not in moves},
        project.ours,
        theirs,
        over={**{path: base[path] for path in sides.over if path in base}, **sides.mine},
        moves=moves,
        known=project.known,
    )
    draft = start_draft(scratch, merged, project.ours)
    draft = mend(flag_broken(keep_deleted(with_labels(draft)), base, theirs))
    return _finished(draft, repository, sides, project.head, ignored=ignored)


def _is_edited(path: str, base: Tree, mine: Mapping[str, bytes]) -> bool:
    return path in base and mine.get(path) not in {None, base[path].content}


def _finished(draft: Draft, repository: Repository, sides: Sides, head: str, *, ignored: set[str]) -> Plan:
    """The plan that a draft has become."""
    scratch, tree, differences = draft.scratch, draft.merged.tree, draft.differences
    if draft.over or sides.prefix:
        tree = scratch.build(head, (sides.prefix, tree), draft.over)
        differences = tuple(scratch.differences(head, tree))
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
        head,
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
    """A commit of the project: the ids of its tree and of the project's folder in it, and what it has of the template.

    `mine` is its version of each rendered file that it has, `known` the id of each such content; `inside` are those
    that a submodule is in the way of.
    """

    head: str
    ours: str
    mine: Mapping[str, bytes]
    inside: frozenset[str]
    known: Mapping[bytes, str]


def _project(scratch: Scratch, sides: Sides) -> _Project:
    root, folder = f"{sides.commit}^{{tree}}", f"{sides.commit}:{sides.prefix.rstrip('/')}"
    names = {f"{folder}/{path}" if sides.prefix else f"{folder}{path}": path for path in {**sides.base, **sides.theirs}}
    rules = f"{sides.commit}:{sides.prefix}.gitattributes"
    modules = f"{sides.commit}:.gitmodules"
    found = scratch.objects_of([root, folder, *names, rules, modules])
    scratch.heed(found[rules][1] if rules in found else b"")
    mine = {path: found[name][1] for name, path in names.items() if name in found}
    inside = _inside(found.get(modules, ("", b""))[1], sides.prefix, {*sides.base, *sides.theirs})
    known = {found[name][1]: found[name][0] for name in names if name in found}
    return _Project(found[root][0], found[folder][0] if sides.prefix else found[root][0], mine, inside, known)


_MODULE = re.compile(rb"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def _inside(modules: bytes, prefix: str, paths: set[str]) -> frozenset[str]:
    """Those of `paths` (below `prefix`) that are in the place of a submodule, or in one (gitmodules(5))."""
    places = [os.fsdecode(place).removeprefix(prefix) for place in _MODULE.findall(modules)]
    return frozenset(path for path in paths for place in places if path == place or path.startswith(f"{place}/"))


def _ignored(scratch: Scratch, repository: Repository, sides: Sides, decided: set[str]) -> set[str]:
    """Rendered paths that are not yet `decided` about, and that the project's ignore rules, or the new ones, keep out.

    Raises ToolError for one that is new in the template while a file of the user's own is there.
    """
    absent = [path for path in {**sides.base, **sides.theirs} if path not in decided]
    folder = repository.root / sides.prefix
    reachable = [path for path in absent if not any((folder / at).is_symlink() for at in PurePosixPath(path).parents)]
    ignored = set(git.ignored(folder, reachable)) if reachable else set()
    new = sides.theirs.keys() - sides.base.keys() - decided
    ignored |= scratch.ignored(sides.theirs, new & {*reachable} - ignored)
    for path in sorted(ignored & new):
        if os.path.lexists(folder / path):
            message = f"{path} is new in the template, and a file of yours, which git ignores, is there."
            raise ToolError(message, "Move yours elsewhere, then run this again.")
    return ignored


def _changes(differences: Iterable[Difference], prefix: str, conflicts: Mapping[str, str]) -> Iterator[FileChange]:
    """What becomes of each path, in order; a path in conflict is that and nothing else."""
    found = {path: FileChange(path, "conflict") for path in conflicts}
    for one in differences:
        path, before = one.path.removeprefix(prefix), one.before.removeprefix(prefix) if one.status == "R" else ""
        kind = "conflict" if path in conflicts else _KINDS.get(one.status, "changed")
        found[path] = FileChange(path, kind, before)
    yield from sorted(found.values(), key=lambda change: change.path)
