"""The resolver for ignore files to which both sides only added lines."""

import re
from collections.abc import Sequence

from new_ops_project.git import markers
from new_ops_project.plan.draft import Draft

_NAMES = frozenset({".gitignore", ".dockerignore"})
_MARKER = re.compile(rb"^(?:<{7}|>{7})", re.MULTILINE)


def by_line(draft: Draft) -> Draft:
    """`draft` without the conflicts in ignore files to which the project and the template only added lines.

    The project's lines come first, and a line that both added appears once. A hunk with a negation (`!`) stays in
    conflict: the last matching pattern decides (gitignore(5)), so the order of the two sides would matter.
    """
    for path in sorted(draft.conflicts):
        sides = draft.text_sides(path) if path.rpartition("/")[2] in _NAMES else ()
        if sides and (text := settle_markers(draft.scratch.three_way(*sides))) is not None:
            draft = draft.settle({path: text}, f"{path}: has the lines that you and the template added.")
    return draft


def settle_markers(marked: bytes) -> bytes | None:
    """A merged text with every conflict resolved; None where one side did more than add patterns."""
    text = markers.HUNK.sub(_joined, marked)
    return None if _MARKER.search(text) else text


def _joined(hunk: re.Match[bytes]) -> bytes:
    """Both sides of one conflict; the conflict itself where a side lacks a line of the base, or has a negation."""
    ours, base, theirs = (side.splitlines(keepends=True) for side in hunk.groups())
    texts = [[line.rstrip(b"\r\n") for line in side] for side in (base, ours, theirs)]
    if not all(_holds(side, texts[0]) for side in texts[1:]) or any(
        line.startswith(b"!") for side in texts for line in side
    ):
        return hunk[0]
    known = {*texts[0], *texts[1]}
    more = [line for line in theirs if line.rstrip(b"\r\n") not in known]
    end = b"\r\n" if any(line.endswith(b"\r\n") for line in (*ours, *more)) else b"\n"
    return b"".join(line if line.endswith(b"\n") else line + end for line in (*ours, *more))


def _holds(lines: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
    """Whether `lines` has all of `wanted`, in that order."""
    rest = iter(lines)  # `in` uses up the iterator, so each line is looked for behind the one before
    return all(line in rest for line in wanted)
