"""Every kind of file and of repository comes through an update as it should, and nothing is lost."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run, git
from small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    MINE,
    NEWER,
    QUESTIONS,
    Files,
    Small,
    everything,
    lay,
    link,
    make,
    program,
    refused,
    release,
    signs,
    snapshot,
    update,
    without_objects,
)

from new_ops_project.tree import EXECUTABLE, LINK, PLAIN

LINKS = (f"_preserve_symlinks: true\n{QUESTIONS}", None)
CRLF = LINES.replace("\n", "\r\n")
ODD = 'two words\'\n"quoted"\t\\ and \udcff\udcfe.txt'


def sides(old: Files, new: Files, mine: Files | None = None) -> Callable[[Path], Small]:
    """A project on disk from its three sides."""
    return lambda root: make(root, old, new, mine, questions=LINKS)


# ---- contents and modes -------------------------------------------------------------------------------------

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
    "the user's link": (sides({"a": link("x")}, {"b": "b"}, {"a": link("mine")}),
                        {"a": (LINK, "mine"), "b": (PLAIN, "b")}),
    "a file becomes a link": (sides({"a": "x"}, {"a": link("y")}), {"a": (LINK, "y")}),
    "a link becomes a file": (sides({"a": link("y")}, {"a": "x"}), {"a": (PLAIN, "x")}),
    "CRLF everywhere": (sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": MINE.replace("\n", "\r\n")}),
                        {"a": (PLAIN, BOTH.replace("\n", "\r\n"))}),
    "CRLF of the user": (sides({"a": LINES}, {"a": NEWER}, {"a": MINE.replace("\n", "\r\n")}),
                         {"a": (PLAIN, BOTH.replace("\n", "\r\n"))}),
    "LF of the user": (sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": MINE}), {"a": (PLAIN, BOTH)}),
    "CRLF comes with the template": (sides({"a": LINES}, {"a": CRLF}), {"a": (PLAIN, CRLF)}),
    "no final newline": (sides({"a": LINES + "end"}, {"a": NEWER + "end"}, {"a": MINE + "end"}),
                         {"a": (PLAIN, BOTH + "end")}),
    "a final newline taken": (sides({"a": LINES + "end\n"}, {"a": NEWER + "end"}, {"a": MINE + "end\n"}),
                              {"a": (PLAIN, BOTH + "end")}),
    "a binary file": (sides({"a": b"\0\1"}, {"a": b"\0\2"}), {"a": (PLAIN, "\0\2")}),
    "the user's binary file": (sides({"a": b"\0\1"}, {"b": "b"}, {"a": b"\0\3"}),
                               {"a": (PLAIN, "\0\3"), "b": (PLAIN, "b")}),
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
    "the same rename by both": (sides({"a": LINES}, {"a": None, "b": NEWER}, {"a": None, "b": MINE}),
                                {"b": (PLAIN, BOTH)}),
    "deleted by both": (sides({"a": LINES}, {"a": None}, {"a": None}), {}),
    "dropped by the template": (sides({"d/a": LINES}, {"d/a": None}), {}),
    "deleted by the user": (sides({"a": LINES, "b": "b"}, {"a": NEWER, "b": "c"}, {"a": None}), {"b": (PLAIN, "c")}),
    "deleted by the user, renamed by the template": (
        sides({"a": LINES, "c": "c"}, {"a": None, "b": NEWER}, {"a": None}), {"c": (PLAIN, "c")}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_file(run: Run, tmp_path: Path, kind: str) -> None:
    """Work tree and index hold what both sides wanted; --abort restores what was there, kind of file included."""
    story, wanted = KINDS[kind]
    small = story(tmp_path)
    before = snapshot(small.project)
    update(run, small)
    found = snapshot(small.project)
    found.pop(ANSWERS)
    assert found == {path: (mode, text.encode()) for path, (mode, text) in wanted.items()}
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
    "edited in CRLF": (sides({"a": CRLF}, {"a": NEWER.replace("\n", "\r\n")}, {"a": CLASH.replace("\n", "\r\n")}),
                       {"a"}, {}),
    "without final newlines": (sides({"a": "x"}, {"a": "y"}, {"a": "z"}), {"a"}, {}),
    "a name of any bytes": (sides({ODD: LINES}, {ODD: NEWER}, {ODD: CLASH}), {ODD}, {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLASHES)
def test_a_file_in_conflict(run: Run, tmp_path: Path, kind: str) -> None:
    """What cannot be merged is in conflict, in the list and in the index; the user's bytes are there; --abort works."""
    story, paths, kept = CLASHES[kind]
    small = story(tmp_path)
    before = everything(small.repository)
    said = update(run, small, "--json", code=3).json
    assert len(said["conflicts"]) == len(paths)
    assert all(one["reason"] for one in said["conflicts"])
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
    said = update(run, small, code=3)
    texts = [content for _, content in snapshot(small.project).values()]
    assert {b"the file\n", b"in the folder\n"} <= set(texts)
    assert "folder" in said.out
    update(run, small, "--abort")
    assert snapshot(small.project) == before


def test_the_end_of_a_file_in_conflict(run: Run, tmp_path: Path) -> None:
    """Markers begin a line where neither side ends with a newline, and have the file's line ends."""
    small = make(tmp_path, {"a": "x", "b": CRLF}, {"a": "y", "b": NEWER.replace("\n", "\r\n")},
                 {"a": "z", "b": CLASH.replace("\n", "\r\n")})  # fmt: skip
    update(run, small, code=3)
    assert signs(small.text("a")) == ["<<<<<<< your project", "||||||| old template", "=======", ">>>>>>> new template"]
    assert small.text("b").count("\n") == small.text("b").count("\r\n")


def test_what_is_said_of_a_deleted_file(run: Run, tmp_path: Path) -> None:
    """That a deleted file stays deleted is a note, and no conflict."""
    small = make(tmp_path, {"a": LINES, "b": "b"}, {"a": NEWER}, {"a": None})
    said = update(run, small, "--json").json
    assert [file["path"] for file in said["files"]] == [ANSWERS]
    assert "a was deleted here" in str(said["notes"])


def test_a_moved_file_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    """A rename of the template is told as one, from and to."""
    small = make(tmp_path, {"a": LINES}, {"a": None, "d/b": NEWER}, {"a": MINE})
    assert {"path": "d/b", "change": "moved", "from": "a"} in update(run, small, "--json").json["files"]


def test_a_name_that_is_no_unicode_in_json(run: Run, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are escapes in the report, for people and in JSON, and in the preview."""
    small = make(tmp_path, {"a": "a"}, {"\udcff.txt": "x\n"})
    assert "\\xff.txt" in update(run, small, "--preview").out
    files = update(run, small, "--preview", "--json").json["files"]
    assert [file["path"] for file in files] == [ANSWERS, "\\xff.txt"]
    assert "+x" in files[1]["diff"]


# ---- what git does not track --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".gitignore", ".git/info/exclude", "global"])
def test_an_ignored_file_is_never_written(run: Run, tmp_path: Path, home: Path, place: str) -> None:
    """A file of the template that the project's rules ignore stays the user's, wherever the rule is."""
    small = make(tmp_path, {"a.env": "old\n", "b": "b\n"}, {"a.env": "new\n", "b": "c\n"}, {"a.env": None})
    lay(home, {".config/git/ignore": "*.env\n"} if place == "global" else {})
    git("config", "--global", "core.excludesFile", str(home / ".config/git/ignore"), at=home)
    if place != "global":
        lay(small.project, {place: "*.env\n"})
    if place == ".gitignore":
        small.commit({})
    lay(small.project, {"a.env": "secret\n"})
    said = update(run, small, "--json").json
    assert (small.text("a.env"), small.text("b")) == ("secret\n", "c\n")
    assert said["ignored"] == ["a.env"]


def test_a_tracked_file_that_a_rule_ignores(run: Run, tmp_path: Path) -> None:
    """A rule says nothing about a file that is tracked: it is updated."""
    small = make(tmp_path, {"a.env": LINES, ".gitignore": "*.env\n"}, {"a.env": NEWER}, {"a.env": MINE})
    assert small.git("ls-files", "a.env") == "a.env"
    assert update(run, small, "--json").json["ignored"] == []
    assert small.text("a.env") == BOTH
    assert small.staged() == {ANSWERS, "a.env"}


def test_a_rule_that_comes_with_the_template(run: Run, tmp_path: Path) -> None:
    """A rule of the new version hides no file of the project that is tracked."""
    small = make(tmp_path, {"a.env": LINES}, {"a.env": NEWER, ".gitignore": "*.env\n"}, {"a.env": MINE})
    update(run, small)
    assert small.text("a.env") == BOTH


@pytest.mark.parametrize("path", ["notes.md", "docs"])
@pytest.mark.parametrize("new", ["notes.md", "docs/index.md"])
def test_an_untracked_file_in_the_way(run: Run, tmp_path: Path, path: str, new: str) -> None:
    """A new file of the template never replaces an untracked one, nor a folder an untracked file."""
    small = make(tmp_path, {"a": "a"}, {new: "theirs\n"})
    lay(small.project, {path: "mine\n"})
    if path.partition("/")[0] == new.partition("/")[0]:
        assert path in refused(run, small, "--in-place")
    else:
        update(run, small, "--in-place")
    assert small.text(path) == "mine\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_an_untracked_folder_in_the_way(run: Run, tmp_path: Path, ignored: bool) -> None:  # noqa: FBT001
    """An untracked folder with something in it is not replaced by a file; an empty one is."""
    small = make(tmp_path, {"a": "a", ".gitignore": "*.log\n"}, {"docs": "theirs\n"})
    lay(small.project, {"docs/mine.log" if ignored else "docs/mine.md": "mine\n"})
    assert "docs" in refused(run, small, "--in-place")
    next((small.project / "docs").iterdir()).unlink()
    update(run, small, "--in-place")
    assert small.text("docs") == "theirs\n"


def test_an_empty_folder_in_a_folder_that_goes(run: Run, tmp_path: Path) -> None:
    """A tracked folder that becomes a file may have empty folders of the user's in it; one with a file is refused."""
    small = make(tmp_path, {"docs/x": "x", ".gitignore": "*.log\n"}, {"docs/x": None, "docs": "theirs\n"})
    lay(small.project, {"docs/sub/mine.log": "mine\n"})
    assert "docs" in refused(run, small)
    (small.project / "docs/sub/mine.log").unlink()
    update(run, small)
    assert small.text("docs") == "theirs\n"


@pytest.mark.parametrize("path", ["docs", "out"])
def test_nothing_is_written_through_a_link(run: Run, tmp_path: Path, path: str) -> None:
    """Where a new folder of the template is a link of the user's, untracked or ignored, that is named, and refused."""
    small = make(tmp_path, {"a": "a", ".gitignore": "/out\n"}, {f"{path}/sub/index.md": "theirs\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (small.project / path).symlink_to(outside)
    said = refused(run, small, "--in-place")
    assert f"{path}/sub/index.md is new in the template" in said
    assert list(outside.iterdir()) == []


def test_nothing_is_written_through_a_tracked_link(run: Run, tmp_path: Path) -> None:
    """The same where the user committed the link: it stays, or it is a conflict, and nothing is written behind it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    small = make(tmp_path, {"a": "a", "docs/x.md": LINES}, {"docs/x.md": NEWER, "docs/y.md": "theirs\n"},
                 {"docs/x.md": None, "docs": link("../outside")})  # fmt: skip
    update(run, small, code=3)
    assert list(outside.iterdir()) == []


def test_a_folder_that_was_swapped_for_a_link(run: Run, tmp_path: Path) -> None:
    """A folder of tracked files that is a link now (its files look the same through it) is not written through."""
    small = make(tmp_path, {"docs/x.md": LINES}, {"docs/x.md": NEWER})
    outside = tmp_path / "outside"
    (small.project / "docs").rename(outside)
    (small.project / "docs").symlink_to(outside)
    refused(run, small)
    refused(run, small, "--in-place")
    assert (outside / "x.md").read_text() == LINES


# ---- special repositories -----------------------------------------------------------------------------------

OLD = {"task.py": LINES, "lib/x.py": LINES}
NEW = {"task.py": NEWER, "lib/x.py": NEWER, "notes.md": "New.\n"}


def test_a_submodule_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A submodule stays at its commit, its own changes are no reason to refuse, and none of it is touched."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(small.template), "vendor",
        at=small.project)  # fmt: skip
    small.git("commit", "--quiet", "--message=vendor")
    lay(small.project, {"vendor/task.py": "dirty\n", "vendor/loose": "mine\n"})
    vendor, entry = snapshot(small.project / "vendor"), small.git("ls-files", "--stage", "vendor")
    update(run, small)
    assert small.text("task.py") == BOTH
    assert snapshot(small.project / "vendor") == vendor
    assert small.git("ls-files", "--stage", "vendor") == entry
    update(run, small, "--abort")
    assert snapshot(small.project / "vendor") == vendor


def test_a_sparse_checkout(run: Run, tmp_path: Path) -> None:
    """Outside of the cone the index is updated and the file stays out of sight; so do new ones."""
    small = make(tmp_path, {**OLD, "lib/y.py": "y"}, {**NEW, "lib/z.py": "z", "lib/y.py": None}, {"lib/x.py": MINE})
    small.git("sparse-checkout", "set", "--cone", "docs")
    update(run, small)
    assert not (small.project / "lib").exists()
    assert small.git("show", ":lib/x.py") + "\n" == BOTH
    assert small.git("ls-files", "-t", "lib") == "S lib/x.py\nS lib/z.py"
    assert small.git("diff", "--name-only") == ""
    assert small.text("task.py") == NEWER
    update(run, small, "--abort")
    assert small.git("status", "--porcelain") == ""
    assert small.git("ls-files", "-t", "lib") == "S lib/x.py\nS lib/y.py"


def test_a_conflict_outside_of_a_sparse_checkout(run: Run, tmp_path: Path) -> None:
    """A conflict outside of the cone is brought into sight, so that it can be resolved; --abort hides it again."""
    small = make(tmp_path, OLD, NEW, {"lib/x.py": CLASH})
    small.git("sparse-checkout", "set", "--cone", "docs")
    update(run, small, code=3)
    assert len(signs(small.text("lib/x.py"))) == 4
    update(run, small, "--abort")
    assert not (small.project / "lib").exists()
    update(run, small, code=3)
    lay(small.project, {"lib/x.py": BOTH})
    update(run, small, "--continue", "--commit")
    assert small.git("show", "HEAD:lib/x.py") + "\n" == BOTH


@pytest.mark.parametrize("how", ["path", "answers file", "from within"])
def test_a_project_in_a_subfolder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Of a monorepo only the project's folder changes; work in other folders is no reason to refuse, and stays."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="services/audit/")
    lay(small.repository, {"task.py": "not of the project\n", "other/loose.txt": "mine\n"})
    git("add", "task.py", at=small.repository)
    monkeypatch.chdir(small.project if how == "from within" else small.repository)
    path = {"path": ["services/audit"], "answers file": [f"services/audit/{ANSWERS}"]}.get(how, [])
    said = run("update", *path, "--json").json
    assert {file["path"] for file in said["files"]} == {ANSWERS, "task.py", "lib/x.py", "notes.md"}
    assert (small.text("task.py"), small.text("notes.md")) == (BOTH, "New.\n")
    assert {path for path in small.staged() if path.startswith("services/audit/")} == small.staged() - {"task.py"}
    assert (small.repository / "task.py").read_text() == "not of the project\n"


def test_a_conflict_in_a_subfolder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a subfolder, too: conflicts, --continue and --abort, from the folder itself and from the root."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH}, prefix="services/audit/")
    before = snapshot(small.repository)
    update(run, small, code=3)
    assert small.unmerged() == {"services/audit/task.py"}
    monkeypatch.chdir(small.project)
    run("update", "--abort")
    assert snapshot(small.repository) == before
    update(run, small, code=3)
    lay(small.project, {"task.py": BOTH})
    update(run, small, "--continue", "--commit")
    assert git("status", "--porcelain", at=small.repository) == ""


def test_two_projects_in_one_repository(run: Run, tmp_path: Path) -> None:
    """A second project of the repository can be updated beside the first, which waits for its commit."""
    one = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="one/")
    rendered = {f"two/{path}": content.decode() for path, (_, content) in snapshot(one.project).items()}
    Small(one.template, one.repository).commit(rendered)
    two = Small(one.template, one.repository, "two/")
    update(run, one, "--commit")
    update(run, two)
    assert (one.text("task.py"), two.text("task.py")) == (BOTH, BOTH)
    assert all(path.startswith("two/") for path in two.staged())


def test_the_branch_of_a_subfolder(run: Run, tmp_path: Path) -> None:
    """A branch and a patch of a project in a subfolder have the paths of the whole repository."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="services/audit/")
    update(run, small, "--branch")
    changed = small.git("diff", "--name-only", "HEAD", "template/v1.1.0").split()
    assert changed == [f"services/audit/{path}" for path in (ANSWERS, "lib/x.py", "notes.md", "task.py")]
    update(run, small, "--patch", str(tmp_path / "patch"))
    assert "diff --git a/services/audit/task.py b/services/audit/task.py" in (tmp_path / "patch").read_text()


def test_a_linked_worktree(run: Run, tmp_path: Path) -> None:
    """In a linked worktree only that one changes: its files, its index."""
    main = make(tmp_path, OLD, NEW, {"task.py": MINE})
    main.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    linked = Small(main.template, tmp_path / "linked")
    before = snapshot(main.project)
    update(run, linked)
    assert linked.text("task.py") == BOTH
    assert linked.staged() == {ANSWERS, *NEW}
    assert (snapshot(main.project), main.git("status", "--porcelain")) == (before, "")
    update(run, linked, "--abort")
    assert linked.git("status", "--porcelain") == ""
    update(run, linked, "--commit")
    update(run, main)
    assert main.text("task.py") == BOTH


@pytest.mark.parametrize("name", ["two words", 'it\'s "quoted" \\ $HOME *', "día-日本"])
def test_a_folder_of_any_name(run: Run, tmp_path: Path, name: str) -> None:
    """The repository's path may hold blanks, quotes and letters of any script."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH}, name=name)
    before = snapshot(small.project)
    update(run, small, code=3)
    assert small.text("lib/x.py") == NEWER
    assert small.unmerged() == {"task.py"}
    update(run, small, "--abort")
    assert snapshot(small.project) == before


def test_a_template_of_any_name(run: Run, tmp_path: Path) -> None:
    """So may the template's."""
    small = make(tmp_path / 'it\'s "día"', OLD, NEW, {"task.py": MINE})
    update(run, small)
    assert small.text("task.py") == BOTH


@pytest.mark.parametrize("args", [[], ["--branch"], ["--commit"], ["--preview"]])
def test_a_sha256_repository(run: Run, tmp_path: Path, args: list[str]) -> None:
    """A repository of git's other object format is updated as any."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, init=("--object-format=sha256",))
    assert len(small.git("rev-parse", "HEAD")) == 64
    update(run, small, *args)
    small.git("fsck", "--strict", "--no-dangling")
    assert small.text("task.py") == (MINE if {"--branch", "--preview"} & set(args) else BOTH)


def test_a_conflict_in_a_sha256_repository(run: Run, tmp_path: Path) -> None:
    """So are its conflicts."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH, "lib/x.py": None}, init=("--object-format=sha256",))
    update(run, small, code=3)
    assert small.git("show", ":2:task.py") + "\n" == CLASH
    assert small.unmerged() == {"task.py"}


def test_a_shallow_clone(run: Run, tmp_path: Path) -> None:
    """Of the project's history only its last commit is needed."""
    whole = make(tmp_path, OLD, NEW, {"task.py": MINE})
    git("clone", "--quiet", "--depth=1", f"file://{whole.repository}", "shallow", at=tmp_path)
    small = Small(whole.template, tmp_path / "shallow")
    update(run, small, "--branch")
    update(run, small, "--commit")
    assert (small.text("task.py"), small.git("rev-list", "--count", "HEAD")) == (BOTH, "2")
    small.git("fsck")


def test_a_partial_clone(run: Run, tmp_path: Path) -> None:
    """A clone without blobs gets those that it needs."""
    whole = make(tmp_path, OLD, NEW, {"task.py": MINE})
    whole.git("config", "uploadpack.allowFilter", "true")
    git("clone", "--quiet", "--filter=blob:none", f"file://{whole.repository}", "partial", at=tmp_path)
    small = Small(whole.template, tmp_path / "partial")
    update(run, small)
    assert small.text("task.py") == BOTH


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("args", [[], ["--in-place"]])
def test_an_edit_that_git_was_told_to_overlook(run: Run, tmp_path: Path, flag: str, args: list[str]) -> None:
    """An edited file that git status does not show is named rather than overwritten."""
    small = make(tmp_path, OLD, NEW)
    small.git("update-index", flag, "task.py")
    lay(small.project, {"task.py": MINE})
    assert "task.py" in refused(run, small, *args)
    assert small.text("task.py") == MINE


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_overlook(run: Run, tmp_path: Path, flag: str) -> None:
    """The same file without an edit is updated."""
    small = make(tmp_path, OLD, NEW)
    small.git("update-index", flag, "task.py")
    update(run, small)
    assert small.text("task.py") == NEWER
    assert small.git("show", ":task.py") + "\n" == NEWER


def test_the_flags_of_other_files_are_kept(run: Run, tmp_path: Path) -> None:
    """What git was told of a file that the update does not touch holds afterwards, and its edit stays."""
    small = make(tmp_path, {**OLD, "mine.cfg": "x\n", "more.cfg": "x\n"}, NEW)
    small.git("update-index", "--assume-unchanged", "mine.cfg")
    small.git("update-index", "--skip-worktree", "more.cfg")
    lay(small.project, {"mine.cfg": "secret\n", "more.cfg": "secret\n"})
    update(run, small)
    assert small.git("ls-files", "-v", "mine.cfg", "more.cfg") == "h mine.cfg\nS more.cfg"
    assert (small.text("mine.cfg"), small.text("more.cfg")) == ("secret\n", "secret\n")


def test_a_file_that_is_to_be_added(run: Run, tmp_path: Path) -> None:
    """`git add --intent-to-add` of another file survives --in-place."""
    small = make(tmp_path, OLD, NEW)
    lay(small.project, {"loose": "mine\n"})
    small.git("add", "--intent-to-add", "loose")
    update(run, small, "--in-place")
    assert small.git("diff", "--name-only") == "loose"
    assert small.text("loose") == "mine\n"


def windows(small: Small, setting: str) -> None:
    """Let git write CRLF in this work tree: by configuration, or by an attribute that is committed."""
    if setting == "autocrlf":
        small.git("config", "core.autocrlf", "true")
    else:
        small.commit({".gitattributes": "*.py text eol=crlf\n"})
    for path in ("task.py", "lib/x.py"):
        (small.project / path).unlink()
    small.git("checkout", "--", ".")
    assert small.text("task.py").count("\r\n") == 20


@pytest.mark.parametrize("setting", ["autocrlf", "attribute"])
def test_crlf_by_git(run: Run, tmp_path: Path, setting: str) -> None:
    """Where git writes CRLF, the update does, and git sees no other change."""
    small = make(tmp_path, OLD, {**NEW, "new.py": LINES}, {"task.py": MINE})
    windows(small, setting)
    before = snapshot(small.project)
    update(run, small)
    assert small.text("task.py") == BOTH.replace("\n", "\r\n")
    assert small.text("new.py") == LINES.replace("\n", "\r\n")
    assert small.git("show", ":task.py") + "\n" == BOTH
    assert small.git("diff", "--name-only") == ""
    update(run, small, "--abort")
    assert (snapshot(small.project), small.git("status", "--porcelain")) == (before, "")


@pytest.mark.parametrize("setting", ["autocrlf", "attribute"])
def test_a_conflict_in_crlf_by_git(run: Run, tmp_path: Path, setting: str) -> None:
    """A conflict there has CRLF throughout, and resolving it in an editor of Windows works."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    windows(small, setting)
    update(run, small, code=3)
    text = small.text("task.py")
    assert text.count("\n") == text.count("\r\n")
    lay(small.project, {"task.py": BOTH.replace("\n", "\r\n")})
    update(run, small, "--continue")
    assert small.git("show", ":task.py") + "\n" == BOTH


def test_a_filter(run: Run, tmp_path: Path) -> None:
    """A clean and smudge filter of the project is applied as git does it."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE, ".gitattributes": "task.py filter=shout\n"})
    small.git("config", "filter.shout.smudge", "tr a-z A-Z")
    small.git("config", "filter.shout.clean", "tr A-Z a-z")
    (small.project / "task.py").unlink()
    small.git("checkout", "--", ".")
    assert small.text("task.py") == MINE.upper()
    update(run, small)
    assert small.text("task.py") == BOTH.upper()
    assert small.git("diff", "--name-only") == ""


def test_a_detached_head(run: Run, tmp_path: Path) -> None:
    """Without a branch the update is the same, and HEAD stays detached."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    small.git("checkout", "--quiet", "--detach")
    update(run, small, "--branch")
    update(run, small, "--commit")
    assert small.text("task.py") == BOTH
    assert small.git("branch", "--show-current") == ""


def test_an_unborn_branch(run: Run, tmp_path: Path) -> None:
    """A project that was never committed is told to be."""
    small = make(tmp_path, OLD, NEW)
    small.git("checkout", "--quiet", "--orphan", "new")
    assert "no commit yet" in refused(run, small)


def test_an_uncommitted_answers_file(run: Run, tmp_path: Path) -> None:
    """An answers file that is not part of the last commit is no record to rely on."""
    small = make(tmp_path, OLD, NEW)
    small.git("rm", "--quiet", "--cached", ANSWERS)
    small.git("commit", "--quiet", "--message=forget")
    assert f"{ANSWERS} is not committed" in refused(run, small)


def test_a_bare_repository(run: Run, tmp_path: Path) -> None:
    """A repository without a work tree is refused by its path."""
    small = make(tmp_path, OLD, NEW)
    git("clone", "--quiet", "--bare", str(small.repository), "bare.git", at=tmp_path)
    assert "bare.git" in run("update", str(tmp_path / "bare.git"), code=2).err


def test_no_repository(run: Run, tmp_path: Path) -> None:
    """A project that is in no repository is refused with the reason, and stays."""
    small = make(tmp_path, OLD, NEW)
    (small.repository / ".git").rename(tmp_path / "kept")
    said = run("update", str(small.project), code=2).err
    assert "git repository" in said
    assert small.text("task.py") == LINES


@pytest.mark.parametrize("args", [[], ["--in-place"], ["--commit"]])
def test_another_git_command_at_work(run: Run, tmp_path: Path, args: list[str]) -> None:
    """While another git command holds the index nothing moves; a preview and a branch need no index."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    lay(small.repository, {".git/index.lock": ""})
    assert "Another git command" in refused(run, small, *args)
    update(run, small, "--preview")
    update(run, small, "--branch")


def test_continue_and_abort_while_git_is_at_work(run: Run, tmp_path: Path) -> None:
    """--continue and --abort wait for the index, too, and work afterwards."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    before = snapshot(small.project)
    update(run, small, code=3)
    lay(small.repository, {".git/index.lock": ""})
    refused(run, small, "--abort")
    lay(small.project, {"task.py": BOTH})
    refused(run, small, "--continue")
    (small.repository / ".git" / "index.lock").unlink()
    update(run, small, "--abort")
    assert snapshot(small.project) == before


SETTINGS = {
    "diff": {"diff.renames": "false", "diff.noprefix": "true", "diff.external": "false", "color.ui": "always",
             "core.abbrev": "4", "core.pager": "false", "log.showSignature": "true"},
    "prefixes": {"diff.mnemonicPrefix": "true", "core.quotePath": "true"},
    "merge": {"merge.conflictStyle": "merge", "merge.renames": "false"},
    "status": {"status.showUntrackedFiles": "no", "status.branch": "true", "status.renames": "copies"},
    "index": {"index.version": "4", "core.untrackedCache": "true", "core.fileMode": "false"},
    "split index": {"core.splitIndex": "true"},
    "many files": {"feature.manyFiles": "true", "core.fsmonitor": "true"},
}  # fmt: skip


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_of_git(run: Run, tmp_path: Path, kind: str) -> None:
    """Whatever the user has configured, the result and the patch are the same."""
    small = make(tmp_path, {**OLD, "a ü": LINES}, {**NEW, "a ü": None, "b ü": NEWER}, {"task.py": MINE})
    for name, value in SETTINGS[kind].items():
        git("config", "--global", name, value, at=tmp_path)
    if kind == "split index":
        small.git("update-index", "--split-index")
    said = update(run, small, "--preview", "--json").json
    assert {file["path"]: file["change"] for file in said["files"]}["b ü"] == "moved"
    update(run, small, "--patch", str(tmp_path / "patch"))
    assert "diff --git a/task.py b/task.py\n" in (tmp_path / "patch").read_text()
    update(run, small)
    assert (small.text("task.py"), small.text("b ü")) == (BOTH, NEWER)
    assert small.git("-c", "core.fsmonitor=false", "diff", "--name-only", "--no-ext-diff") == ""
    update(run, small, "--abort")
    assert small.git("-c", "core.fsmonitor=false", "-c", "status.branch=false", "status", "--porcelain") == ""


# ---- an old git ---------------------------------------------------------------------------------------------


@pytest.fixture
def old_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git whose merge-tree is that of before 2.38."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nfor arg do [ "$arg" = merge-tree ] && exit 129; done\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    return fake


def test_a_union(run: Run, tmp_path: Path) -> None:
    """What .gitattributes says of merging holds: with `merge=union`, a file has the lines of both sides."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH, ".gitattributes": "task.py merge=union\n"}, prefix="in/")
    update(run, small)
    lines = (small.project / "task.py").read_text().splitlines()
    assert {*CLASH.splitlines(), *NEWER.splitlines()} <= {*lines}


SAME: dict[str, tuple[Files, Files, Files, int]] = {
    "clean": (OLD, NEW, {"task.py": MINE}, 0),
    "conflict": (OLD, NEW, {"task.py": CLASH}, 3),
    "edited and dropped": (OLD, {"task.py": None}, {"task.py": MINE}, 3),
    "moved and dropped": (OLD, {"task.py": None}, {"task.py": None, "b.py": MINE}, 3),
    "deleted": (OLD, NEW, {"task.py": None}, 0),
    "renames": ({**OLD, "a": LINES + "a\n"}, {**NEW, "a": None, "b": NEWER + "a\n"},
                {"task.py": None, "d/task.py": MINE}, 0),
    "renamed apart": ({"a": LINES}, {"a": None, "b": LINES}, {"a": None, "c": LINES}, 3),
    "both add": (OLD, NEW, {"notes.md": "mine\n"}, 3),
    "binary": ({"a": b"\0\1"}, {"a": b"\0\2"}, {"a": b"\0\3"}, 3),
    "folder and file": ({"x": "x"}, {"a/b": "theirs\n"}, {"a": "mine\n"}, 3),
    "file and folder": ({"x": "x"}, {"a": "theirs\n"}, {"a/b": "mine\n"}, 3),
    "links and modes": ({"a": "x", "l": link("x"), "p": LINES}, {"a": link("y"), "l": "x", "p": program(NEWER)},
                        {"p": MINE}, 0),
    "both move a link": ({"l": link("x")}, {"l": link("y")}, {"l": link("z")}, 3),
    "an ignored file": ({"a": "x", ".gitignore": "*.log\n"}, {"a": "y"}, {"mine.log": "tracked\n"}, 0),
    "union": (OLD, NEW, {"task.py": CLASH, ".gitattributes": "task.py merge=union\n"}, 0),
    "names": ({ODD: LINES, "*": LINES}, {ODD: NEWER, "*": NEWER}, {ODD: CLASH}, 3),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_an_old_git(run: Run, tmp_path: Path, old_git: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Where `git merge-tree --write-tree` is not to be had, files, index and the list of files are the same."""
    old, new, mine, code = SAME[kind]
    small = make(tmp_path, old, new, mine, questions=LINKS)
    results: list[object] = []
    for path in (os.environ["PATH"], os.environ["PATH"].partition(os.pathsep)[2]):
        monkeypatch.setenv("PATH", path)
        files = update(run, small, "--json", code=code).json["files"]
        results += [snapshot(small.project), small.git("ls-files", "--stage", "-z"), files]
        update(run, small, "--abort")
    assert results[:3] == results[3:]


@pytest.mark.parametrize("kind", ["conflict", "edited and dropped", "both add", "binary"])
def test_the_reasons_of_an_old_git(run: Run, tmp_path: Path, old_git: Path, kind: str) -> None:
    """The reasons are the same words there."""
    old, new, mine, _ = SAME[kind]
    (conflict,) = update(run, make(tmp_path, old, new, mine), "--preview", "--json", code=3).json["conflicts"]
    assert conflict["reason"] in {
        "you and the template changed the same lines", "you edited it, the template dropped it",
        "you and the template added it", "you and the template changed it, and it is no text"
    }  # fmt: skip


def test_an_old_git_writes_nothing_for_a_preview(run: Run, tmp_path: Path, old_git: Path) -> None:
    """There, too, a preview changes no byte of the repository."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH})
    before = everything(small.repository)
    update(run, small, "--preview", code=3)
    assert everything(small.repository) == before


def test_a_release_that_is_signed_by_a_tag(run: Run, tmp_path: Path) -> None:
    """An annotated tag of the template is a version as any."""
    small = make(tmp_path, OLD, NEW)
    release(small.template, "next", {"task.py": NEWER + "end\n"})
    git("tag", "--annotate", "--message=v1.2.0", "v1.2.0", "next", at=small.template)
    git("tag", "--delete", "next", at=small.template)
    update(run, small)
    assert (small.recorded()["_commit"], small.text("task.py")) == ("v1.2.0", NEWER + "end\n")
