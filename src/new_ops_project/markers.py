"""Conflict markers: with labels for people, found again, and put around what a clean merge broke."""

import re
from collections.abc import Callable
from difflib import SequenceMatcher

OURS, BASE, THEIRS = "your project", "old template", "new template"

# As git and copier write them: behind the signs is the name of a branch or a commit, or copier's own words.
_MARKER = re.compile(rb"^(<{7,}|\|{7,}|>{7,}) (your-project|new-template|HEAD|[0-9a-f]{40,64}|"
                     rb"before updating|last update|after updating)(:[^\r\n]*)?(\r?)$",
                     re.MULTILINE)  # fmt: skip
_LABELS = {b"<": OURS, b"|": BASE, b">": THEIRS}


def labelled(content: bytes) -> bytes:
    """A conflict's content with labels for people in place of the names of our branches."""

    def label(found: re.Match[bytes]) -> bytes:
        words = _LABELS[found[1][:1]].encode()
        return b"%s %s%s%s" % (found[1], words, found[3] or b"", found[4])

    return _MARKER.sub(label, content)


_OPEN = re.compile(rb"^(?:<{7,} your project|\|{7,} old template|>{7,} new template)(?::.*)?\r?$", re.MULTILINE)


def first_marker(content: bytes) -> int:
    """The number of the first line that is one of our conflict markers, or 0."""
    found = _OPEN.search(content)
    return content.count(b"\n", 0, found.start()) + 1 if found else 0


def around(ours: bytes, merged: bytes, parses: Callable[[bytes], bool]) -> bytes:
    """`merged` with conflict markers around what breaks it of the template's changes, or around all of them.

    The merge was clean, so what the template changes was in the user's file as it was in the old template.
    """
    old, new = ours.splitlines(keepends=True), merged.splitlines(keepends=True)
    hunks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [number for number, hunk in enumerate(hunks) if hunk[0] != "equal"]

    def written(*, marked: list[int], left_out: list[int]) -> bytes:
        parts: list[bytes] = []
        for number, (_, start, end, new_start, new_end) in enumerate(hunks):
            mine, his = old[start:end], new[new_start:new_end]
            if number in marked:
                parts += _marked(mine, his)
            else:
                parts += mine if number in left_out else his
        return b"".join(parts)

    guilty = [one for one in changes if parses(written(marked=[], left_out=[one]))][:1]
    return written(marked=guilty or changes, left_out=[])


def _marked(mine: list[bytes], his: list[bytes]) -> list[bytes]:
    ending = b"\r\n" if any(line.endswith(b"\r\n") for line in (*mine, *his)) else b"\n"

    def mark(sign: str, label: str = "") -> bytes:
        return f"{sign * 7} {label}".rstrip().encode() + ending

    mine, his = _ended(mine, ending), _ended(his, ending)
    return [mark("<", OURS), *mine, mark("|", BASE), *mine, mark("="), *his, mark(">", THEIRS)]


def _ended(lines: list[bytes], ending: bytes) -> list[bytes]:
    """The lines with an end after the last, so that the marker after it begins a line."""
    return [*lines[:-1], lines[-1] + ending] if lines and not lines[-1].endswith(b"\n") else lines
