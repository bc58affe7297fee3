"""Every kind of file in an update."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Run
from support.history import Files, link, program
from support.small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    LINKS,
    MINE,
    NEWER,
    ODD,
    Small,
    everything,
    make,
    signs,
    snapshot,
    update,
    without_objects,
)

from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN

CRLF = LINES.replace("\n", "\r\n")


def sides(old: Files, new: Files, mine: Files | None = None) -> Callable[[Path], Small]:
    """A project on disk from its three sides."""
    return lambda root: make(root, old, new, mine, questions=LINKS)


KINDS = {
    "executable bit set": (sides({"a": LINES}, {"a": program(LINES)}, {"a": MINE}), {"a": (EXECUTABLE, MINE)}),
    "executable bit taken": (sides({"a": program(LINES)}, {"a": LINES}), {"a": (PLAIN, LINES)}),
    "executable bit kept": (
        sides({"a": program(LINES)}, {"a": program(NEWER)}, {"a": program(MINE)}),
        {"a": (EXECUTABLE, BOTH)},
    ),
    "the user's executable bit": (sides({"a": LINES}, {"a": NEWER}, {"a": program(LINES)}), {"a": (EXECUTABLE, NEWER)}),
    "a new program": (sides({}, {"a": program("#!/bin/sh\n")}), {"a": (EXECUTABLE, "#!/bin/sh\n")}),
    "a link that moves": (sides({"a": link("x")}, {"a": link("y")}), {"a": (LINK, "y")}),
    "a new link into a folder": (sides({"d/x": "x"}, {"a": link("d")}), {"a": (LINK, "d"), "d/x": (PLAIN, "x")}),
    "the user's link": (
        sides({"a": link("x")}, {"b": "b"}, {"a": link("mine")}),
        {"a": (LINK, "mine"), "b": (PLAIN, "b")},
    ),
    "a file becomes a link": (sides({"a": "x"}, {"a": link("y")}), {"a": (LINK, "y")}),
    "a link becomes a file": (sides({"a": link("y")}, {"a": "x"}), {"a": (PLAIN, "x")}),
    "CRLF everywhere": (
        sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": MINE.replace("\n", "\r\n")}),
        {"a": (PLAIN, BOTH.replace("\n", "\r\n"))},
    ),
    "CRLF of the user": (
        sides({"a": LINES}, {"a": NEWER}, {"a": MINE.replace("\n", "\r\n")}),
        {"a": (PLAIN, BOTH.replace("\n", "\r\n"))},
    ),
    "LF of the user": (sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": MINE}), {"a": (PLAIN, BOTH)}),
    "CRLF comes with the template": (sides({"a": LINES}, {"a": CRLF}), {"a": (PLAIN, CRLF)}),
    "no final newline": (
        sides({"a": LINES + "end"}, {"a": NEWER + "end"}, {"a": MINE + "end"}),
        {"a": (PLAIN, BOTH + "end")},
    ),
    "a final newline taken": (
        sides({"a": LINES + "end\n"}, {"a": NEWER + "end"}, {"a": MINE + "end\n"}),
        {"a": (PLAIN, BOTH + "end")},
    ),
    "a binary file": (sides({"a": b"\0\1"}, {"a": b"\0\2"}), {"a": (PLAIN, "\0\2")}),
    "the user's binary file": (
        sides({"a": b"\0\1"}, {"b": "b"}, {"a": b"\0\3"}),
        {"a": (PLAIN, "\0\3"), "b": (PLAIN, "b")},
    ),
    "both the same": (sides({"a": b"\0\1"}, {"a": b"\0\2"}, {"a": b"\0\2"}), {"a": (PLAIN, "\0\2")}),
    "both add the same": (sides({}, {"a": "x\n"}, {"a": "x\n"}), {"a": (PLAIN, "x\n")}),
    "an empty file": (sides({"a": "x"}, {"a": "", "b": ""}), {"a": (PLAIN, ""), "b": (PLAIN, "")}),
    "a name of any bytes": (sides({ODD: LINES}, {ODD: NEWER}, {ODD: MINE}), {ODD: (PLAIN, BOTH)}),
    "a new name of any bytes": (sides({}, {f"d {ODD}/{ODD}": "x"}), {f"d {ODD}/{ODD}": (PLAIN, "x")}),
    "a name of any bytes goes": (sides({ODD: "x"}, {ODD: None}), {}),
    "a name that is an option": (sides({"-f": LINES}, {"-f": NEWER}, {"-f": MINE}), {"-f": (PLAIN, BOTH)}),
    "a name that is a pattern": (sides({"*": LINES, "x": "x"}, {"*": NEWER}), {"*": (PLAIN, NEWER), "x": (PLAIN, "x")}),
    "a file becomes a folder": (sides({"a": "x\n"}, {"a": None, "a/b": "y\n"}), {"a/b": (PLAIN, "y\n")}),
    "a folder becomes a file": (sides({"a/b": "x\n"}, {"a/b": None, "a": "y\n"}), {"a": (PLAIN, "y\n")}),
    "a link becomes a folder": (sides({"a": link("x")}, {"a": None, "a/b": "y\n"}), {"a/b": (PLAIN, "y\n")}),
    "a folder becomes a link": (sides({"a/b": "x\n"}, {"a/b": None, "a": link("x")}), {"a": (LINK, "x")}),
    "the user's rename": (sides({"a": LINES}, {"a": NEWER}, {"a": None, "d/b": MINE}), {"d/b": (PLAIN, BOTH)}),
    "the template's rename": (sides({"a": LINES}, {"a": None, "d/b": NEWER}, {"a": MINE}), {"d/b": (PLAIN, BOTH)}),
    "the same rename by both": (
        sides({"a": LINES}, {"a": None, "b": NEWER}, {"a": None, "b": MINE}),
        {"b": (PLAIN, BOTH)},
    ),
    "deleted by both": (sides({"a": LINES}, {"a": None}, {"a": None}), {}),
    "dropped by the template": (sides({"d/a": LINES}, {"d/a": None}), {}),
    "deleted by the user": (sides({"a": LINES, "b": "b"}, {"a": NEWER, "b": "c"}, {"a": None}), {"b": (PLAIN, "c")}),
    "deleted by the user, renamed by the template": (
        sides({"a": LINES, "c": "c"}, {"a": None, "b": NEWER}, {"a": None}),
        {"c": (PLAIN, "c")},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file(run: Run, tmp_path: Path, kind: str) -> None:
    """Work tree and index hold what both sides wanted; --abort restores what was there, kind of file included."""
    story, wanted = KINDS[kind]
    small = story(tmp_path)
    before = snapshot(small.project)
    update(run, small)
    files = snapshot(small.project)
    files.pop(ANSWERS)
    assert files == {path: (mode, text.encode()) for path, (mode, text) in wanted.items()}
    assert small.git("status", "--porcelain", "-z").split("\0")[0].startswith("M  ")
    assert small.git("diff", "--name-only") == ""
    assert small.git("ls-files", "--others") == ""
    update(run, small, "--abort")
    assert snapshot(small.project) == before


CLASHES = {
    "binary, changed by both": (sides({"a": b"\0\1"}, {"a": b"\0\2"}, {"a": b"\0\3"}), {"a"}, {"a": "\0\3"}),
    "both add": (sides({}, {"a": "theirs\n"}, {"a": "mine\n"}), {"a"}, {}),
    "both move a link": (sides({"a": link("x")}, {"a": link("y")}, {"a": link("z")}), {"a"}, {}),
    "edited and dropped": (sides({"a": LINES}, {"a": None}, {"a": MINE}), {"a"}, {"a": MINE}),
    "moved and dropped": (sides({"a": LINES}, {"a": None}, {"a": None, "b": MINE}), {"b"}, {"b": MINE}),
    "renamed apart": (sides({"a": LINES}, {"a": None, "b": LINES}, {"a": None, "c": LINES}), {"a", "b", "c"}, {}),
    "edited in CRLF": (
        sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": CLASH.replace("\n", "\r\n")}),
        {"a"},
        {},
    ),
    "without final newlines": (sides({"a": "x"}, {"a": "y"}, {"a": "z"}), {"a"}, {}),
    "a name of any bytes": (sides({ODD: LINES}, {ODD: NEWER}, {ODD: CLASH}), {ODD}, {}),
}


@pytest.mark.parametrize("kind", CLASHES)
def test_a_file_in_conflict(run: Run, tmp_path: Path, kind: str) -> None:
    """What cannot be merged is in conflict, in the list and in the index; the user's bytes are there; --abort works."""
    story, paths, kept = CLASHES[kind]
    small = story(tmp_path)
    before = everything(small.repository)
    report = update(run, small, "--json", code=3).json
    assert len(report["conflicts"]) == len(paths)
    assert all(conflict["reason"] for conflict in report["conflicts"])
    listed = small.git("ls-files", "--unmerged", "-z").split("\0")
    assert {line.partition("\t")[2] for line in listed if line} == paths
    assert {path: small.text(path) for path in kept} == kept
    update(run, small, "--abort")
    assert without_objects(everything(small.repository)) == without_objects(before)


@pytest.mark.parametrize("side", ["user", "template"])
def test_a_file_where_the_other_has_a_folder(run: Run, tmp_path: Path, side: str) -> None:
    """A folder of one side in the place of a file of the other: both contents are there, and it is a conflict."""
    file, folder = {"a": "the file\n"}, {"a/b": "in the folder\n"}
    mine, theirs = (file, folder) if side == "user" else (folder, file)
    small = make(tmp_path, {"x": "x"}, theirs, mine)
    before = snapshot(small.project)
    ran = update(run, small, code=3)
    texts = [content for _, content in snapshot(small.project).values()]
    assert {b"the file\n", b"in the folder\n"} <= set(texts)
    assert "folder" in ran.out
    update(run, small, "--abort")
    assert snapshot(small.project) == before


def test_the_end_of_a_file_in_conflict(run: Run, tmp_path: Path) -> None:
    """Markers begin a line where neither side ends with a newline, and have the file's line ends."""
    small = make(
        tmp_path,
        {"a": "x", "b": CRLF},
        {"a": "y", "b": NEWER.replace("\n", "\r\n")},
        {"a": "z", "b": CLASH.replace("\n", "\r\n")},
    )
    update(run, small, code=3)
    assert signs(small.text("a")) == ["<<<<<<< your project", "||||||| old template", "=======", ">>>>>>> new template"]
    assert small.text("b").count("\n") == small.text("b").count("\r\n")


def test_what_is_said_of_a_deleted_file(run: Run, tmp_path: Path) -> None:
    """That a deleted file stays deleted is a note, and no conflict."""
    small = make(tmp_path, {"a": LINES, "b": "b"}, {"a": NEWER}, {"a": None})
    report = update(run, small, "--json").json
    assert [file["path"] for file in report["files"]] == [ANSWERS]
    assert "a was deleted here" in str(report["notes"])


def test_a_moved_file_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    """A rename in the template is listed as a rename, from and to."""
    small = make(tmp_path, {"a": LINES}, {"a": None, "d/b": NEWER}, {"a": MINE})
    assert {"path": "d/b", "change": "moved", "from": "a"} in update(run, small, "--json").json["files"]


def test_a_name_that_is_no_unicode_in_json(run: Run, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are escapes in the report, for people and in JSON, and in the preview."""
    small = make(tmp_path, {"a": "a"}, {"\udcff.txt": "x\n"})
    assert "\\xff.txt" in update(run, small, "--preview").out
    files = update(run, small, "--preview", "--json").json["files"]
    assert [file["path"] for file in files] == [ANSWERS, "\\xff.txt"]
    assert "+x" in files[1]["diff"]
