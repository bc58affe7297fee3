"""The resolver for a promotion's conflicts between neighbouring lines."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from new_ops_project.formats import validation
from new_ops_project.git import markers
from new_ops_project.plan.draft import Draft

# git reports a conflict where two sides change neighbouring lines. With this line between any two, an unchanged line
# always stands between them, so only changes of the same line remain in conflict. Text files do not use 0x1e.
_SEPARATOR = b"\x1e\n"


def line_by_line(draft: Draft) -> Draft:
    """`draft` without the conflicts that a merge line by line resolves; the result parses as its name says.

    Where both sides added lines at one place, both additions stay, the project's first. In documents (.md, .rst) the
    project's words stay where both sides changed the same line, and a note says so.
    """
    for path in sorted(draft.conflicts):
        if sides := draft.text_sides(path):
            draft = _resolved(draft, path, sides)
    return draft


def _resolved(draft: Draft, path: str, sides: Iterable[bytes]) -> Draft:
    spaced = [b"".join(line + _SEPARATOR for line in side.splitlines(keepends=True)) for side in sides]
    merged = draft.scratch.three_way(*spaced)
    is_prose, unresolved = PurePosixPath(path).suffix in {".md", ".rst"}, list[bytes]()

    def chosen(hunk: re.Match[bytes]) -> bytes:
        ours, base, theirs = (side.replace(_SEPARATOR, b"") for side in hunk.groups())
        if not base.strip() or (not ours.strip() and not _shared(base, theirs)):
            return ours + theirs
        if (added := _added(base, ours, theirs)) is not None:
            return added
        unresolved.append(ours)
        return ours if is_prose else hunk[0]

    text = markers.HUNK.sub(chosen, merged).replace(_SEPARATOR, b"")
    if (unresolved and not is_prose) or validation.problem(path, text):
        return draft
    notes = [f"{path}: where your text and the new tier's differ, yours is kept; compare them."] if unresolved else []
    return draft.settle({path: text}, *notes)


def _added(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The result where one side only added lines above or below what was there; None otherwise."""
    for longer, other in ((theirs, ours), (ours, theirs)):
        if longer.startswith(base):
            return other + longer[len(base) :]
        if longer.endswith(base):
            return longer[: -len(base)] + other
    return None


def _shared(base: bytes, other: bytes) -> bool:
    """Whether both have a line of more than one character in common."""
    lines = [{line.strip() for line in side.splitlines() if len(line.strip()) > 1} for side in (base, other)]
    return bool(lines[0] & lines[1])
