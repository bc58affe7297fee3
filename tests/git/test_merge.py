"""Merges of trees in a scratch repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import git
from support.history import begin, commit

from new_ops_project.git import markers, merge
from new_ops_project.git.merge import Merged, Scratch
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry, Tree

LINES = "".join(f"line {number}\n" for number in range(20))


def tree(files: dict[str, str]) -> Tree:
    """Plain files."""
    return {path: Entry(PLAIN, text.encode()) for path, text in files.items()}


BASE = tree({"a": LINES, "both": "x\n", "moved": LINES.replace("line", "row"), "gone": LINES.replace("line", "g")})
OURS = {
    "a": LINES.replace("line 2\n", "mine\n"),
    "both": "mine\n",
    "moved": LINES.replace("line", "row").replace("row 3\n", "mine\n"),
    "gone": LINES.replace("line", "g") + "mine\n",
    "own": "o\n",
}
THEIRS = tree({"a": LINES.replace("line 18\n", "theirs\n"), "both": "theirs\n", "to": LINES.replace("line", "row")})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with our side."""
    return begin(tmp_path / "audit", commit("Ours", OURS))


@pytest.fixture
def scratch(repository: Path) -> Iterator[Scratch]:
    """A scratch repository beside it."""
    with merge.scratch_repository(repository / ".git" / "objects") as scratch:
        yield scratch


def ours(repository: Path) -> str:
    """The tree of our side."""
    return git("rev-parse", "HEAD^{tree}", at=repository)


def content(scratch: Scratch, tree: str, path: str) -> str:
    """A file of a tree, in the scratch repository."""
    name = f"{tree}:{path}"
    return scratch.contents([name])[name].decode()


def merged(scratch: Scratch, repository: Path, *, with_git: str) -> Merged:
    """The merge of the three, by the one command or in a work tree, which gives the same."""
    result = scratch.merge(BASE, ours(repository), THEIRS, overrides={}, moves={})
    return result if with_git == "new" else scratch.merge_in_worktree()


@pytest.mark.parametrize("with_git", ["new", "old"])
def test_a_merge(scratch: Scratch, repository: Path, with_git: str) -> None:
    """Both edits of a file are in it, a moved file keeps ours, and each conflict has its sides and its kind."""
    result = merged(scratch, repository, with_git=with_git)
    both = LINES.replace("line 2\n", "mine\n").replace("line 18\n", "theirs\n")
    assert content(scratch, result.tree, "a") == both
    assert "mine\n" in content(scratch, result.tree, "to")
    assert content(scratch, result.tree, "own") == "o\n"
    conflict = markers.with_labels(content(scratch, result.tree, "both").encode()).decode()
    assert conflict == ("<<<<<<< your project\nmine\n||||||| old template\nx\n=======\ntheirs\n>>>>>>> new template\n")
    assert sorted((stage.path, stage.number, stage.mode) for stage in result.stages) == [
        ("both", 1, PLAIN),
        ("both", 2, PLAIN),
        ("both", 3, PLAIN),
        ("gone", 1, PLAIN),
        ("gone", 2, PLAIN),
    ]
    assert {path: "content" in kind for path, kind in result.reasons.items()} == {"both": True, "gone": False}
    assert "modify/delete" in result.reasons["gone"]
    (side,) = (stage.blob for stage in result.stages if (stage.path, stage.number) == ("both", 2))
    assert scratch.contents([side]) == {side: b"mine\n"}


@pytest.mark.parametrize("with_git", ["new", "old"])
def test_a_file_where_a_folder_comes(tmp_path: Path, with_git: str) -> None:
    """Ours gets another name, the same whichever git merges."""
    repository = begin(tmp_path / "audit", commit("Ours", {"a": "a\n", "place": "mine\n"}))
    with merge.scratch_repository(repository / ".git" / "objects") as scratch:
        theirs = tree({"a": "a\n", "place/file": "theirs\n"})
        result = scratch.merge(tree({"a": "a\n"}), ours(repository), theirs, overrides={}, moves={})
        if with_git == "old":
            result = scratch.merge_in_worktree()
        assert content(scratch, result.tree, "place/file") == "theirs\n"
        assert content(scratch, result.tree, "place~your-project") == "mine\n"
        assert [(stage.path, stage.number) for stage in result.stages] == [("place~your-project", 2)]


def test_moves_and_overrides(scratch: Scratch, repository: Path) -> None:
    """Ours is merged with files moved and replaced first, under names of any bytes."""
    odd = 'two "words\\\n\udcff'
    result = scratch.merge(
        BASE,
        ours(repository),
        BASE,
        overrides={"both": None, "new": Entry(EXECUTABLE, b"n\n"), "link": Entry(LINK, b"new")},
        moves={"own": odd, "a": "b/a"},
    )
    assert result.stages == ()
    listed = {row.path: row.mode for row in scratch.differences(ours(repository), result.tree) if row.status != "D"}
    assert listed == {odd: PLAIN, "b/a": PLAIN, "new": EXECUTABLE, "link": LINK}
    assert content(scratch, result.tree, "b/a") == OURS["a"]


def test_contents_that_are_there_already(scratch: Scratch, repository: Path) -> None:
    """A content with a known id is not written again."""
    known = {b"mine\n": git("rev-parse", "HEAD:both", at=repository)}
    result = scratch.merge(
        BASE, ours(repository), BASE, overrides={"a": Entry(PLAIN, b"mine\n")}, moves={}, blob_ids=known
    )
    assert content(scratch, result.tree, "a") == "mine\n"


def test_differences(scratch: Scratch, repository: Path) -> None:
    """Added, removed, changed, moved and other kinds of files, and the number of lines."""
    before = ours(repository)
    edits = {
        "a": Entry(PLAIN, b"short\n"),
        "both": None,
        "own": Entry(LINK, b"a"),
        "to": Entry(PLAIN, OURS["moved"].encode()),
        "moved": None,
        "binary": Entry(PLAIN, b"\0"),
    }
    after = scratch.build(before, ("", before), edits)
    rows = {row.path: row for row in scratch.differences(before, after)}
    assert {path: row.status for path, row in rows.items()} == {
        "a": "M",
        "both": "D",
        "own": "T",
        "to": "R",
        "binary": "A",
    }
    assert (rows["to"].before, rows["a"].before) == ("moved", "a")
    assert (rows["own"].old_mode, rows["own"].mode) == (PLAIN, LINK)
    assert scratch.contents([rows["a"].blob, rows["a"].old_blob]) == {
        rows["a"].blob: b"short\n",
        rows["a"].old_blob: OURS["a"].encode(),
    }
    # a: 20 go, 1 comes; both: 1 goes; own: 1 goes, 1 comes; binary: one of each.
    assert scratch.count_lines(before, after) == 26


def test_a_tree_in_a_folder(scratch: Scratch, repository: Path) -> None:
    """A project's tree is put where the project is in its repository, with some of its files replaced."""
    before = ours(repository)
    after = scratch.build(before, ("sub/x/", before), {"both": None, "own": Entry(PLAIN, b"new\n")})
    assert {row.path for row in scratch.differences(before, after)} == {
        "sub/x/a",
        "sub/x/gone",
        "sub/x/moved",
        "sub/x/own",
    }
    assert content(scratch, after, "sub/x/own") == "new\n"


def test_what_a_tree_ignores(scratch: Scratch) -> None:
    """The rules of a tree decide, at every depth; without rules or without paths nothing is ignored."""
    rules = tree({".gitignore": "*.log\n", "deep/er/.gitignore": "!keep.log\nsecret\n", "a": ""})
    paths = {"x.log", "deep/er/keep.log", "deep/er/secret", "secret", "a"}
    assert scratch.ignored(rules, paths) == {"x.log", "deep/er/secret"}
    assert scratch.ignored(rules, {"a"}) == set()
    assert scratch.ignored(rules, set()) == set()
    assert scratch.ignored(tree({"a": ""}), paths) == set()


def test_one_file(scratch: Scratch) -> None:
    """A file by itself is merged with all three sides in a conflict, in words for people."""
    text = scratch.three_way(b"a\nb\n", b"a\nmine\n", b"a\ntheirs\n").decode()
    assert text == ("a\n<<<<<<< your project\nmine\n||||||| old template\nb\n=======\ntheirs\n>>>>>>> new template\n")
    assert scratch.three_way(LINES.encode(), OURS["a"].encode(), THEIRS["a"].content).count(b"<<<") == 0


@pytest.mark.parametrize(("attributes", "is_conflict"), [(b"", True), (b"both merge=union", False)])
def test_attributes(scratch: Scratch, repository: Path, attributes: bytes, *, is_conflict: bool) -> None:
    """The project's own way to merge a file is used."""
    scratch.use_attributes(attributes)
    scratch.use_attributes(attributes)
    result = scratch.merge(BASE, ours(repository), THEIRS, overrides={}, moves={})
    assert ("both" in result.reasons) == is_conflict
    assert is_conflict or content(scratch, result.tree, "both") == "mine\ntheirs\n"


def test_objects_reach_the_repository(scratch: Scratch, repository: Path) -> None:
    """What was written in the scratch repository can be copied to the user's, even twice, and git finds it sound."""
    result = scratch.merge(BASE, ours(repository), THEIRS, overrides={}, moves={})
    (blob,) = scratch.write_blobs([b"loose\n"])
    for _ in range(2):
        scratch.copy_objects_to(repository / ".git" / "objects")
    assert git("cat-file", "-t", result.tree, at=repository) == "tree"
    assert git("cat-file", "blob", blob, at=repository) == "loose"
    git("fsck", "--strict", "--no-dangling", at=repository)
    assert not (repository / ".git" / "objects" / "info" / "alternates").exists()
