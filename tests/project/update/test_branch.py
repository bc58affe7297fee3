"""An update can be delivered as a branch of one commit."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.small import MINE, Small, everything, head, lay, refused, untouched, update

BRANCH = "template/v1.1.0"


def test_a_branch(run: Run, plain: Small) -> None:
    """--branch makes one commit on top of HEAD with what the default would stage; tree and index stay, dirty or not."""
    lay(plain.project, {"task.py": "dirty\n", "loose.txt": "mine\n"})
    before = untouched(plain)
    report = update(run, plain, "--branch", "--json").json
    assert untouched(plain) == before
    assert (report["state"], report["branch"], report["commit"]) == ("branched", BRANCH, head(plain, BRANCH))
    assert head(plain, f"{BRANCH}^") == head(plain)
    lay(plain.project, {"task.py": MINE, "loose.txt": None})
    update(run, plain)
    assert plain.git("write-tree") == head(plain, f"{BRANCH}^{{tree}}")


def test_a_branch_of_another_name(run: Run, plain: Small) -> None:
    """--branch NAME replaces the usual name."""
    report = update(run, plain, "--branch", "refresh", "--json").json
    assert report["branch"] == "refresh"
    assert plain.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split() == ["refresh", "trunk"]


def test_a_branch_twice_is_the_same_commit(run: Run, plain: Small) -> None:
    """Asked again, the branch is as it was."""
    update(run, plain, "--branch")
    commit = head(plain, BRANCH)
    plain.git("config", "user.name", "Somebody Else")
    assert "Already there" in update(run, plain, "--branch").out
    assert head(plain, BRANCH) == commit


def test_a_branch_follows_head(run: Run, plain: Small) -> None:
    """Our own commit that nobody touched is replaced when HEAD has moved."""
    update(run, plain, "--branch")
    plain.commit({"more.txt": "more\n"})
    update(run, plain, "--branch")
    assert head(plain, f"{BRANCH}^") == head(plain)
    assert "more.txt" in plain.git("ls-tree", "--name-only", BRANCH)


@pytest.mark.parametrize("how", ["other", "on top", "amended"])
def test_a_branch_with_somebodys_commits_is_refused(run: Run, plain: Small, how: str) -> None:
    """A branch that holds anything but our own commit stays."""
    if how == "other":
        plain.git("branch", BRANCH, "HEAD^")
    else:
        update(run, plain, "--branch")
        plain.git("checkout", "--quiet", BRANCH)
        lay(plain.project, {"task.py": "mine\n"})
        amend = ["--amend", "--no-edit"] if how == "amended" else ["--message=mine"]
        plain.git("commit", "--quiet", "--all", *amend)
        plain.git("checkout", "--quiet", "trunk")
    plain.commit({"more.txt": "more\n"})
    assert BRANCH in refused(run, plain, "--branch")


def test_the_current_branch_is_refused(run: Run, plain: Small) -> None:
    """The branch that is checked out does not move."""
    assert "trunk is checked out" in refused(run, plain, "--branch", "trunk")


def test_a_branch_of_another_worktree_is_refused(run: Run, plain: Small, tmp_path: Path) -> None:
    """A branch that is checked out in another worktree does not move either."""
    update(run, plain, "--branch")
    plain.git("worktree", "add", "--quiet", str(tmp_path / "other"), BRANCH)
    plain.commit({"more.txt": "more\n"})
    assert "checked out" in refused(run, plain, "--branch")
    assert git("status", "--porcelain", at=tmp_path / "other") == ""


@pytest.mark.parametrize("name", ["a..b", "two words", "trunk/below"])
def test_a_name_that_no_branch_can_have(run: Run, plain: Small, name: str) -> None:
    """What git would not take as a branch is refused with its name."""
    assert name in refused(run, plain, f"--branch={name}")


def test_no_branch_with_conflicts(run: Run, clash: Small) -> None:
    """In conflict nothing is written, and the files are named."""
    before = everything(clash.repository)
    report = update(run, clash, "--branch", "--json", code=3).json
    assert everything(clash.repository) == before
    assert (report["state"], [conflict["path"] for conflict in report["conflicts"]]) == ("conflicts", ["task.py"])


@pytest.mark.parametrize("name", ["HEAD", "two words", "a..b", "x.lock"])
def test_names_that_git_does_not_allow(run: Run, plain: Small, name: str) -> None:
    """A name that git would refuse, or take for something else, is refused with the name in the sentence."""
    before = untouched(plain)
    assert f"git allows no branch called {name!r}." in update(run, plain, f"--branch={name}", code=2).err
    assert untouched(plain) == before


def test_the_advice_about_a_branch_of_somebody(run: Run, plain: Small) -> None:
    """Where the branch has commits of somebody, another name comes first, and what deleting it loses is said."""
    plain.git("branch", BRANCH)
    git("commit", "--quiet", "--allow-empty", "--message", "mine", at=plain.repository)
    plain.git("branch", "--force", BRANCH)
    plain.git("reset", "--quiet", "--hard", "HEAD^")
    hint = refused(run, plain, "--branch").splitlines()[-1]
    assert hint == f"Give another --branch NAME, or delete it with its commits (git branch -D {BRANCH})."
