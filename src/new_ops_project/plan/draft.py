"""A draft of a Plan: what git merged, corrected step by step.

Each step takes a draft and returns a new one. `overrides` collects the files that are no longer as git merged them, so
that the tree is built once, at the end, rather than after each step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from new_ops_project.formats import validation
from new_ops_project.git import markers
from new_ops_project.git.merge import Difference, Merged, Scratch, Stage
from new_ops_project.git.tree import LINK, PLAIN, Entry, Tree

# Why a path is in conflict, in words for people, by the kind that git-merge-tree(1) gives.
_REASONS = {
    "content": "you and the template changed the same lines",
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
    "binary": "you and the template changed it, and it is a binary file",
    "submodule": "a submodule is in its place",
}


@dataclass(frozen=True)
class Draft:
    """A merged project folder. Paths are relative to that folder.

    `ours`: the id of the project's tree; `differences`: between it and the merged tree; `blobs`: contents by id, for
    both sides of each difference and for each stage. `overrides`: files that replace those of the merged tree; None
    removes a file. `conflicts`: the reason by path.
    """

    scratch: Scratch
    merged: Merged
    ours: str
    differences: tuple[Difference, ...]
    blobs: Mapping[str, bytes]
    overrides: Mapping[str, Entry | None]
    conflicts: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def content(self, path: str) -> bytes | None:
        """The content of `path` with all corrections; None for a file that did not change or was removed."""
        if path in self.overrides:
            entry = self.overrides[path]
            return entry.content if entry else None
        difference = self._difference(path)
        return self.blobs.get(difference.blob) if difference else None

    def parsed(self, path: str) -> bool:
        """Whether all sides of the conflict at `path` parse, judged by the type that its name implies."""
        sides = [
            self.blobs[stage.blob] for stage in self.merged.stages if stage.path == path and stage.blob in self.blobs
        ]
        return not any(validation.problem(path, content) for content in sides)

    def mode(self, path: str) -> str:
        """The mode of `path` in the merged tree; that of a plain file if it did not change."""
        difference = self._difference(path)
        return difference.mode if difference else PLAIN

    def _difference(self, path: str) -> Difference | None:
        return next((change for change in self.differences if change.path == path and change.status != "D"), None)


def start_draft(scratch: Scratch, merged: Merged, ours: str) -> Draft:
    """The draft of a fresh merge of the tree object `ours`, with a reason for each conflict."""
    differences = tuple(scratch.differences(ours, merged.tree))
    files = [change for change in differences if change.status != "D" and change.mode != "160000"]
    ids = [blob for change in files for blob in (change.blob, change.old_blob) if blob.strip("0")]
    ids += [stage.blob for stage in merged.stages]
    kinds = {stage.path: merged.reasons.get(stage.path, "CONFLICT") for stage in merged.stages}
    blobs = scratch.contents(ids)
    # git calls it a conflict of content too, but writes no markers and leaves the user's side in place.
    binary = {stage.path for stage in merged.stages if b"\0" in blobs.get(stage.blob, b"")}
    kinds |= {path: "binary" for path in binary if "content" in kinds[path]}
    return Draft(scratch, merged, ours, differences, blobs, {}, _reasons(kinds))


def _reasons(kinds: Mapping[str, str]) -> dict[str, str]:
    """The reason for each path in words, from a kind such as `CONFLICT (modify/delete)`."""
    names = {path: kind.removeprefix("CONFLICT").strip(" ()") for path, kind in kinds.items()}
    return {path: _REASONS.get(name, name or "git could not merge it") for path, name in names.items()}


def with_labels(draft: Draft) -> Draft:
    """The draft with labels for people after the conflict markers."""
    labelled = {
        path: Entry(draft.mode(path), markers.with_labels(content))
        for path in draft.conflicts
        if (content := draft.content(path)) is not None and b"\0" not in content
    }
    changed = {path: entry for path, entry in labelled.items() if entry.content != draft.content(path)}
    return replace(draft, overrides={**draft.overrides, **changed})


def with_base_sides(draft: Draft) -> Draft:
    """The draft with the old template's lines in each conflict of a text that all three sides have.

    Copier writes conflicts with two sides only, from which nobody can tell who changed what.
    """
    sides: dict[str, dict[int, bytes]] = {}
    for stage in draft.merged.stages:
        sides.setdefault(stage.path, {})[stage.number] = draft.blobs[stage.blob]
    texts = {path: three for path, three in sides.items() if len(three) == 3 and b"\0" not in b"".join(three.values())}  # noqa: PLR2004
    merged = {path: draft.scratch.three_way(three[1], three[2], three[3]) for path, three in texts.items()}
    overrides = {path: Entry(draft.mode(path), content) for path, content in merged.items()}
    return replace(draft, overrides={**draft.overrides, **overrides})


def keep_deleted(draft: Draft) -> Draft:
    """The draft in which files that the user deleted stay deleted, with a note, although the template changed them.

    git makes each of them a conflict, at every update again. The user has decided already.
    """
    sides: dict[str, set[int]] = {}
    for stage in draft.merged.stages:
        sides.setdefault(stage.path, set()).add(stage.number)
    deleted = {path for path, numbers in sides.items() if 2 not in numbers and _is_deletion(draft, path)}  # noqa: PLR2004
    notes = tuple(
        f"{path} was deleted here, but changed in the template; it stays deleted." for path in sorted(deleted)
    )
    return replace(
        draft,
        overrides={**draft.overrides, **dict.fromkeys(deleted)},
        conflicts={path: reason for path, reason in draft.conflicts.items() if path not in deleted},
        notes=(*draft.notes, *notes),
    )


def _is_deletion(draft: Draft, path: str) -> bool:
    """Whether one side deleted the file. A kind without details is one, as an old git gives it (merge_in_worktree)."""
    kind = draft.merged.reasons.get(path, "")
    return "/delete" in kind or kind == "CONFLICT"


def flag_broken(draft: Draft, base: Tree, theirs: Tree) -> Draft:
    """The draft with a conflict for each file that merged cleanly and does not parse, although both sides do.

    git merges by line. Two changes to different lines can both be right and give a file that means nothing together,
    such as a TOML file with the same key twice.
    """
    for difference in draft.differences:
        path, content = difference.path, draft.content(difference.path)
        if content is None or path in draft.conflicts or difference.mode == LINK:
            continue
        if not (problem := validation.problem(path, content)):
            continue
        ours = draft.blobs.get(difference.old_blob)
        their_entry = theirs.get(path) or theirs.get(difference.before)
        if (
            ours is None
            or validation.problem(path, ours)
            or (their_entry and validation.problem(path, their_entry.content))
        ):
            continue  # it was broken before, which is not for the merge to judge
        base_entry = base.get(path) or base.get(difference.before)
        sides = (
            base_entry.content if base_entry else ours,
            ours,
            their_entry.content if their_entry else content,
        )
        draft = _with_broken(draft, difference, sides, problem)
    return draft


def _with_broken(draft: Draft, difference: Difference, sides: tuple[bytes, bytes, bytes], problem: str) -> Draft:
    """The draft with a conflict at one path, whose sides are the old template, the project and the new template."""
    path, mode = difference.path, difference.mode
    content = draft.content(path) or b""
    marked = markers.mark_broken(sides[1], content, sides[2], lambda text: not validation.problem(path, text))
    return _with_conflict(draft, path, sides, Entry(mode, marked), problem)


def _with_conflict(draft: Draft, path: str, sides: tuple[bytes, bytes, bytes], entry: Entry, reason: str) -> Draft:
    """The draft with a conflict at `path` that git does not know of, and with `entry` there."""
    blobs = draft.scratch.write_blobs(sides)
    stages = [Stage(entry.mode, blob, number, path) for number, blob in enumerate(blobs, start=1)]
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *stages)),
        overrides={**draft.overrides, path: entry},
        conflicts={**draft.conflicts, path: reason},
    )


def flag_overwritten(
    draft: Draft, base: Tree, theirs: Tree, ours: Mapping[str, bytes], *, template_only: frozenset[str]
) -> Draft:
    """The draft with a conflict in each file that both sides changed and in which only the template's changes are left.

    The user's version is what stays. `template_only`: files to which this does not apply.
    """
    for difference in draft.differences:
        path = difference.path
        if difference.status not in "MT" or path in {*draft.conflicts, *template_only}:
            continue
        if path not in base or path not in theirs or path not in ours:
            continue
        sides = (base[path].content, ours[path], theirs[path].content)
        if draft.content(path) == sides[2] and len({*sides}) == len(sides):
            reason = "you and the template changed it, and git would keep only one of the changes"
            draft = _with_conflict(draft, path, sides, Entry(difference.old_mode, ours[path]), reason)
    return draft


def flag_dropped(draft: Draft, base: Tree, ours: Mapping[str, bytes], *, template_only: frozenset[str]) -> Draft:
    """The draft with every file that the user edited and that is gone: it is kept, and in conflict.

    `template_only`: files to which this does not apply.
    """
    gone = [change for change in draft.differences if change.status in "DR" and change.before not in template_only]
    edited = [
        change for change in gone if change.before not in base or ours.get(change.before) != base[change.before].content
    ]
    contents = draft.scratch.contents([change.old_blob for change in edited])
    kept = {change.before: Entry(change.old_mode, contents[change.old_blob]) for change in edited}
    # Stages 1 and 2 without 3 are git's own form of "edited here, deleted there".
    stages = [Stage(change.old_mode, change.old_blob, number, change.before) for change in edited for number in (1, 2)]
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *stages)),
        overrides={**draft.overrides, **kept},
        conflicts={**draft.conflicts, **dict.fromkeys(kept, _REASONS["modify/delete"])},
    )
