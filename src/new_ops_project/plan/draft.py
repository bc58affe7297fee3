"""A draft of a Plan: what git merged, corrected step by step.

Each step takes a draft and returns a new one. `overrides` collects the files that are no longer as git merged them, so
that the tree is built once, at the end, rather than after each step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

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

    def sides(self, path: str) -> dict[int, bytes]:
        """The sides of the conflict at `path`: 1 is the old template, 2 the project, 3 the new template."""
        blobs = {stage.number: stage.blob for stage in self.merged.stages if stage.path == path}
        contents = self.scratch.contents(blobs.values())
        return {number: contents[blob] for number, blob in blobs.items() if blob in contents}

    def text_sides(self, path: str) -> tuple[bytes, ...]:
        """Old template, project and new template where both changed the content of a text file; else ()."""
        sides = self.sides(path)
        is_text = "content" in self.merged.reasons.get(path, "") and b"\0" not in b"".join(sides.values())
        return tuple(sides[number] for number in (1, 2, 3)) if is_text and sides.keys() == {1, 2, 3} else ()

    def parsed(self, path: str) -> bool:
        """Whether all sides of a conflict that git found parse, judged by the type that its name implies."""
        is_gits = path in self.merged.reasons
        return not (is_gits and any(validation.problem(path, content) for content in self.sides(path).values()))

    def settle(self, files: Mapping[str, bytes | None], *notes: str) -> "Draft":
        """This draft with these contents, None for no file, and without the conflicts at their paths."""
        entries = {
            path: None if content is None else Entry(self.mode(path), content) for path, content in files.items()
        }
        conflicts = {path: reason for path, reason in self.conflicts.items() if path not in files}
        overrides = {**self.overrides, **entries}
        return replace(self, overrides=overrides, conflicts=conflicts, notes=(*self.notes, *notes))

    def conflict(self, path: str, sides: Mapping[int, bytes], entry: Entry, reason: str) -> "Draft":
        """This draft with a conflict at `path` that git does not know of, and with `entry` there; `sides` as above."""
        blobs = self.scratch.write_blobs(sides.values())
        stages = [Stage(entry.mode, blob, number, path) for number, blob in zip(sides, blobs, strict=True)]
        return replace(
            self,
            merged=replace(self.merged, stages=(*self.merged.stages, *stages)),
            overrides={**self.overrides, path: entry},
            conflicts={**self.conflicts, path: reason},
        )

    def mode(self, path: str) -> str:
        """The mode of `path` in the merged tree; that of a plain file if it did not change."""
        difference = self._difference(path)
        return difference.mode if difference else PLAIN

    def _difference(self, path: str) -> Difference | None:
        return next((change for change in self.differences if change.path == path and change.status != "D"), None)


def start_draft(scratch: Scratch, merged: Merged, ours: str) -> Draft:
    """The draft of a fresh merge of the tree object `ours`, with a reason for each conflict."""
    differences = scratch.differences(ours, merged.tree)
    files = [change for change in differences if change.status != "D" and change.mode != "160000"]
    ids = [blob for change in files for blob in (change.blob, change.old_blob) if blob.strip("0")]
    ids += [stage.blob for stage in merged.stages]
    kinds = {stage.path: merged.reasons.get(stage.path, "CONFLICT") for stage in merged.stages}
    blobs = scratch.contents(ids)
    # git calls it a conflict of content too, but writes no markers and leaves the user's side in place.
    binary = {stage.path for stage in merged.stages if b"\0" in blobs.get(stage.blob, b"")}
    kinds |= {path: "binary" for path in binary if "content" in kinds[path]}
    names = {path: kind.removeprefix("CONFLICT").strip(" ()") for path, kind in kinds.items()}
    reasons = {path: _REASONS.get(name, name or "git could not merge it") for path, name in names.items()}
    return Draft(scratch, merged, ours, differences, blobs, {}, reasons)


def with_labels(draft: Draft) -> Draft:
    """The draft with labels for people after the conflict markers."""
    labelled = {
        path: Entry(draft.mode(path), markers.with_labels(content))
        for path in draft.conflicts
        if (content := draft.content(path)) is not None and b"\0" not in content
    }
    changed = {path: entry for path, entry in labelled.items() if entry.content != draft.content(path)}
    return replace(draft, overrides={**draft.overrides, **changed})


def keep_deleted(draft: Draft) -> Draft:
    """The draft in which files that the user deleted stay deleted, with a note, although the template changed them.

    git makes each of them a conflict, at every update again. The user has decided already.
    """
    present = {stage.path for stage in draft.merged.stages if stage.number == 2}  # noqa: PLR2004 - the project's side
    kinds = {stage.path: draft.merged.reasons.get(stage.path, "") for stage in draft.merged.stages}
    # A kind without details may be a deletion, too: an old git has no others (merge_in_worktree).
    deleted = sorted(path for path in kinds.keys() - present if "/delete" in kinds[path] or kinds[path] == "CONFLICT")
    notes = (f"{path} was deleted here, but changed in the template; it stays deleted." for path in deleted)
    return draft.settle(dict.fromkeys(deleted), *notes)


def flag_broken(draft: Draft, base: Tree, theirs: Tree) -> Draft:
    """The draft with a conflict for each file that merged cleanly and does not parse, although both sides do.

    git merges by line. Two changes to different lines can both be right and give a file that means nothing together,
    such as a TOML file with the same key twice.
    """
    for difference in draft.differences:
        path, content = difference.path, draft.content(difference.path)
        if content is None or path in draft.conflicts or difference.mode == LINK:
            continue
        problem, ours = validation.problem(path, content), draft.blobs.get(difference.old_blob)
        old, new = (side.get(path) or side.get(difference.before) for side in (base, theirs))
        if not problem or ours is None or validation.problem(path, ours):
            continue  # here and below: what was broken before is not for the merge to judge
        if new and validation.problem(path, new.content):
            continue
        sides = {1: old.content if old else ours, 2: ours, 3: new.content if new else content}
        marked = markers.mark_broken(ours, content, sides[3], partial(validation.problem, path))
        draft = draft.conflict(path, sides, Entry(difference.mode, marked), problem)
    return draft
