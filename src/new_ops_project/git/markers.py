"""Conflict markers in the content of files."""

import re
from collections.abc import Callable
from difflib import SequenceMatcher

OURS, BASE, THEIRS = "your project", "old template", "new template"

# Markers as git and copier write them: the signs, then the name of a branch or a commit, or copier's own words.
_MARKER = re.compile(
    rb"^(<{7,}|\|{7,}|>{7,}) (your-project|new-template|HEAD|[0-9a-f]{40,64}|"
    rb"before updating|last update|after updating)((?::[^\r\n]*)?\r?)$",
    re.MULTILINE,
)
# One conflict as git-merge-file(1) writes it with --diff3. Groups: the lines of ours, of the base, of theirs.
HUNK = re.compile(rb"^<{7}[^\n]*\n(.*?)^\|{7}[^\n]*\n(.*?)^={7}\r?\n(.*?)^>{7}[^\n]*\n", re.MULTILINE | re.DOTALL)
_LABELS = {b"<": OURS.encode(), b"|": BASE.encode(), b">": THEIRS.encode()}


def with_labels(content: bytes) -> bytes:
    """`content` whose markers have labels for people instead of the names of our branches."""
    return _MARKER.sub(lambda match: b"%s %s%s" % (match[1], _LABELS[match[1][:1]], match[3]), content)


_OPEN = re.compile(rb"^(?:<{7,} your project|\|{7,} old template|>{7,} new template)(?::.*)?\r?$", re.MULTILINE)


def first_marker_line(content: bytes) -> int:
    """The number of the first line that is one of our conflict markers, or 0."""
    match = _OPEN.search(content)
    return content.count(b"\n", 0, match.start()) + 1 if match else 0


def mark_broken(ours: bytes, merged: bytes, theirs: bytes, problem: Callable[[bytes], object]) -> bytes:
    """`merged`, which does not parse although both sides do, with conflict markers around what breaks it.

    The merge was clean, so only one side changed each hunk, and the other side has there what the old template had.
    Whoever takes the same side of every conflict gets a file that parses: either one hunk of the other side broke it,
    which is undone then, or all of its hunks are, which gives that side itself.
    """
    lines = merged.splitlines(keepends=True)
    # What differs from ours came from the template, and the other way round.
    template = _breaking_hunks(lines, _hunks(ours, lines), problem)
    project = _breaking_hunks(lines, _hunks(theirs, lines), problem)
    parts, position = [], 0
    for start, end, before, is_template in sorted(
        [(*hunk, True) for hunk in template] + [(*hunk, False) for hunk in project], key=lambda hunk: hunk[:2]
    ):
        if start < position:  # inside the hunk before it, which is marked already
            continue
        parts += lines[position:start]
        changed = lines[start:end]
        sides = (before, before, changed) if is_template else (changed, before, before)
        parts += _conflict(*sides, lines)
        position = end
    return b"".join(parts + lines[position:])


_LONG = 1000  # lines; for longer files difflib needs its heuristics to be fast enough

# Where a side changed the merged file: the first line, the line after the last, and the lines of the other side.
Hunk = tuple[int, int, list[bytes]]


def _hunks(other: bytes, merged: list[bytes]) -> list[Hunk]:
    lines = other.splitlines(keepends=True)
    codes = SequenceMatcher(None, lines, merged, autojunk=len(merged) > _LONG).get_opcodes()
    return [(start, end, lines[from_:to]) for kind, from_, to, start, end in codes if kind != "equal"]


def _breaking_hunks(merged: list[bytes], hunks: list[Hunk], problem: Callable[[bytes], object]) -> list[Hunk]:
    """The one hunk without which the file parses; all hunks if no single one is to blame."""
    if len(hunks) * len(merged) > _LONG * 100:
        return hunks  # each attempt parses the whole file, which would take minutes here
    attempts = ((hunk, [*merged[: hunk[0]], *hunk[2], *merged[hunk[1] :]]) for hunk in hunks)
    return next(([hunk] for hunk, lines in attempts if not problem(b"".join(lines))), hunks)


def _conflict(ours: list[bytes], base: list[bytes], theirs: list[bytes], file: list[bytes]) -> list[bytes]:
    """The lines of a conflict with its three sides, in their line ending, or else in that of the whole file."""
    ended = [line for line in (*ours, *theirs) if line.endswith(b"\n")] or file
    ending = b"\r\n" if any(line.endswith(b"\r\n") for line in ended) else b"\n"

    def mark(sign: str, label: str = "") -> bytes:
        return f"{sign * 7} {label}".rstrip().encode() + ending

    ours, base, theirs = (_with_final_newline(lines, ending) for lines in (ours, base, theirs))
    return [mark("<", OURS), *ours, mark("|", BASE), *base, mark("="), *theirs, mark(">", THEIRS)]


def _with_final_newline(lines: list[bytes], ending: bytes) -> list[bytes]:
    """The lines, the last one with a line ending too, so that a marker after it begins a line of its own."""
    return [*lines[:-1], lines[-1] + ending] if lines and not lines[-1].endswith(b"\n") else lines
