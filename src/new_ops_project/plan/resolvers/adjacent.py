"""Conflicts of a promotion that are none: neighbouring lines, additions at one place, and prose."""

import re
from dataclasses import replace
from pathlib import PurePosixPath

from new_ops_project.formats import parses
from new_ops_project.git import markers
from new_ops_project.git.tree import Entry
from new_ops_project.plan.draft import Draft

# Between two lines, so that changes of neighbours do not touch.
_APART = b"\x1e\n"
_SIDES = 3


def softened(draft: Draft) -> Draft:
    """`draft` without the conflicts that can be settled line by line, each text still parsing as what its name says.

    What both added at one place stands there twice over, the project's first. In documents the project's words stay
    where both changed the same; a note says so.
    """
    for path in sorted(draft.conflicts):
        stages = [stage for stage in draft.merged.stages if stage.path == path and stage.blob in draft.blobs]
        sides = {stage.number: draft.blobs[stage.blob] for stage in stages}
        if (
            len(sides) != _SIDES
            or "content" not in draft.merged.reasons.get(path, "")
            or b"\0" in b"".join(sides.values())
        ):
            continue
        draft = _settled(draft, path, sides)
    return draft


def _settled(draft: Draft, path: str, sides: dict[int, bytes]) -> Draft:
    apart = [b"".join(line + _APART for line in sides[number].splitlines(keepends=True)) for number in (1, 2, 3)]
    merged = draft.scratch.three_way(*apart)
    is_prose, left = PurePosixPath(path).suffix in {".md", ".rst"}, list[bytes]()

    def chosen(found: re.Match[bytes]) -> bytes:
        mine, base, theirs = (side.replace(_APART, b"") for side in found.groups())
        if not base.strip() or (not mine.strip() and not _shared(base, theirs)):
            return mine + theirs
        if (added := _added(base, mine, theirs)) is not None:
            return added
        left.append(mine)
        return mine if is_prose else found[0]

    text = markers.HUNK.sub(chosen, merged).replace(_APART, b"")
    if (left and not is_prose) or parses.problem(path, text):
        return draft
    conflicts = {one: reason for one, reason in draft.conflicts.items() if one != path}
    said = (f"{path}: your words stay where the tier's differ; compare them.",) if left else ()
    over = {**draft.over, path: Entry(draft.mode(path), text)}
    return replace(draft, over=over, conflicts=conflicts, notes=(*draft.notes, *said))


def _added(base: bytes, mine: bytes, theirs: bytes) -> bytes | None:
    """What becomes of a place where one side only added lines above or below what was there; None for any other."""
    if theirs.startswith(base):
        return mine + theirs[len(base) :]
    if theirs.endswith(base):
        return theirs[: -len(base)] + mine
    if mine.startswith(base):
        return theirs + mine[len(base) :]
    return mine[: -len(base)] + theirs if mine.endswith(base) else None


def _shared(one: bytes, other: bytes) -> bool:
    """Whether both have a line that says something."""
    lines = [{line.strip() for line in side.splitlines() if len(line.strip()) > 1} for side in (one, other)]
    return bool(lines[0] & lines[1])
