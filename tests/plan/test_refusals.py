"""What stops a plan before it is written, in words with the values."""

import re
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from support.command import Run, git
from support.history import begin, checked_out, commit
from support.small import make, refused, update

from new_ops_project.base.errors import ToolError
from new_ops_project.git.worktree import Repository, Status, find_repository
from new_ops_project.plan import apply, branch_names, delivery
from new_ops_project.plan.destination import Destination


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with two files."""
    return find_repository(checked_out(begin(tmp_path / "audit", commit("Begin", {"a": "a\n", "b": "b\n"}))))[0]


def status(*dirty: str, unmerged: tuple[str, ...] = ()) -> Status:
    """A work tree with these paths."""
    return Status("0" * 40, frozenset(dirty), unmerged)


def message(error: pytest.ExceptionInfo[ToolError]) -> str:
    """The sentence and the hint."""
    return f"{error.value.message}\n{error.value.hint}"


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "f0."),
        (5, "f0, f1, f2, f3, f4."),
        (6, "f0, f1, f2, f3, f4 and 1 more."),
        (9, "f0, f1, f2, f3, f4 and 4 more."),
    ],
)
def test_uncommitted_changes(count: int, named: str) -> None:
    """Five paths are named, in order, and the number of the others."""
    with pytest.raises(ToolError) as error:
        apply.require_clean(status(*(f"f{number}" for number in range(count))), "")
    assert f"uncommitted changes: {named}" in message(error)


@pytest.mark.parametrize(
    ("path", "is_in_the_way"),
    [("sub/x/a", True), ("sub/x/", True), ("sub/", True), ("sub/y", False), ("a", False), ("sub/xx", False)],
)
def test_uncommitted_changes_of_a_project(path: str, *, is_in_the_way: bool) -> None:
    """What is below the project, and an untracked folder that it is in, is in its way; what is beside it is not."""
    if is_in_the_way:
        with pytest.raises(ToolError):
            apply.require_clean(status(path), "sub/x/")
    else:
        apply.require_clean(status(path), "sub/x/")


def test_conflicts_of_the_user(run: Run, tmp_path: Path) -> None:
    """Conflicts of a merge of the user's own are named in the same way, with git's way out."""
    names = [f"f{number}" for number in range(6)]
    small = make(tmp_path, {"a": "a\n"}, {"a": "b\n"}, dict.fromkeys(names, "base\n"))
    small.git("switch", "--quiet", "--create", "other")
    small.commit(dict.fromkeys(names, "theirs\n"))
    small.git("switch", "--quiet", "trunk")
    small.commit(dict.fromkeys(names, "mine\n"))
    with pytest.raises(CalledProcessError):
        small.git("merge", "--quiet", "other")
    text = refused(run, small)
    assert "There are unresolved conflicts: f0, f1, f2, f3, f4 and 1 more." in text
    assert "git merge --abort" in text


@pytest.mark.parametrize("verb", ["update", "promote", "adopt"])
def test_the_hint_at_in_place(repository: Repository, verb: str) -> None:
    """--in-place is an option of all verbs but adopt, and lets the plan itself decide."""
    with pytest.raises(ToolError) as error:
        delivery.require_room(Destination(verb), repository, status("a"), "")
    assert ("--in-place" in message(error)) == (verb != "adopt")
    delivery.require_room(Destination(verb, in_place=True), repository, status("a"), "")
    delivery.require_room(Destination(verb, preview=True), repository, status("a"), "")
    delivery.require_room(Destination(verb), repository, status("a"), "sub/")
    with pytest.raises(ToolError):  # the commit would have it, wherever it is
        delivery.require_room(Destination(verb, commit=True), repository, status("a"), "sub/")


def test_what_else_is_staged(repository: Repository) -> None:
    """A commit of ours has nothing of the user's; what belongs to the change does not count."""
    (repository.root / "a").write_text("mine\n")
    git("add", "a", at=repository.root)
    apply.require_nothing_staged(repository, besides={"a"})
    with pytest.raises(ToolError, match="other staged changes: a"):
        apply.require_nothing_staged(repository, besides={"b"})
    with pytest.raises(ToolError, match="other staged changes: a"):
        delivery.require_room(Destination("update", in_place=True, commit=True), repository, status("a"), "")


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("rebase-merge", "rebase"),
        ("rebase-apply", "rebase"),
    ],
)
def test_what_git_has_under_way(repository: Repository, name: str, operation: str) -> None:
    """A merge and its like are named as git names them."""
    (repository.git_dir / name).write_text("")
    with pytest.raises(ToolError, match=f"A git {operation} is under way"):
        apply.require_no_merge(repository)


def test_names_of_branches(repository: Repository, tmp_path: Path) -> None:
    """A branch that is checked out, that lies below another, or that means something else is refused."""
    git("branch", "a", at=repository.root)
    git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"), at=repository.root)
    for name in ("b", "b/c", "a", "HEADS", "ahead", "BRANCH"):
        apply.require_branch(repository, name)
    for name, why in {
        "trunk": f"is checked out in {repository.root}",
        "linked": f"is checked out in {tmp_path / 'linked'}",
        "a/b": "There is a branch a, so",
        "a/b/c": "There is a branch a, so",
        "HEAD": "git allows no branch called 'HEAD'",
    }.items():
        with pytest.raises(ToolError) as error:
            apply.require_branch(repository, name)
        assert why in message(error)


def test_the_author(repository: Repository, home: Path) -> None:
    """Without a name there is no commit."""
    apply.require_identity(repository)
    (home / ".gitconfig").write_text("")
    with pytest.raises(ToolError, match="git has no author"):
        apply.require_identity(repository)


def test_what_is_in_the_place_of_a_new_file(run: Run, tmp_path: Path) -> None:
    """The file that is in the way is named; where that is beyond a link, the link."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "new.md").write_text("mine\n")
    small = make(tmp_path, {"a": "a\n"}, {"docs/new.md": "new\n"})
    (small.project / "docs").symlink_to(tmp_path / "elsewhere")
    text = refused(run, small, "--in-place")
    assert "docs is a symbolic link here" in text
    assert "Move docs elsewhere" in text
    (tmp_path / "elsewhere" / "new.md").unlink()
    assert refused(run, small, "--in-place") == text
    (small.project / "docs").unlink()
    (small.project / "docs").write_text("mine\n")
    assert "the untracked docs is in its place" in refused(run, small, "--in-place")
    (small.project / "docs").unlink()
    (small.project / "docs").mkdir()
    update(run, small, "--in-place")
    assert small.text("docs/new.md") == "new\n"


def test_another_spelling_of_a_file_that_goes(run: Run, tmp_path: Path) -> None:
    """Where upper and lower case make two names, an untracked file is not the one that the template renames."""
    small = make(tmp_path, {"README.md": "old\n" * 9}, {"README.md": None, "readme.md": "old\n" * 9})
    (small.project / "readme.md").write_text("mine\n")
    if (small.project / "README.md").read_text() == "mine\n":
        pytest.skip("here they are one name")
    assert "would be overwritten: readme.md" in refused(run, small, "--in-place")


@pytest.mark.parametrize(
    ("folder", "start", "is_whole"),
    [
        ("", "", True),
        ("tools", ".tools", True),
        ("a/b", ".a.b", True),
        ("two words", ".two.words-", False),
        ("two.words", ".two.words-", False),
        ("x.lock", ".x.lock-", False),
        ("block", ".block-", False),
        ("x" * 60, "." + "x" * 60, True),
        ("x" * 61, "." + "x" * 60 + "-", False),
    ],
)
def test_branches_of_projects(tmp_path: Path, folder: str, start: str, *, is_whole: bool) -> None:
    """Each project of a repository has a branch of its own, which git allows; a hash tells similar folders apart."""
    suffix = branch_names.suffix(folder)
    assert suffix == branch_names.suffix(f"{folder}/")
    assert suffix.startswith(start)
    assert bool(re.fullmatch("[0-9a-f]{8}", suffix.removeprefix(start))) != is_whole
    git("check-ref-format", f"refs/heads/{branch_names.usual('update', folder)}", at=tmp_path)
