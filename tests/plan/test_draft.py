"""Drafts of merges: the reasons of conflicts, what stays deleted, what merged cleanly and does not parse."""

from pathlib import Path

import pytest
from support.drafts import draft, text, tree
from support.history import Files, link, program

from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry
from new_ops_project.plan import draft as drafts

LINES = "".join(f"line {number}\n" for number in range(20))
ROWS = LINES.replace("line", "row")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "reasons"),
    [
        ({"a": "x\n"}, {"a": "m\n"}, {"a": "t\n"}, {"a": "you and the template changed the same lines"}),
        ({}, {"a": "m\n"}, {"a": "t\n"}, {"a": "you and the template changed the same lines"}),
        ({"a": "x\n"}, {"a": "m\n"}, {}, {"a": "you edited it, the template dropped it"}),
        (
            {"a": b"\0x"},
            {"a": b"\0m"},
            {"a": b"\0t"},
            {"a": "you and the template changed it, and it is a binary file"},
        ),
        ({"a": "x\n", "b": ""}, {"a": "x\n", "b": ""}, {"a": "t\n"}, {}),
    ],
)
def test_reasons(tmp_path: Path, base: Files, ours: Files, theirs: Files, reasons: dict[str, str]) -> None:
    """Each conflict has its reason in words; a clean merge has none."""
    with draft(tmp_path / "x", {"k": "k\n", **base}, {"k": "k\n", **ours}, {"k": "k\n", **theirs}) as result:
        assert result.conflicts == reasons


def test_contents(tmp_path: Path) -> None:
    """A draft has what changed, in its mode; what did not change, or went, has no content."""
    base = {"a": "a\n", "gone": ROWS, "same": "s\n"}
    theirs: Files = {"a": "new\n", "same": "s\n", "run": program("r\n"), "to": link("a")}
    with draft(tmp_path / "x", base, base, theirs) as result:
        assert (text(result, "a"), text(result, "run"), text(result, "to")) == ("new\n", "r\n", "a")
        assert [result.content(path) for path in ("gone", "same", "nothing")] == [None] * 3
        modes = {path: result.mode(path) for path in ("a", "run", "to", "nothing", "gone")}
        assert modes == {"a": PLAIN, "run": EXECUTABLE, "to": LINK, "nothing": PLAIN, "gone": PLAIN}
        settled = result.settle({"run": b"s\n", "a": None}, "note")
        assert settled.overrides == {"run": Entry(EXECUTABLE, b"s\n"), "a": None}
        assert (settled.content("a"), settled.content("run"), settled.notes) == (None, b"s\n", ("note",))


def test_sides(tmp_path: Path) -> None:
    """A conflict has its sides; as text only where all three are there and are text."""
    base: Files = {"a": "x\n", "b": b"\0x", "c": "x\n", "e.toml": "e = 1\n", "f.toml": "f = [\n"}
    ours: Files = {"a": "m\n", "b": b"\0m", "c": "m\n", "d": "m\n", "e.toml": "e = 2\n", "f.toml": "f = [1\n"}
    theirs: Files = {"a": "t\n", "b": b"\0t", "d": "t\n", "e.toml": "e = 3\n", "f.toml": "f = 3\n"}
    with draft(tmp_path / "x", base, ours, theirs) as result:
        assert result.sides("a") == {1: b"x\n", 2: b"m\n", 3: b"t\n"}
        assert result.sides("c") == {1: b"x\n", 2: b"m\n"}
        assert result.sides("d") == {2: b"m\n", 3: b"t\n"}
        assert {path: result.text_sides(path) for path in ("a", "b", "c", "d", "k")} == {
            "a": (b"x\n", b"m\n", b"t\n"),
            "b": (),
            "c": (),
            "d": (),
            "k": (),
        }
        assert [path for path in ("a", "e.toml", "f.toml") if result.parsed(path)] == ["a", "e.toml"]


def test_labels(tmp_path: Path) -> None:
    """Markers get labels for people; nothing else changes."""
    with draft(
        tmp_path / "x", {"a": "x\n", "b": b"\0x"}, {"a": "m\n", "b": b"\0m"}, {"a": "t\n", "b": b"\0t"}
    ) as result:
        labelled = drafts.with_labels(result)
        assert labelled.overrides.keys() == {"a"}
        assert text(labelled, "a").startswith("<<<<<<< your project\nm\n||||||| old template\nx\n=======\n")
        assert drafts.with_labels(labelled).overrides == labelled.overrides


def test_deleted_files_stay_deleted(tmp_path: Path) -> None:
    """What the user deleted is no conflict, with a note for each; what only the template deleted stays one."""
    base: Files = {"a": "a\n", "b": "b\n", "c": "c\n", "d": "d\n"}
    with draft(tmp_path / "x", base, {"c": "m\n", "d": "m\n"}, {"a": "t\n", "b": "t\n", "d": "t\n"}) as before:
        after = drafts.keep_deleted(before)
        assert before.conflicts.keys() == {"a", "b", "c", "d"}
        assert after.conflicts.keys() == {"c", "d"}
        assert (after.content("a"), after.content("b")) == (None, None)
        assert after.notes == tuple(
            f"{path} was deleted here, but changed in the template; it stays deleted." for path in "ab"
        )


TOML = "[first]\na = 1\n" + "".join(f"x{at} = {at}\n" for at in range(20)) + "[last]\nb = 1\n"
EARLY, LATE = TOML.replace("x2 = 2\n", "x2 = 2\nnew = 1\n"), TOML.replace("x18 = 18\n", "x18 = 18\nnew = 1\n")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "broken"),
    [
        (TOML, EARLY, LATE, True),
        (TOML + "b = 1\n", EARLY + "b = 1\n", LATE + "b = 1\n", False),  # ours did not parse
        (TOML, EARLY, LATE.replace("[last]", "[last"), False),  # theirs did not
        (TOML, EARLY, TOML.replace("x18 = 18\n", "x18 = 18\nother = 1\n"), False),
    ],
)
def test_what_does_not_parse(tmp_path: Path, base: str, ours: str, theirs: str, *, broken: bool) -> None:
    """A file that merges cleanly and does not parse becomes a conflict with its sides; one broken before does not."""
    old: Files = {"0.toml": "a = [\n", "a.toml": base, "z.toml": TOML}
    mine: Files = {"0.toml": "a = [\n", "a.toml": ours, "z.toml": EARLY}
    new: Files = {"0.toml": "a = [\nb\n", "a.toml": theirs, "z.toml": LATE}
    with draft(tmp_path / "x", old, mine, new) as before:
        after = drafts.flag_broken(before, tree(old), tree(new))
        assert before.conflicts == {}
        assert ("a.toml" in after.conflicts) == broken
        assert "z.toml" in after.conflicts  # whatever became of the file before it
        assert after.sides("z.toml") == {1: TOML.encode(), 2: EARLY.encode(), 3: LATE.encode()}
        assert "<<<<<<< your project" in text(after, "z.toml")


def test_what_does_not_parse_where_it_was_moved(tmp_path: Path) -> None:
    """A moved file has the sides of its old place."""
    old: Files = {"a.toml": TOML}
    with draft(tmp_path / "x", old, {"a.toml": EARLY}, {"b.toml": LATE}) as before:
        after = drafts.flag_broken(before, tree(old), tree({"b.toml": LATE}))
        assert after.sides("b.toml") == {1: TOML.encode(), 2: EARLY.encode(), 3: LATE.encode()}


def test_a_link_is_no_text(tmp_path: Path) -> None:
    """A link is not judged by its name."""
    old: Files = {"a.toml": "a = 1\n", "k": ""}
    with draft(tmp_path / "x", old, old, {"a.toml": link("a = ["), "k": ""}) as before:
        assert drafts.flag_broken(before, tree(old), tree({"a.toml": link("a = [")})).conflicts == {}
