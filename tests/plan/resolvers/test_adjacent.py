"""Conflicts between neighbouring lines, which a promotion resolves."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.drafts import draft, text

from new_ops_project.plan.resolvers.adjacent import line_by_line

if TYPE_CHECKING:
    from support.history import Files

BASE = "alpha\nbeta\ngamma\ndelta\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        # Neighbouring lines.
        (BASE, BASE.replace("beta", "mine"), BASE.replace("gamma", "theirs"), "alpha\nmine\ntheirs\ndelta\n"),
        # Both added at one place.
        (BASE, BASE + "mine\n", BASE + "theirs\n", BASE + "mine\ntheirs\n"),
        ("", "mine\n", "theirs\n", "mine\ntheirs\n"),
        # One added above or below a line that the other changed.
        (
            BASE,
            BASE.replace("beta\n", "beta\nnew\n"),
            BASE.replace("beta", "theirs"),
            "alpha\ntheirs\nnew\ngamma\ndelta\n",
        ),
        (
            BASE,
            BASE.replace("beta\n", "new\nbeta\n"),
            BASE.replace("beta", "theirs"),
            "alpha\nnew\ntheirs\ngamma\ndelta\n",
        ),
        (BASE, BASE.replace("beta", "mine"), BASE.replace("beta\n", "beta\nnew\n"), "alpha\nmine\nnew\ngamma\ndelta\n"),
        (BASE, BASE.replace("beta", "mine"), BASE.replace("beta\n", "new\nbeta\n"), "alpha\nnew\nmine\ngamma\ndelta\n"),
        # Ours went, and theirs has nothing of it any more.
        (BASE, BASE.replace("beta\n", ""), BASE.replace("beta\n", "theirs\n"), "alpha\ntheirs\ngamma\ndelta\n"),
    ],
)
def test_resolved(tmp_path: Path, base: str, ours: str, theirs: str, expected: str) -> None:
    """What both sides did is in the file, and nothing needs a word."""
    with draft(tmp_path / "x", {"a.txt": base, "b": ""}, {"a.txt": ours}, {"a.txt": theirs, "b": ""}) as before:
        assert "a.txt" in before.conflicts
        after = line_by_line(before)
        assert ("a.txt" in after.conflicts, after.notes) == (False, ())
        assert text(after, "a.txt") == expected


@pytest.mark.parametrize("path", ["a.txt", "a.md", "a.rst"])
def test_the_same_line(tmp_path: Path, path: str) -> None:
    """Where both changed one line, it stays in conflict; in a document the project's words stay, with a note."""
    ours, theirs = BASE.replace("beta", "mine"), BASE.replace("beta", "theirs").replace("gamma", "new")
    with draft(tmp_path / "x", {path: BASE}, {path: ours}, {path: theirs}) as before:
        after = line_by_line(before)
        assert (path in after.conflicts) == (path == "a.txt")
        if path != "a.txt":
            assert text(after, path) == "alpha\nmine\nnew\ndelta\n"
            assert [note.startswith(f"{path}: where your text and the new tier's differ") for note in after.notes] == [
                True
            ]


def test_a_line_that_ours_dropped_and_theirs_edited(tmp_path: Path) -> None:
    """If theirs still shares a line with what ours dropped, a person decides."""
    ours = BASE.replace("beta\n", "")
    theirs = BASE.replace("beta\n", "new\nbeta\n").replace("gamma", "changed")
    with draft(tmp_path / "x", {"a.txt": BASE}, {"a.txt": ours.replace("gamma\n", "")}, {"a.txt": theirs}) as before:
        assert "a.txt" in line_by_line(before).conflicts


def test_a_result_that_does_not_parse(tmp_path: Path) -> None:
    """A file keeps its conflict where the result would not be what its name says."""
    base, ours, theirs = "a = 1\n", "a = 1\nb = 1\n", "a = 1\nb = 2\n"
    with draft(tmp_path / "x", {"a.toml": base}, {"a.toml": ours}, {"a.toml": theirs}) as before:
        assert "a.toml" in line_by_line(before).conflicts


def test_binary_and_deleted_files(tmp_path: Path) -> None:
    """Only text that both sides changed is resolved."""
    base: Files = {"a": "x\n", "b": b"\0x", "c": "x\n"}
    theirs: Files = {"a": "theirs\n", "b": b"\0theirs", "c": "x\ntheirs\n"}
    with draft(tmp_path / "x", base, {"b": b"\0mine", "c": "x\nmine\n"}, theirs) as before:
        after = line_by_line(before)
        assert before.conflicts.keys() == {"a", "b", "c"}
        assert after.conflicts.keys() == {"a", "b"}
