"""Fixes of files in memory, where each edit changes its own text only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from new_ops_project.base.finding import Severity
from new_ops_project.checks import fixpoint, repo
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Rule, Write
from new_ops_project.formats.document import decoded
from new_ops_project.git.tree import EXECUTABLE, Entry

LINE = st.text(st.characters(blacklist_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ufeff", codec="utf-8"))


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[str], list[Edit]]:
    """The lines of a text, with edits of some of them."""
    lines = draw(st.lists(LINE, min_size=1, max_size=8))
    edits = []
    for number in draw(st.sets(st.integers(1, len(lines)))):
        line = lines[number - 1]
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, len(line)))
        new = "\n".join(draw(st.lists(LINE, min_size=1, max_size=3)))
        edits.append(Edit("x", number, start + 1, line[start:end], new))
    return lines, edits


@given(changes(), st.data(), st.booleans())
def test_edits(change: tuple[list[str], list[Edit]], data: st.DataObject, is_marked: bool) -> None:  # noqa: FBT001 - drawn
    """Each edit replaces only its text; line ends, even mixed ones, and the byte order mark stay."""
    lines, edits = change
    ends = [data.draw(st.sampled_from(["\n", "\r\n"])) for _ in lines[1:]] + [""]
    inner = "\r\n" if "\r\n" in ends else "\n"
    mark = b"\xef\xbb\xbf" if is_marked else b""
    wanted = list(lines)
    for edit in edits:
        line = wanted[edit.line - 1]
        start = edit.column - 1
        wanted[edit.line - 1] = line[:start] + edit.new.replace("\n", inner) + line[start + len(edit.old) :]
    before, after = ("".join(map(str.__add__, side, ends)).encode() for side in (lines, wanted))
    assert fixpoint.edited(mark + before, edits) == mark + after


def test_an_edit_of_several_lines() -> None:
    """The old text may span lines, in a file with either line end."""
    edit = Edit("x", 2, 2, "bc\nde", "X\nY\nZ")
    assert fixpoint.edited(b"a\nabc\ndef\ng", [edit]) == b"a\naX\nY\nZf\ng"
    assert fixpoint.edited(b"a\r\nabc\r\ndef\r\ng", [edit]) == b"a\r\naX\r\nY\r\nZf\r\ng"


def test_an_edit_in_the_wrong_place() -> None:
    """An edit whose old text is not at its place raises ValueError: it is a bug."""
    with pytest.raises(ValueError, match="does not hold 'b'"):
        fixpoint.edited(b"abc\n", [Edit("x", 1, 1, "b", "c")])


def test_a_line_that_is_not_utf8() -> None:
    """A line that rules cannot decode stays as it is; the others are fixed."""
    before = Repo(Path("nowhere"), {"x": b"a\xff\na\n"}, frozenset("x"))
    fixed = fixpoint.fixed_files(before, [rule("A", "a", "b")], lambda _: True)
    assert fixed.files["x"].content == b"a\xff\nb\n"


# ---- rounds -------------------------------------------------------------------------------------------------------


def rule(code: str, old: str, new: str) -> Rule:
    """A rule that replaces a text at the start of each line of the file x."""

    def check(repo: Repo) -> Iterator[Breach]:
        for number, line in enumerate(decoded(repo.files["x"]).split("\n"), 1):
            if line.startswith(old):
                yield Breach(f"{old} at {number}", "x", number, 1, fix=(Edit("x", number, 1, old, new),))

    return Rule(code, "t", Severity.ERROR, "w.", "r", "https://example.org", check, fixes=True)


def fixed_text(text: str, *rules: Rule) -> tuple[str, list[str]]:
    """The new text of the file x, and the codes of the fixed findings in order."""
    fixed = fixpoint.fixed_files(repo.of({"x": text}), rules, lambda _: True)
    return (fixed.files["x"].content.decode() if fixed.files else text), [finding.code for finding in fixed.fixed]


def test_a_fix_reveals_another() -> None:
    """Rules are checked again until none has a fix."""
    assert fixed_text("a\n", rule("A", "a", "b"), rule("B", "b", "c")) == ("c\n", ["A", "B"])


def test_fixes_of_one_line_take_turns() -> None:
    """Two fixes of one line are not applied in the same round; the second one is checked again."""
    assert fixed_text("ab\nab\n", rule("A", "ab", "xy"), rule("B", "a", "z")) == ("xy\nxy\n", ["A", "A"])


def test_rules_that_undo_each_other_come_to_an_end() -> None:
    """The number of rounds is limited."""
    assert len(fixed_text("a\n", rule("A", "a", "b"), rule("B", "b", "a"))[1]) == 8


@pytest.mark.parametrize(
    ("new", "is_fixed"),
    [("a\nx\nb\n", True), ("x\r\na\r\nb", True), ("b\na\n", False), ("a\n", False), ("x\na, b\n", False)],
)
def test_a_file_keeps_its_lines(new: str, is_fixed: bool) -> None:  # noqa: FBT001 - a parameter
    """A fix that writes a whole file is applied only if no line of the one that is there goes."""

    def check(now: Repo) -> Iterator[Breach]:
        if now.files["x"] != new.encode():
            yield Breach("m", "x", fix=(Write("x", Entry("", new.encode())),))

    whole = Rule("A", "t", Severity.ERROR, "w.", "r", "https://example.org", check, fixes=True)
    assert fixed_text("a\nb\n", whole) == ((new, ["A"]) if is_fixed else ("a\nb\n", []))


def test_what_is_no_text_is_not_replaced() -> None:
    """A link or a binary file, of which rules see only the path, stays."""

    def check(_: Repo) -> Iterator[Breach]:
        yield Breach("m", "x", fix=(Write("x", Entry("", b"1")),))

    whole = Rule("A", "t", Severity.ERROR, "w.", "r", "https://example.org", check, fixes=True)
    assert not fixpoint.fixed_files(repo.of({}, tracked=["x"]), [whole], lambda _: True).files


def test_a_file_that_may_not_change() -> None:
    """A file that may not change is left out and reported; a fix of two files is applied to both or none."""

    def check(_: Repo) -> Iterator[Breach]:
        yield Breach("m", fix=(Write("x", Entry(EXECUTABLE, b"0\n1")), Write("y", Entry("", b"0\n2"))))

    both = Rule("A", "t", Severity.ERROR, "w.", "r", "https://example.org", check, fixes=True)
    fixed = fixpoint.fixed_files(repo.of({"x": "0", "y": "0"}), [both], lambda path: path != "y")
    assert (fixed.files, fixed.fixed, fixed.blocked) == ({}, (), ("y",))
