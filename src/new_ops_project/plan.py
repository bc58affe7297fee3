"""Base, ours and theirs become a Plan: the merged tree and what a person should know of it, before anything moves."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from new_ops_project import git, merge, syntax
from new_ops_project.errors import ToolError
from new_ops_project.merge import Difference, Merged, Scratch, Stage
from new_ops_project.project import Repository
from new_ops_project.tree import LINK, PLAIN, Entry, Tree, with_endings

_KINDS = {"A": "added", "D": "removed", "M": "changed", "R": "moved", "T": "changed"}

# Why a path is in conflict, by the kind that git names.
_REASONS = {
    "contents": "you and the template changed the same lines",
    "add/add": "you and the template added it",
    "modify/delete": "you edited it, the template dropped it",
    "rename/delete": "you moved it, the template dropped it",
    "rename/rename": "you and the template moved it to different places",
    "rename/add": "a moved file and a new one have the same name",
    "rename involved in collision": "a moved file and another have the same name",
    "file/directory": "a folder is in its place",
    "distinct modes": "it is a file on one side and a link on the other",
    "distinct types": "it is a file on one side and a link on the other",
    "binary": "you and the template changed it, and it is no text",
    "submodule": "a submodule is in its place",
}


@dataclass(frozen=True)
class Change:
    """What becomes of one path (below the project's folder); `before` is where a moved file was."""

    path: str
    kind: str
    before: str = ""


@dataclass(frozen=True)
class Conflict:
    """One path that a person must decide about."""

    path: str
    reason: str


@dataclass(frozen=True)
class Sides:
    """What is merged: two renders, and a commit of the project, whose folder has the prefix `prefix`.

    `over` names files that are the template's alone: the project's version of them does not count.
    `once` names files that the template writes once: where it or the project ever had one, it is the user's.
    `moves` says where files of the project go before the merge, if it has edited them.
    """

    base: Tree
    theirs: Tree
    commit: str
    prefix: str
    over: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    moves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A change to a project, computed as a whole; its objects live in `scratch`.

    `head` is the whole tree of the commit, `tree` what it would become; `ignored` are paths of the template that
    the project's ignore rules keep out.
    """

    scratch: Scratch
    repository: Repository
    prefix: str
    commit: str
    head: str
    tree: str
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    stages: tuple[Stage, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    def patch(self, *more: str) -> bytes:
        """The full difference that it makes, as text for `git apply`."""
        return self.scratch.patch(self.head, self.tree, *more)

    def differences(self) -> list[Difference]:
        """What it writes and removes, by path from the repository's root."""
        return self.scratch.differences(self.head, self.tree)


@dataclass(frozen=True)
class Found:
    """What somebody else made of the project's folder: its tree, with markers where `stages` says so.

    `base` is the old template; `over` names files that are the template's alone.
    """

    tree: str
    stages: tuple[Stage, ...]
    base: Tree
    over: frozenset[str]


@dataclass(frozen=True)
class Draft:
    """A merged project folder in the making: `over` are files that are not as git merged them."""

    scratch: Scratch
    merged: Merged
    ours: str
    differences: tuple[Difference, ...]
    blobs: Mapping[str, bytes]
    over: Mapping[str, Entry | None]
    conflicts: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def content(self, path: str) -> bytes | None:
        """What stands at `path` in the merged tree as it is now; None for what did not change or is gone."""
        if path in self.over:
            entry = self.over[path]
            return entry.content if entry else None
        found = next((one for one in self.differences if one.path == path and one.status != "D"), None)
        return self.blobs.get(found.blob) if found else None

    def mode(self, path: str) -> str:
        """The mode of `path` in the merged tree."""
        return next((one.mode for one in self.differences if one.path == path and one.status != "D"), PLAIN)


# Changes a draft with knowledge that git lacks (generated files, for example).
Mend = Callable[[Draft], Draft]


@contextmanager
def planned(repository: Repository, sides: Sides, mend: Mend = lambda draft: draft) -> Iterator[Plan]:
    """Merge `sides` in a scratch repository; yield the plan, which can be shown and applied while that exists."""
    with merge.scratch(repository.objects, repository.object_format) as scratch:
        yield _plan(scratch, repository, sides, mend)


@contextmanager
def found(repository: Repository, commit: str, prefix: str, made: Found) -> Iterator[Plan]:
    """Yield, as a plan, what somebody else made of the project; what the user edited and they dropped is a conflict."""
    with merge.scratch(repository.objects, repository.object_format) as scratch:
        head, ours, mine = _project(scratch, Sides(made.base, {}, commit, prefix))
        reasons = {stage.path: "CONFLICT (contents)" for stage in made.stages}
        draft = _draft(scratch, Merged(made.tree, made.stages, reasons), ours)
        draft = _unbroken(_not_dropped(_labelled(draft), made, mine), {})
        yield _finished(draft, repository, Sides(made.base, {}, commit, prefix), head, ignored=set())


def _not_dropped(draft: Draft, made: Found, mine: Mapping[str, bytes]) -> Draft:
    """With every file kept, and in conflict, that is gone although the user edited it."""
    gone = [one for one in draft.differences if one.status == "D" and one.path not in made.over]
    rendered = {path: entry.content for path, entry in made.base.items()}
    edited = [one for one in gone if one.path not in rendered or mine.get(one.path) != rendered[one.path]]
    content = draft.scratch.contents([one.old_blob for one in edited])
    modes = {one.path: Entry(one.old_mode, content[one.old_blob]) for one in edited}
    kept = [Stage(one.old_mode, one.old_blob, number, one.path) for one in edited for number in (1, 2)]
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *kept)),
        over={**draft.over, **modes},
        conflicts={**draft.conflicts, **dict.fromkeys(modes, _REASONS["modify/delete"])},
    )


def _plan(scratch: Scratch, repository: Repository, sides: Sides, mend: Mend) -> Plan:
    head, ours, mine = _project(scratch, sides)
    ignored = _ignored(repository, sides, mine)
    left_out = ignored | (sides.once & (sides.base.keys() | mine.keys()))
    base, theirs = (
        {path: entry for path, entry in side.items() if path not in left_out} for side in (sides.base, sides.theirs)
    )
    base, theirs = with_endings(base, theirs, {path: content for path, content in mine.items() if path in base})
    moves = {old: new for old, new in sides.moves.items() if old in mine and mine[old] != base[old].content}
    merged = scratch.merge(
        {path: entry for path, entry in base.items() if path not in moves}, ours, theirs,
        over={path: base[path] for path in sides.over if path in base}, moves=moves,
    )  # fmt: skip
    draft = _draft(scratch, merged, ours)
    draft = mend(_unbroken(_deleted(_labelled(draft)), theirs))
    return _finished(draft, repository, sides, head, ignored=ignored)


def _finished(draft: Draft, repository: Repository, sides: Sides, head: str, *, ignored: set[str]) -> Plan:
    """The plan that a draft has become."""
    scratch, tree = draft.scratch, draft.merged.tree
    if draft.over or sides.prefix:
        tree = scratch.build(head, (sides.prefix, tree), draft.over)
    stages = tuple(
        replace(stage, path=f"{sides.prefix}{stage.path}")
        for stage in draft.merged.stages
        if stage.path in draft.conflicts
    )
    return Plan(
        scratch, repository, sides.prefix, sides.commit, head, tree, tuple(_changes(draft)),
        tuple(Conflict(path, reason) for path, reason in sorted(draft.conflicts.items())),
        stages, tuple(sorted(ignored)), draft.notes,
    )  # fmt: skip


def _project(scratch: Scratch, sides: Sides) -> tuple[str, str, dict[str, bytes]]:
    """The ids of the commit's tree and of the project's folder in it, and its version of each rendered file."""
    root, folder = f"{sides.commit}^{{tree}}", f"{sides.commit}:{sides.prefix.rstrip('/')}"
    names = {f"{folder}/{path}" if sides.prefix else f"{folder}{path}": path for path in {**sides.base, **sides.theirs}}
    found = scratch.objects_of([root, folder, *names])
    mine = {path: found[name][1] for name, path in names.items() if name in found}
    return found[root][0], found[folder][0] if sides.prefix else found[root][0], mine


def _ignored(repository: Repository, sides: Sides, mine: Mapping[str, bytes]) -> set[str]:
    """Rendered paths that the project does not have and its ignore rules keep out of it.

    Raises ToolError for one that is new in the template while a file of the user's own is there.
    """
    absent = [path for path in {**sides.base, **sides.theirs} if path not in mine]
    folder = repository.root / sides.prefix
    ignored = set(git.ignored(folder, absent)) if absent else set()
    for path in sorted(ignored & sides.theirs.keys() - sides.base.keys()):
        if os.path.lexists(folder / path):
            message = f"{path} is new in the template, and a file of yours, which git ignores, is there."
            raise ToolError(message, f"Move yours elsewhere, or track it with git add --force {path}.")
    return ignored


def _draft(scratch: Scratch, merged: Merged, ours: str) -> Draft:
    differences = tuple(scratch.differences(ours, merged.tree))
    files = [one for one in differences if one.status != "D" and one.mode != "160000"]
    wanted = [blob for one in files for blob in (one.blob, one.old_blob) if blob.strip("0")]
    wanted += [stage.blob for stage in merged.stages]
    kinds = {stage.path: merged.reasons.get(stage.path, "CONFLICT") for stage in merged.stages}
    return Draft(scratch, merged, ours, differences, scratch.contents(wanted), {}, _reasons(kinds))


def _reasons(kinds: Mapping[str, str]) -> dict[str, str]:
    short = {path: kind.removeprefix("CONFLICT").strip(" ()") for path, kind in kinds.items()}
    return {path: _REASONS.get(kind, kind or "git could not merge it") for path, kind in short.items()}


def _labelled(draft: Draft) -> Draft:
    """With labels for people behind the markers."""
    shown = {
        path: Entry(draft.mode(path), merge.labelled(content))
        for path in draft.conflicts
        if (content := draft.content(path)) is not None and b"\0" not in content
    }
    changed = {path: entry for path, entry in shown.items() if entry.content != draft.content(path)}
    return replace(draft, over={**draft.over, **changed})


def _deleted(draft: Draft) -> Draft:
    """With what the user deleted staying deleted, although the template has changed it since."""
    sides: dict[str, set[int]] = {}
    for stage in draft.merged.stages:
        sides.setdefault(stage.path, set()).add(stage.number)
    gone = {path for path, numbers in sides.items() if 2 not in numbers and "/delete" in _kind(draft, path)}  # noqa: PLR2004
    notes = tuple(
        f"{path} was deleted here and has changed in the template; it stays deleted." for path in sorted(gone)
    )
    return replace(
        draft,
        over={**draft.over, **dict.fromkeys(gone)},
        conflicts={path: reason for path, reason in draft.conflicts.items() if path not in gone},
        notes=(*draft.notes, *notes),
    )


def _kind(draft: Draft, path: str) -> str:
    kind = draft.merged.reasons.get(path, "")
    return "/delete" if kind == "CONFLICT" else kind


def _unbroken(draft: Draft, theirs: Tree) -> Draft:
    """With a conflict for each file that parsed on both sides, merged cleanly, and parses no more."""
    for one in draft.differences:
        content = draft.content(one.path)
        if content is None or one.path in draft.conflicts or one.mode == LINK:
            continue
        if not (why := syntax.problem(one.path, content)):
            continue
        mine = draft.blobs.get(one.old_blob)
        rendered = theirs.get(one.path) or theirs.get(one.before)
        if mine is None or syntax.problem(one.path, mine) or (rendered and syntax.problem(one.path, rendered.content)):
            continue
        draft = _broken(draft, one, mine, content, why)
    return draft


def _broken(draft: Draft, one: Difference, mine: bytes, content: bytes, why: str) -> Draft:
    marked = syntax.as_conflict(mine, content, lambda text: not syntax.problem(one.path, text))
    stages = [Stage(one.mode, one.old_blob, number, one.path) for number in (1, 2)]
    stages.append(Stage(one.mode, one.blob, 3, one.path))
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *stages)),
        over={**draft.over, one.path: Entry(one.mode, marked)},
        conflicts={**draft.conflicts, one.path: why},
    )


def _changes(draft: Draft) -> Iterator[Change]:
    """What becomes of each path, in order; a path in conflict is that and nothing else."""
    seen = set(draft.conflicts)
    found = [Change(path, "conflict") for path in draft.conflicts]
    for one in draft.differences:
        if one.path in seen or _is_undone(draft, one):
            continue
        seen.add(one.path)
        before = one.before if one.status == "R" else ""
        found.append(Change(one.path, _KINDS.get(one.status, "changed"), before))
    yield from sorted(found, key=lambda change: change.path)


def _is_undone(draft: Draft, one: Difference) -> bool:
    """Whether what is laid over the merged tree takes the difference back."""
    if one.path not in draft.over:
        return False
    entry = draft.over[one.path]
    return entry is None if one.status == "A" else bool(entry and entry.content == draft.blobs.get(one.old_blob))


def blob_id(content: bytes, like: str) -> str:
    """The id that git gives to a blob, in the hash that `like` is in."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256  # noqa: PLR2004 - git's two object formats
    return kind(b"blob %d\0" % len(content) + content).hexdigest()


def parents(path: str) -> Iterable[str]:
    """The folders above `path`, nearest first, without the root."""
    return [str(folder) for folder in PurePosixPath(path).parents if str(folder) != "."]
