"""A merged project folder in the making, and what is known of it that git did not know."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from new_ops_project.formats import validation
from new_ops_project.git import markers
from new_ops_project.git.merge import Difference, Merged, Scratch, Stage
from new_ops_project.git.tree import LINK, PLAIN, Entry, Tree

# Why a path is in conflict, by the kind that git names.
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
    "binary": "you and the template changed it, and it is no text",
    "submodule": "a submodule is in its place",
}


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

    def parsed(self, path: str) -> bool:
        """Whether the sides of the conflict at `path` parse as what its name says."""
        sides = [
            self.blobs[stage.blob] for stage in self.merged.stages if stage.path == path and stage.blob in self.blobs
        ]
        return not any(validation.problem(path, content) for content in sides)

    def mode(self, path: str) -> str:
        """The mode of `path` in the merged tree."""
        return next((one.mode for one in self.differences if one.path == path and one.status != "D"), PLAIN)


def start_draft(scratch: Scratch, merged: Merged, ours: str) -> Draft:
    """What git made of the tree object `ours`, with what it says of each conflict."""
    differences = tuple(scratch.differences(ours, merged.tree))
    files = [one for one in differences if one.status != "D" and one.mode != "160000"]
    wanted = [blob for one in files for blob in (one.blob, one.old_blob) if blob.strip("0")]
    wanted += [stage.blob for stage in merged.stages]
    kinds = {stage.path: merged.reasons.get(stage.path, "CONFLICT") for stage in merged.stages}
    blobs = scratch.contents(wanted)
    binary = {stage.path for stage in merged.stages if b"\0" in blobs.get(stage.blob, b"")}
    kinds |= {path: "binary" for path in binary if "content" in kinds[path]}
    return Draft(scratch, merged, ours, differences, blobs, {}, _reasons(kinds))


def _reasons(kinds: Mapping[str, str]) -> dict[str, str]:
    short = {path: kind.removeprefix("CONFLICT").strip(" ()") for path, kind in kinds.items()}
    return {path: _REASONS.get(kind, kind or "git could not merge it") for path, kind in short.items()}


def with_labels(draft: Draft) -> Draft:
    """With labels for people behind the markers."""
    shown = {
        path: Entry(draft.mode(path), markers.with_labels(content))
        for path in draft.conflicts
        if (content := draft.content(path)) is not None and b"\0" not in content
    }
    changed = {path: entry for path, entry in shown.items() if entry.content != draft.content(path)}
    return replace(draft, over={**draft.over, **changed})


def with_base_sides(draft: Draft) -> Draft:
    """With the old template in each conflict of a text that all three have, where whoever merged it left it out."""
    sides: dict[str, dict[int, bytes]] = {}
    for stage in draft.merged.stages:
        sides.setdefault(stage.path, {})[stage.number] = draft.blobs[stage.blob]
    texts = {path: three for path, three in sides.items() if len(three) == 3 and b"\0" not in b"".join(three.values())}  # noqa: PLR2004
    merged = {path: draft.scratch.three_way(three[1], three[2], three[3]) for path, three in texts.items()}
    over = {path: Entry(draft.mode(path), content) for path, content in merged.items()}
    return replace(draft, over={**draft.over, **over})


def keep_deleted(draft: Draft) -> Draft:
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


def flag_broken(draft: Draft, base: Tree, theirs: Tree) -> Draft:
    """With a conflict for each file that parsed on both sides, merged cleanly, and parses no more."""
    for one in draft.differences:
        content = draft.content(one.path)
        if content is None or one.path in draft.conflicts or one.mode == LINK:
            continue
        if not (why := validation.problem(one.path, content)):
            continue
        mine = draft.blobs.get(one.old_blob)
        rendered = theirs.get(one.path) or theirs.get(one.before)
        if (
            mine is None
            or validation.problem(one.path, mine)
            or (rendered and validation.problem(one.path, rendered.content))
        ):
            continue
        sides = [side.get(one.path) or side.get(one.before) or Entry(one.mode, mine) for side in (base, theirs)]
        contents = (sides[0].content, mine, sides[1].content if rendered else content)
        draft = _broken(draft, one, contents, why)
    return draft


def _broken(draft: Draft, one: Difference, sides: tuple[bytes, bytes, bytes], why: str) -> Draft:
    """With a conflict at one path, whose sides are the old template, the project, and the new template."""
    content = draft.content(one.path) or b""
    marked = markers.mark_broken(sides[1], content, sides[2], lambda text: not validation.problem(one.path, text))
    blobs = draft.scratch.write(sides)
    stages = [Stage(one.mode, blob, number, one.path) for number, blob in enumerate(blobs, start=1)]
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *stages)),
        over={**draft.over, one.path: Entry(one.mode, marked)},
        conflicts={**draft.conflicts, one.path: why},
    )


def flag_overwritten(
    draft: Draft, base: Tree, theirs: Tree, mine: Mapping[str, bytes], *, over: frozenset[str]
) -> Draft:
    """With a conflict, and the user's file, where the user's and the template's changes became the template's alone."""
    for one in draft.differences:
        path, content = one.path, draft.content(one.path)
        if one.status not in "MT" or path in {*draft.conflicts, *over} or path not in {*base} & {*theirs} & {*mine}:
            continue
        sides = (base[path].content, mine[path], theirs[path].content)
        if content == sides[2] and len({*sides}) == len(sides):
            blobs = draft.scratch.write(sides)
            stages = [Stage(one.old_mode, blob, number, path) for number, blob in enumerate(blobs, start=1)]
            draft = replace(
                draft,
                merged=replace(draft.merged, stages=(*draft.merged.stages, *stages)),
                over={**draft.over, path: Entry(one.old_mode, mine[path])},
                conflicts={
                    **draft.conflicts,
                    path: "you and the template changed it, and only one of both would be left",
                },
            )
    return draft


def flag_dropped(draft: Draft, base: Tree, mine: Mapping[str, bytes], *, over: frozenset[str]) -> Draft:
    """With every file kept, and in conflict, that is gone although the user edited it; but for those in `over`."""
    gone = [one for one in draft.differences if one.status in "DR" and one.before not in over]
    rendered = {path: entry.content for path, entry in base.items()}
    edited = [one for one in gone if one.before not in rendered or mine.get(one.before) != rendered[one.before]]
    content = draft.scratch.contents([one.old_blob for one in edited])
    modes = {one.before: Entry(one.old_mode, content[one.old_blob]) for one in edited}
    kept = [Stage(one.old_mode, one.old_blob, number, one.before) for one in edited for number in (1, 2)]
    return replace(
        draft,
        merged=replace(draft.merged, stages=(*draft.merged.stages, *kept)),
        over={**draft.over, **modes},
        conflicts={**draft.conflicts, **dict.fromkeys(modes, _REASONS["modify/delete"])},
    )
