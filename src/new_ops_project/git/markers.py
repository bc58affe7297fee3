"""Conflict markers: with labels for people, found again, and put around what a clean merge broke."""

import re
from collections.abc import Callable
from difflib import SequenceMatcher

OURS, BASE, THEIRS = "your project", "old template", "new template"

# As git and copier write them: behind the signs is the name of a branch or a commit, or copier's own words.
_MARKER = re.compile(
    rb"^(<{7,}|\|{7,}|>{7,}) (your-project|new-template|HEAD|[0-9a-f]{40,64}|"
    rb"before updating|last update|after updating)(:[^\r\n]*)?(\r?)$",
    re.MULTILINE,
)
# One conflict of git-merge-file(1) with all three sides: the project's lines, those of the base, the template's.
HUNK = re.compile(rb"^<{7}[^\n]*\n(.*?)^\|{7}[^\n]*\n(.*?)^={7}\r?\n(.*?)^>{7}[^\n]*\n", re.MULTILINE | re.DOTALL)
_LABELS = {b"<": OURS, b"|": BASE, b">": THEIRS}


def with_labels(content: bytes) -> bytes:
    """A conflict's content with labels for people in place of the names of our branches."""

    def label(found: re.Match[bytes]) -> bytes:
        words = _LABELS[found[1][:1]].encode()
        return b"%s %s%s%s" % (found[1], words, found[3] or b"", found[4])

    return _MARKER.sub(label, content)


_OPEN = re.compile(rb"^(?:<{7,} your project|\|{7,} old template|>{7,} new template)(?::.*)?\r?$", re.MULTILINE)


def first_marker_line(content: bytes) -> int:
    """The number of the first line that is one of our conflict markers, or 0."""
    found = _OPEN.search(content)
    return content.count(b"\n", 0, found.start()) + 1 if found else 0


def mark_broken(ours: bytes, merged: bytes, theirs: bytes, parses: Callable[[bytes], bool]) -> bytes:
    """`merged` with conflict markers around what breaks it: one hunk of each side, or all of them.

    The merge was clean, so each hunk is one side's alone, and the other side has there what the old template had.
    Taking either side of every conflict gives a file that parses, as each side itself does.
    """
    whole = merged.splitlines(keepends=True)
    template = _guilty(whole, _hunks(ours, whole), parses)
    project = _guilty(whole, _hunks(theirs, whole), parses)
    parts, place = [], 0
    for start, end, before, is_template in sorted(
        [(*hunk, True) for hunk in template] + [(*hunk, False) for hunk in project], key=lambda hunk: hunk[:2]
    ):
        if start < place:
            continue
        parts += whole[place:start]
        parts += _marked(before, before, whole[start:end]) if is_template else _marked(whole[start:end], before, before)
        place = end
    return b"".join(parts + whole[place:])


_LONG = 1000  # lines, from which on difflib is helped by its heuristics

# Where a side changed the merged file: from and to which line, and what the other side has there.
Hunk = tuple[int, int, list[bytes]]


def _hunks(other: bytes, merged: list[bytes]) -> list[Hunk]:
    lines = other.splitlines(keepends=True)
    codes = SequenceMatcher(None, lines, merged, autojunk=len(merged) > _LONG).get_opcodes()
    return [(start, end, lines[from_:to]) for kind, from_, to, start, end in codes if kind != "equal"]


def _guilty(merged: list[bytes], hunks: list[Hunk], parses: Callable[[bytes], bool]) -> list[Hunk]:
    """The one of these hunks without which the file parses, or all of them."""
    if len(hunks) * len(merged) > _LONG * 100:
        return hunks  # trying each would take minutes
    without = ((hunk, [*merged[: hunk[0]], *hunk[2], *merged[hunk[1] :]]) for hunk in hunks)
    return next(([hunk] for hunk, lines in without if parses(b"".join(lines))), hunks)


def _marked(mine: list[bytes], base: list[bytes], his: list[bytes]) -> list[bytes]:
    ending = b"\r\n" if any(line.endswith(b"\r\n") for line in (*mine, *his)) else b"\n"

    def mark(sign: str, label: str = "") -> bytes:
        return f"{sign * 7} {label}".rstrip().encode() + ending

    mine, base, his = (_ended(lines, ending) for lines in (mine, base, his))
    return [mark("<", OURS), *mine, mark("|", BASE), *base, mark("="), *his, mark(">", THEIRS)]


def _ended(lines: list[bytes], ending: bytes) -> list[bytes]:
    """The lines with an end after the last, so that the marker after it begins a line."""
    return [*lines[:-1], lines[-1] + ending] if lines and not lines[-1].endswith(b"\n") else lines
