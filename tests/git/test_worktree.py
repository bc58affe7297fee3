"""Work trees: what differs from the commit, and what a program changes in a checkout of its own."""

from pathlib import Path

import pytest
from support.command import git
from support.history import Files, begin, checked_out, commit, link, program
from support.small import lay, snapshot

from new_ops_project.base.errors import ToolError
from new_ops_project.git import scratch_checkout, worktree
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry

FILES: Files = {
    "a": "a\n",
    "sub/b": program("b\n"),
    "sub/c": "c\n",
    "sub/link": link("b"),
    ".gitignore": "*.log\nbuild/\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with these files."""
    return checked_out(begin(tmp_path / "audit", commit("Begin", FILES)))


def test_where_a_path_is(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or a file, there or not yet, has its repository and its path from the root."""
    where, prefix = worktree.find_repository(repository / "sub")
    assert (where.root, where.git_dir, prefix) == (repository, repository / ".git", "sub/")
    assert where.objects.resolve() == repository / ".git" / "objects"
    assert worktree.find_repository(repository)[1] == ""
    located = {path: worktree.locate(repository / path)[1] for path in ("", "sub", "sub/b", "new/er/file")}
    assert located == {"": "", "sub": "sub", "sub/b": "sub/b", "new/er/file": "new/er/file"}
    monkeypatch.chdir(repository / "sub")
    assert worktree.locate(Path("b"))[1] == "sub/b"
    with pytest.raises(ToolError, match="is not in a git repository"):
        worktree.locate(tmp_path / "elsewhere")


def test_status(repository: Path) -> None:
    """Changed, removed, staged, untracked and ignored paths, with the commit and the branch."""
    where = worktree.find_repository(repository)[0]
    clean = worktree.status(where)
    assert (clean.head, clean.branch) == (git("rev-parse", "HEAD", at=repository), "trunk")
    assert (clean.dirty, clean.unmerged, clean.ignored) == (frozenset(), (), frozenset())
    lay(repository, {"a": "mine\n", "sub/c": None, "new folder/x": "x\n", "n.log": "", "build/x/y": ""})
    git("config", "status.showUntrackedFiles", "no", at=repository)
    git("checkout", "--quiet", "--detach", at=repository)
    now = worktree.status(where)
    assert now.dirty == {"a", "sub/c", "new folder/"}
    assert now.ignored == {"n.log", "build/"}
    assert now.branch == ""
    differing = {
        path: now.may_differ(path) for path in ("a", "sub/b", "new folder/x/y", "build/z", "buildings", "n.log")
    }
    assert [path for path, is_different in differing.items() if is_different] == [
        "a",
        "new folder/x/y",
        "build/z",
        "n.log",
    ]


def test_status_of_a_conflict(repository: Path) -> None:
    """Unmerged paths are named, and count as different."""
    git("checkout", "--quiet", "-b", "other", at=repository)
    (repository / "a").write_text("theirs\n")
    git("commit", "--quiet", "--all", "--message=theirs", at=repository)
    git("checkout", "--quiet", "trunk", at=repository)
    (repository / "a").write_text("mine\n")
    git("commit", "--quiet", "--all", "--message=mine", at=repository)
    with pytest.raises(Exception, match="exit status 1"):
        git("merge", "--quiet", "other", at=repository)
    now = worktree.status(worktree.find_repository(repository)[0])
    assert [*now.unmerged] == [*now.dirty] == ["a"]


def test_status_without_a_commit(tmp_path: Path) -> None:
    """A repository without a commit is refused, with what to do."""
    git("init", "--quiet", str(tmp_path / "empty"), at=tmp_path)
    with pytest.raises(ToolError, match="has no commit yet"):
        worktree.status(worktree.find_repository(tmp_path / "empty")[0])


def test_changes_in_a_checkout(repository: Path) -> None:
    """What a program changes below the prefix is told; the repository stays as it was, and ignored files stay out."""
    before = snapshot(repository)
    seen: list[object] = []

    def act(root: Path) -> None:
        seen.extend((root.name, (root / "a").read_text(), git("rev-parse", "HEAD", at=root), snapshot(root) == before))
        lay(root, {"a": "outside\n", "sub/b": "new\n", "sub/c": None, "sub/d/e": program("e\n"), "sub/x.log": ""})
        lay(root, {"sub/link": link("c"), "subway": "outside\n"})
        git("init", "--quiet", "sub/module", at=root)
        git("commit", "--quiet", "--allow-empty", "--message=x", at=root / "sub" / "module")

    where, head = worktree.find_repository(repository)[0], git("rev-parse", "HEAD", at=repository)
    tree = git("rev-parse", "HEAD^{tree}", at=repository)
    changed = scratch_checkout.changed_by(act, where, tree, head=head, prefix="sub/")
    assert seen == ["audit", "a\n", head, True]
    assert changed == {
        "b": Entry(PLAIN, b"new\n"),
        "c": None,
        "d/e": Entry(EXECUTABLE, b"e\n"),
        "link": Entry(LINK, b"c"),
    }
    assert snapshot(repository) == before
    assert scratch_checkout.changed_by(lambda _: None, where, tree, head=head, prefix="") == {}
