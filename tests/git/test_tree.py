"""Trees of files in memory: from the disk, to the disk, with other line ends."""

from pathlib import Path

import pytest

from new_ops_project.git import tree
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry

TREE = {
    "a": Entry(PLAIN, b"a\n"),
    "b/c/d.sh": Entry(EXECUTABLE, b"echo\n"),
    "b/link": Entry(LINK, b"c/d.sh"),
    "folder": Entry(LINK, b"b"),
    "gone": Entry(LINK, b"nowhere//at/all"),
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Files, programs and links, also to folders and to nothing, come back as they were; .git is left out."""
    tree.write(tmp_path / "one" / "two", TREE)
    (tmp_path / "one" / "two" / "b" / ".git").mkdir()
    (tmp_path / "one" / "two" / "b" / ".git" / "HEAD").write_text("ref: refs/heads/trunk\n")
    assert tree.read(tmp_path / "one" / "two") == TREE


def test_who_may_run_it(tmp_path: Path) -> None:
    """A program is executable for everybody who may read it; another file for nobody."""
    tree.write(tmp_path, TREE)
    (tmp_path / "b" / "c" / "d.sh").stat()
    readable = (tmp_path / "a").stat().st_mode & 0o777
    assert readable & 0o111 == 0
    assert (tmp_path / "b" / "c" / "d.sh").stat().st_mode & 0o777 == readable | (readable & 0o444) >> 2
    (tmp_path / "a").chmod(0o611)
    assert tree.read_file(tmp_path / "a").mode == PLAIN  # git asks about the owner only


CRLF, LF, MIXED = b"a\r\nb\r\n", b"a\nb\n", b"a\r\nb\n"


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "expected"),
    [
        (LF, LF + b"c\n", CRLF, (CRLF, CRLF + b"c\r\n")),
        (CRLF, CRLF, LF, (LF, LF)),
        (LF, CRLF, CRLF, (CRLF, CRLF)),  # the template converts it too
        (LF, MIXED, CRLF, (CRLF, MIXED)),
        (MIXED, MIXED, CRLF, (MIXED, MIXED)),
        (LF, LF, MIXED, (LF, LF)),
        (LF, LF, LF, (LF, LF)),
        (b"a", b"b", CRLF, (b"a", b"b")),  # no line ends at all
        (LF, LF, b"", (LF, LF)),
        (b"\0" + LF, b"\0" + LF, CRLF, (b"\0" + LF, b"\0" + LF)),
    ],
)
def test_line_endings(base: bytes, theirs: bytes, ours: bytes, expected: tuple[bytes, bytes]) -> None:
    """Where the user's file has one kind of line end and the old template's the other, the template is converted."""
    old, new = ({"a": Entry(PLAIN, side), "b": Entry(PLAIN, LF)} for side in (base, theirs))
    got = tree.with_line_endings(old, new, {"a": ours, "c": CRLF})
    assert tuple(side["a"].content for side in got) == expected
    assert [side["b"] for side in got] == [Entry(PLAIN, LF)] * 2


def test_a_file_that_the_template_drops() -> None:
    """A file that only the old template has is converted there, and stays absent in the new one."""
    base, theirs = tree.with_line_endings({"a": Entry(PLAIN, LF)}, {}, {"a": CRLF})
    assert (base, theirs) == ({"a": Entry(PLAIN, CRLF)}, {})
