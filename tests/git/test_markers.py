"""Conflict markers around what breaks a file that merged cleanly."""

import json

import pytest
from support.small import resolved, signs

from new_ops_project.git import markers

LINES = [f'  "x{number}": {number},\n' for number in range(12)]


def document(*edits: tuple[int, str], end: str = '  "z": 1\n}\n') -> bytes:
    """A JSON object with lines put before these numbers."""
    lines = [*LINES]
    for number, line in sorted(edits, reverse=True):
        lines.insert(number, line)
    return ("{\n" + "".join(lines) + end).encode()


def problem(content: bytes) -> str:
    """What is wrong with JSON whose keys may occur once."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    try:
        json.loads(content, object_pairs_hook=unique)
    except ValueError as error:
        return str(error)
    return ""


KEY = '  "new": 1,\n'
LABELS = ["your project", "old template", "=======", "new template"]
HUNK = "<<<<<<< your project\n{}\n||||||| old template\n{}\n=======\n{}\n>>>>>>> new template\n"


def marked(ours: bytes, merged: bytes, theirs: bytes) -> str:
    """The text with markers, of which either side parses."""
    text = markers.mark_broken(ours, merged, theirs, problem).decode()
    for side in ("ours", "theirs"):
        assert problem(resolved(text, side).encode()) == ""
    return text


def test_one_hunk_of_each_side() -> None:
    """What each side added gets markers, everything else stays outside."""
    ours, theirs = document((2, KEY)), document((4, '  "other": 1,\n'), (9, KEY))
    text = marked(ours, document((2, KEY), (4, '  "other": 1,\n'), (9, KEY)), theirs)
    assert [sign.split(" ", 1)[-1] for sign in signs(text)] == LABELS * 2
    first, second = text.split("<<<<<<< ")[1:]
    assert first.startswith(f"your project\n{KEY}||||||| old template\n=======\n>>>>>>> new template\n")
    assert second.startswith(f"your project\n||||||| old template\n=======\n{KEY}>>>>>>> new template\n")
    assert '  "other": 1,\n' in first
    assert (resolved(text, "ours").count(KEY), resolved(text, "theirs").count(KEY)) == (1, 1)


def test_all_hunks_where_no_single_one_is_to_blame() -> None:
    """If two hunks break it, all of them get markers, and a side gives the file of that side."""
    ours = document((2, KEY), (3, '  "more": 1,\n'))
    theirs = document((6, KEY), (10, '  "more": 1,\n'))
    text = marked(ours, document((2, KEY), (3, '  "more": 1,\n'), (6, KEY), (10, '  "more": 1,\n')), theirs)
    assert resolved(text, "ours").encode() == ours
    assert resolved(text, "theirs").encode() == theirs


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_last_line_without_an_end(ending: str) -> None:
    """A marker begins a line of its own, with the line ends of the file."""
    base = "a\nb\nc\nd"
    ours, theirs, merged = base.replace("a", "x"), base.replace("d", "x"), base.replace("a", "x").replace("d", "x")

    def twice(content: bytes) -> bool:
        return content.count(b"x") > 1

    ours, merged, theirs = (text.replace("\n", ending) for text in (ours, merged, theirs))
    text = markers.mark_broken(ours.encode(), merged.encode(), theirs.encode(), twice).decode()
    first, second = (HUNK.format(*lines).replace("\n", ending) for lines in ("xaa", "ddx"))
    assert text == f"{first}b{ending}c{ending}{second}"


def test_a_file_too_long_for_attempts() -> None:
    """Where each attempt would take long, all hunks get markers at once; the parser is not asked."""
    lines = [f"line {number}\n" for number in range(1200)]
    changed = [f"new {number}\n" if number % 10 == 5 else line for number, line in enumerate(lines)]
    ours, merged = "".join(lines).encode(), "".join(changed).encode()

    def never(content: bytes) -> bool:
        raise AssertionError(content)

    text = markers.mark_broken(ours, merged, merged, never).decode()
    assert len(signs(text)) == 4 * 120
    assert resolved(text, "ours").encode() == ours
    assert resolved(text, "theirs").encode() == merged


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 0),
        (b"a\nb\n", 0),
        (b"<<<<<<< your project\n", 1),
        (b"a\nb\n>>>>>>> new template\r\n", 3),
        (b"a\n||||||| old template: a.py\n", 2),
        (b"a\n<<<<<<< HEAD\n", 0),
        (b"a <<<<<<< your project\n", 0),
    ],
)
def test_the_first_marker(content: bytes, line: int) -> None:
    """Only our own markers count, at the beginning of a line."""
    assert markers.first_marker_line(content) == line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<<<<<<< your-project:a.py\r\nx\n", b"<<<<<<< your project:a.py\r\nx\n"),
        (b"||||||| " + b"0" * 40 + b"\n", b"||||||| old template\n"),
        (b">>>>>>>> new-template\n", b">>>>>>>> new template\n"),
        (b"<<<<<<< before updating\n", b"<<<<<<< your project\n"),
        (b"<<<<<<< another\n", b"<<<<<<< another\n"),
    ],
)
def test_labels_for_people(before: bytes, after: bytes) -> None:
    """Git's and copier's labels become ours; paths and line ends stay, and so do other people's markers."""
    assert markers.with_labels(before) == after
