"""The questions that are asked of git, answered from real repositories."""

from pathlib import Path

import pytest
from support.command import git as run_git
from support.history import begin, checked_out, commit, version

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.git import identity


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two releases, the first with a plain tag, the second with an annotated one."""
    stream = version("v1.0.0", {"a": "1\n", "b/c": "c\n"}) + version("v1.1.0", {"a": "2\n"}, day=1, annotated=True)
    return checked_out(begin(tmp_path / "audit", stream + commit("Next", {"a": "3\n"}, day=2)))


def test_commits_of_tags(repository: Path) -> None:
    """Each tag stands for its commit, also an annotated one; tags of other objects are left out."""
    blob = run_git("rev-parse", "HEAD:a", at=repository)
    run_git("tag", "blob", blob, at=repository)
    run_git("tag", "--annotate", "--message=x", "annotated-blob", blob, at=repository)
    expected = {name: run_git("rev-parse", f"{name}^{{commit}}", at=repository) for name in ("v1.0.0", "v1.1.0")}
    assert git.tags(repository) == expected


def test_names_of_commits(repository: Path) -> None:
    """A commit is found by its name, described by its nearest tag, and compared by descent."""
    head, first = (run_git("rev-parse", name, at=repository) for name in ("HEAD", "v1.0.0"))
    assert git.resolve(repository, "HEAD") == head
    assert git.resolve(repository, "nothing") is None
    assert git.resolve(repository, "HEAD:a") is None
    assert git.describe(repository, "HEAD").startswith("v1.1.0-1-g")
    assert git.describe(repository, "HEAD", besides=["v1.1.0"]).startswith("v1.0.0-2-g")
    assert head.startswith(git.describe(repository, "HEAD", besides=["v1.1.0", "v1.0.0"]))
    assert git.is_ancestor(repository, first, head)
    assert git.is_ancestor(repository, head, head)
    assert not git.is_ancestor(repository, head, first)
    assert not git.is_ancestor(repository, "0" * 40, head)
    assert git.commit_subjects(repository, "v1.0.0..HEAD") == ["Next", "Release v1.1.0"]


def test_files_of_a_commit(repository: Path, tmp_path: Path) -> None:
    """All files or some are written; the repository's own index, and nothing else, stays as it was."""
    for paths, expected in (((), {"a": "1\n", "b/c": "c\n"}), (("b",), {"b/c": "c\n"})):
        into = tmp_path / f"into-{len(paths)}"
        into.mkdir()
        git.extract(repository, "v1.0.0", into, *paths)
        written = {path.relative_to(into).as_posix(): path.read_text() for path in into.rglob("*") if path.is_file()}
        assert written == expected
    assert {path.name for path in tmp_path.iterdir()} >= {"into-0", "into-1"}
    assert not list(tmp_path.glob("*.index"))
    assert run_git("status", "--porcelain", at=repository) == ""
    with pytest.raises(Exception, match="pathspec"):
        git.extract(repository, "v1.0.0", into, "nothing")
    assert not list(tmp_path.glob("*.index"))


def test_what_is_ignored(repository: Path) -> None:
    """Paths that rules hide are named with their rule; none is a good answer too."""
    (repository / ".gitignore").write_text("# logs\n*.log\n")
    assert git.ignored(repository, ["a.log", "b/two\nlines.log", "a"]) == ["a.log", "b/two\nlines.log"]
    assert git.ignored(repository, ["a"]) == []
    assert git.hiding_rule(repository, "a.log") == ".gitignore:2 (*.log)"
    assert git.hiding_rule(repository, "a") == ""


def test_where_repositories_are(repository: Path, tmp_path: Path) -> None:
    """The root is found from inside; a work tree, a bare repository and nothing are told apart."""
    run_git("clone", "--quiet", "--bare", str(repository), str(tmp_path / "bare.git"), at=tmp_path)
    (tmp_path / "half" / "objects").mkdir(parents=True)
    (tmp_path / "half" / "HEAD").write_text("ref: refs/heads/trunk\n")
    assert git.toplevel(repository / "b") == repository
    assert git.toplevel(tmp_path) is None
    assert git.is_repository(repository)
    assert git.is_repository(tmp_path / "bare.git")
    assert not git.is_repository(repository / "b")
    assert not git.is_repository(tmp_path / "half")
    assert git.is_sound(repository)
    (object_file, *_) = (repository / ".git" / "objects").rglob("*.pack")
    object_file.chmod(0o644)
    object_file.write_bytes(b"")
    assert not git.is_sound(repository)


def test_work_trees_and_remotes(repository: Path, tmp_path: Path) -> None:
    """The work tree of a branch, and the address of a remote; '' where there is none."""
    run_git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"), at=repository)
    run_git("remote", "add", "upstream", "https://example.org/x.git", at=repository)
    assert git.worktree_of(repository, "other") == str(tmp_path / "linked")
    assert git.worktree_of(repository, "trunk") == str(repository)
    assert git.worktree_of(repository, "nothing") == ""
    assert git.remote_url(repository, "upstream") == "https://example.org/x.git"
    assert git.remote_url(repository) == ""


def test_staging(repository: Path) -> None:
    """New, changed and removed files are staged as they are, whatever their names."""
    (repository / "two\nlines").write_text("new\n")
    (repository / "a").unlink()
    (repository / "b" / "c").write_text("changed\n")
    git.stage(repository, ["two\nlines", "a", "b/c"])
    staged = run_git("diff", "--cached", "--name-status", "-z", "--no-renames", at=repository).split("\0")
    assert staged[:6] == ["D", "a", "M", "b/c", "A", "two\nlines"]


@pytest.mark.parametrize(
    ("output", "version"), [("git version 2.28.0", (2, 28)), ("git version 3.1.windows.1", (3, 1))]
)
def test_the_version_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, version: object) -> None:
    """A version from 2.28 on is enough."""
    fake_git(tmp_path, monkeypatch, output)
    assert git.require() == version


@pytest.mark.parametrize("output", ["git version 2.27.9", "git version 1.99", "something else"])
def test_a_git_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """An older one, or one that says nothing, is refused with what it says."""
    fake_git(tmp_path, monkeypatch, output)
    with pytest.raises(ToolError, match=output):
        git.require()


def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """Put a git on PATH that only knows its version."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f"#!/bin/sh\necho '{output}'\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")


def test_authors(repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author is the one that a commit would name; without a name or an address there is none."""
    assert str(identity.author(repository)) == "Ada Ops <ada@example.org>"
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace <odd")
    assert (author := identity.author(repository))
    assert author.email == "ada@example.org"
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Ops\n")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    assert identity.author(repository) is None  # who commits would still be guessed
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "grace@example.org")
    assert (author := identity.author(repository))
    assert author.email == "grace@example.org"
