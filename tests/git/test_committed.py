"""The files of a project as a commit has them, read by git from a real repository."""

from pathlib import Path

from support.command import git
from support.history import Files, begin, checked_out, commit, link, program

from new_ops_project.git import committed
from new_ops_project.git.tree import EXECUTABLE, LINK, PLAIN, Entry
from new_ops_project.git.worktree import Repository, find_repository

FILES: Files = {
    "a.txt": "a\n",
    "sub/b.txt": "b\n",
    "sub/deep/c.sh": program("echo\n"),
    "sub/d": link("b.txt"),
    "subway": "s\n",
    "sub/binary": b"\0bytes",
    "sub/late": b"x" * 8000 + b"\0",
    "sub/early": b"x" * 7999 + b"\0",
    "sub/large": b"x" * (committed.LARGEST + 1),
    "sub/full": b"x" * committed.LARGEST,
}


def repository(tmp_path: Path) -> Repository:
    """A repository with these files and a submodule."""
    folder = checked_out(begin(tmp_path / "audit", commit("Begin", FILES)))
    head = git("rev-parse", "HEAD", at=folder)
    git("update-index", "--add", "--cacheinfo", f"160000,{head},sub/module", at=folder)
    git("commit", "--quiet", "--message=A submodule", at=folder)
    return find_repository(folder)[0]


def test_modes_and_texts(tmp_path: Path) -> None:
    """Every path has its mode; the texts are those that git calls text, up to a size, without links and submodules."""
    read = committed.read(repository(tmp_path), "HEAD", "sub/")
    assert read.modes == {
        "b.txt": PLAIN,
        "binary": PLAIN,
        "d": LINK,
        "deep/c.sh": EXECUTABLE,
        "early": PLAIN,
        "full": PLAIN,
        "large": PLAIN,
        "late": PLAIN,
        "module": "160000",
    }
    assert read.texts.keys() == {"b.txt", "deep/c.sh", "late", "full"}
    assert read.entry("deep/c.sh", b"new") == Entry(EXECUTABLE, b"new")


def test_below(tmp_path: Path) -> None:
    """A folder stands for what is below it, a file for itself; a longer name with the same beginning is another."""
    read = committed.read(repository(tmp_path), "HEAD", "")
    assert read.below("sub/deep") == ["sub/deep/c.sh"]
    assert read.below("sub/b.txt") == ["sub/b.txt"]
    assert "subway" not in read.below("sub")
    assert read.below("nothing") == []


def test_some_files(tmp_path: Path) -> None:
    """Files and links are read by name; folders, submodules and what is not there are left out."""
    wanted = ["b.txt", "d", "deep", "deep/c.sh", "module", "nothing", "binary"]
    assert committed.read_files(repository(tmp_path), "HEAD", "sub/", wanted) == {
        "b.txt": Entry(PLAIN, b"b\n"),
        "d": Entry(LINK, b"b.txt"),
        "deep/c.sh": Entry(EXECUTABLE, b"echo\n"),
        "binary": Entry(PLAIN, b"\0bytes"),
    }
