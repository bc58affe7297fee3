"""Files that git does not track, which no update may overwrite."""

from pathlib import Path

import pytest
from support.command import Run, git, tree
from support.history import link
from support.small import ANSWERS, BOTH, LINES, MINE, NEWER, lay, make, refused, update


@pytest.mark.parametrize("place", [".gitignore", "info/exclude", "global"])
def test_an_ignored_file_is_never_written(run: Run, tmp_path: Path, home: Path, place: str) -> None:
    """A file of the template that the project's rules ignore stays the user's, wherever the rule is."""
    small = make(tmp_path, {"a.env": "old\n", "b": "b\n"}, {"a.env": "new\n", "b": "c\n"}, {"a.env": None})
    lay(home, {".config/git/ignore": "*.env\n"} if place == "global" else {})
    git("config", "--global", "core.excludesFile", str(home / ".config/git/ignore"), at=home)
    if place != "global":
        file = small.git_path(place) if "/" in place else small.project / place
        lay(file.parent, {file.name: "*.env\n"})
    if place == ".gitignore":
        small.commit({})
    lay(small.project, {"a.env": "secret\n"})
    report = update(run, small, "--json").json
    assert (small.text("a.env"), small.text("b")) == ("secret\n", "c\n")
    assert report["ignored"] == ["a.env"]


def test_a_tracked_file_that_a_rule_ignores(run: Run, tmp_path: Path) -> None:
    """A rule says nothing about a file that is tracked: it is updated."""
    small = make(tmp_path, {"a.env": LINES, ".gitignore": "*.env\n"}, {"a.env": NEWER}, {"a.env": MINE})
    assert small.git("ls-files", "a.env") == "a.env"
    assert update(run, small, "--json").json["ignored"] == []
    assert small.text("a.env") == BOTH
    assert small.staged() == {ANSWERS, "a.env"}


def test_the_template_s_own_new_rule(run: Run, tmp_path: Path) -> None:
    """A new file that the template's new rules ignore is left out as well."""
    small = make(tmp_path, {"a": "a\n"}, {".gitignore": "gen.txt\n", "gen.txt": "new\n", "b": "b\n"})
    assert update(run, small, "--json").json["ignored"] == ["gen.txt"]
    assert not (small.project / "gen.txt").exists()
    assert small.text("b") == "b\n"


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
    message = refused(run, small, "--in-place")
    assert f"{path}/sub/index.md is new in the template" in message
    assert list(outside.iterdir()) == []


def test_nothing_is_written_through_a_tracked_link(run: Run, tmp_path: Path) -> None:
    """The same where the user committed the link: it stays, or it is a conflict, and nothing is written behind it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    small = make(
        tmp_path,
        {"a": "a", "docs/x.md": LINES},
        {"docs/x.md": NEWER, "docs/y.md": "theirs\n"},
        {"docs/x.md": None, "docs": link("../outside")},
    )
    update(run, small, code=3)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["docs/y.md", "docs/sub/y.md"])
@pytest.mark.parametrize("text", ["precious\n", "theirs\n", "mine\n"])
def test_a_file_beyond_a_tracked_link(run: Run, tmp_path: Path, path: str, text: str) -> None:
    """A file beyond the user's link is not in the project: update and preview agree, and no step touches it."""
    outside = tmp_path / "outside"
    lay(outside, {path.removeprefix("docs/"): text})
    (outside / "empty").mkdir()
    newer = {"docs/x.md": NEWER, path: "theirs\n", "docs/empty/z.md": "theirs\n"}
    mine = {"docs/x.md": None, "docs": link("../outside")}
    small = make(tmp_path, {"a": "a", "docs/x.md": LINES}, newer, mine)
    before = tree(outside)
    expected = update(run, small, "--preview", "--json", code=3).json["conflicts"]
    assert update(run, small, "--json", code=3).json["conflicts"] == expected
    assert small.text(path) == "theirs\n"
    assert tree(outside) == before
    run("update", str(small.project), "--abort")
    assert (small.project / "docs").readlink() == Path("../outside")
    assert small.git("status", "--porcelain") == ""
    assert tree(outside) == before
    assert (outside / "empty").is_dir()


@pytest.mark.parametrize("options", [(), ("--in-place",)])
def test_a_link_that_git_does_not_see(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    """A folder swapped for a link, whose files git is told to ignore, is named; nothing is written through it."""
    small = make(tmp_path, {"docs/x.md": LINES, ".gitignore": "/docs\n"}, {"docs/x.md": NEWER})
    small.git("update-index", "--skip-worktree", "docs/x.md")
    outside = tmp_path / "outside"
    (small.project / "docs").rename(outside)
    (small.project / "docs").symlink_to(outside)
    assert "but docs is a symbolic link here" in refused(run, small, *options)
    assert (outside / "x.md").read_text() == LINES


def test_a_folder_that_was_swapped_for_a_link(run: Run, tmp_path: Path) -> None:
    """A folder of tracked files that is a link now (its files look the same through it) is not written through."""
    small = make(tmp_path, {"docs/x.md": LINES}, {"docs/x.md": NEWER})
    outside = tmp_path / "outside"
    (small.project / "docs").rename(outside)
    (small.project / "docs").symlink_to(outside)
    refused(run, small)
    refused(run, small, "--in-place")
    assert (outside / "x.md").read_text() == LINES
