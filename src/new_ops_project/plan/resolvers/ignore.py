"""The resolver for ignore files to which the project only added lines."""

import re
from collections.abc import Sequence

from new_ops_project.git import markers
from new_ops_project.plan.draft import Draft

_NAMES = frozenset({".gitignore", ".dockerignore"})
_MARKER = re.compile(rb"^(?:<{7}|>{7})", re.MULTILINE)


def by_line(draft: Draft) -> Draft:
    """`draft` without the conflicts in ignore files to which the project only added lines.

    The project's lines come first, without those that the template took away, and a line that both added appears once.
    A hunk with a negation (`!`) stays in conflict: the last matching pattern decides (gitignore(5)), so the order of
    the two sides would matter.
    """
    for path in sorted(draft.conflicts):
        sides = draft.text_sides(path) if path.rpartition("/")[2] in _NAMES else ()
        if sides and (text := settle_markers(draft.scratch.three_way(*sides))) is not None:
            draft = draft.settle({path: text}, f"{path}: has the lines that you and the template added.")
    return draft


def settle_markers(marked: bytes) -> bytes | None:
    """A merged text with every conflict resolved; None where the project did more than add patterns."""
    text = markers.HUNK.sub(_joined, marked)
    return None if _MARKER.search(text) else text


def _joined(hunk: re.Match[bytes]) -> bytes:
    """Both sides of one conflict; the conflict itself where ours has neither all lines of the base nor all of theirs.

    With a negation it stays, too.
    """
    ours, base, theirs = (side.splitlines(keepends=True) for side in hunk.groups())
    mine, old, new = ([line.rstrip(b"\r\n") for line in side] for side in (ours, base, theirs))
    if not (_holds(mine, old) or _holds(mine, new)) or any(line.startswith(b"!") for line in (*mine, *old, *new)):
        return hunk[0]
    dropped = {*old} - {*new} - {b""}
    kept = [line for line, text in zip(ours, mine, strict=True) if text not in dropped]
    more = [line for line, text in zip(theirs, new, strict=True) if text not in {*old, *mine}]
    return b"".join((*kept, *more))


def _holds(lines: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
    """Whether `lines` has all of `wanted`, in that order."""
    rest = iter(lines)  # `in` uses up the iterator, so each line is looked for behind the one before
    return all(line in rest for line in wanted)
