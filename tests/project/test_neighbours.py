"""Several projects in one repository: what is pending belongs to one of them."""

import shlex
from pathlib import Path

import pytest
from support.command import Run, git
from support.small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    MINE,
    NEW,
    OLD,
    Small,
    everything,
    head,
    lay,
    make,
    snapshot,
    without_objects,
)

OTHER = ".copier-answers.b.yml"


def neighbours(root: Path, mine: str = MINE, *, names: tuple[str, str] = ("one/", "two/")) -> tuple[Small, Small]:
    """Two projects of one template in one repository."""
    first = make(root, OLD, NEW, {"task.py": mine}, prefix=names[0])
    rendered = {f"{names[1]}{path}": content.decode() for path, (_, content) in snapshot(first.project).items()}
    Small(first.template, first.repository).commit(rendered)
    return first, Small(first.template, first.repository, names[1])


def state(small: Small) -> object:
    """Everything in the repository, git's own included; the objects of a preview do not count."""
    return without_objects(everything(small.repository))


def test_a_folder_above_projects(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PATH has several projects below it, there is a command for each that works as it is."""
    first, second = neighbours(tmp_path)
    monkeypatch.chdir(first.repository)
    hint = run("update", ".", code=2).err.splitlines()[-2:]
    assert hint == ["  new-ops-project update one", "  new-ops-project update two"]
    for small, line in zip((first, second), hint, strict=True):
        run(*line.split()[1:], "--commit")
        assert small.recorded()["_commit"] == "v1.1.0"


def test_an_answers_file_that_is_not_checked_out(run: Run, tmp_path: Path) -> None:
    """A sparse checkout can leave out the answers file; the commit has it."""
    first, _ = neighbours(tmp_path)
    git("sparse-checkout", "set", "--no-cone", "/*", f"!/one/{ANSWERS}", at=first.repository)
    assert not (first.project / ANSWERS).exists()
    run("update", str(first.project), "--commit")
    assert "_commit: v1.1.0" in first.git("show", f"HEAD:one/{ANSWERS}").replace('"', "")


@pytest.mark.parametrize(("mine", "option"), [(MINE, "--abort"), (CLASH, "--abort"), (CLASH, "--continue")])
@pytest.mark.parametrize("given", ["two", "two/" + ANSWERS, "", "two/gone"])
def test_the_change_of_another_project_is_not_ended(  # noqa: PLR0917 - two of six are the cases
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: str, option: str, given: str
) -> None:
    """--abort and --continue for another project, or for none, say whose change it is, and how to end it."""
    first, _ = neighbours(tmp_path, mine)
    monkeypatch.chdir(first.repository)
    run("update", "one", code=0 if mine == MINE else 3)
    before = state(first)
    message = run("update", *filter(None, [given]), option, code=2).err
    assert f"is of one/{ANSWERS}, not of {given or '.'}" in message
    assert "\n  new-ops-project update one --continue\n  new-ops-project update one --abort\n" in message
    assert state(first) == before
    run(*message.splitlines()[-1].split()[1:])
    assert first.git("status", "--porcelain") == ""


@pytest.mark.parametrize("given", ["one", "one/", "./two/../one", "one/" + ANSWERS, "here"])
def test_the_change_of_a_project_is_ended(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """A project is named by its folder or its answers file, in any spelling."""
    first, _ = neighbours(tmp_path)
    monkeypatch.chdir(first.project if given == "here" else first.repository)
    args = [] if given == "here" else [given]
    report = run("update", *args, "--json").json
    assert report["next"][-1] == f"new-ops-project update {'' if given == 'here' else 'one '}--abort"
    run("update", *args, "--abort")
    assert first.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "args", [["update"], ["update", "--commit"], ["update", "--in-place"], ["promote"], ["check", "--fix"]]
)
def test_a_change_in_the_way(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """Every verb that would write names the change of the other project and its command, and touches nothing."""
    first, two = neighbours(tmp_path)
    monkeypatch.chdir(first.repository)
    run("update", "one")
    before = state(first)
    message = run(*args, "two", code=2).err
    assert f"The update to v1.1.0 of one/{ANSWERS} is not committed yet" in message
    assert "new-ops-project update one --abort" in message
    assert state(first) == before
    monkeypatch.chdir(two.project)
    assert "new-ops-project update ../one --abort" in run(*args, code=2).err


def test_an_adoption_in_the_way(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adoption belongs to its project too: a hook that refuses its commit leaves it there, until --abort."""
    first, _ = neighbours(tmp_path)
    Small(first.template, first.repository).commit({"three/prune.py": "print(1)\n"})
    hook = first.git_path("hooks/pre-commit")
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.chdir(first.repository)
    adopt = ("adopt", "three", "--name", "prune", "--python", "3.13", "--tier", "script", "--yes", "--commit")
    assert "git did not commit" in run(*adopt, code=2).err
    message = run("update", "one", code=2).err
    assert f"of three/{ANSWERS} is not committed yet, so no update of one/{ANSWERS} can start" in message
    assert "new-ops-project adopt three --abort" in message
    assert "is of three" in run("adopt", "--abort", "one", code=2).err
    hook.unlink()
    assert "is undone" in run("adopt", "three", "--abort").out
    assert first.git("status", "--porcelain") == ""
    run("update", "one")


def test_each_project_has_a_branch(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual name carries the folder, so one branch does not replace the other; nor does one of a given name."""
    first, two = neighbours(tmp_path, names=("one/", "services/two/"))
    monkeypatch.chdir(first.repository)
    branches = [run("update", path, "--branch", "--json").json["branch"] for path in ("one", "services/two")]
    assert branches == ["template/v1.1.0.one", "template/v1.1.0.services.two"]
    assert "one" in two.git("diff", "--name-only", "HEAD", branches[0])
    run("update", "one", "--branch", "refresh")
    before = head(first, "refresh")
    message = run("update", "services/two", "--branch", "refresh", code=2).err
    assert f"has a commit for one/{ANSWERS}, not services/two/{ANSWERS}" in message
    assert head(first, "refresh") == before
    two.commit({"mine.txt": "mine\n"})
    run("update", "one", "--branch", "refresh")
    assert head(first, "refresh^") == head(first)


@pytest.mark.parametrize("name", ["día é", ".hidden", "a..b", "x.lock", "-n"])
def test_a_branch_for_a_folder_of_any_name(run: Run, tmp_path: Path, name: str) -> None:
    """Git takes the usual name whatever the folder is called, and a second run finds the branch again."""
    small = make(tmp_path, OLD, NEW, prefix=f"{name}/")
    branch = run("update", str(small.project), "--branch", "--json").json["branch"]
    assert head(small, branch)
    assert "Already there" in run("update", str(small.project), "--branch").out


def test_two_templates_in_one_folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pending for one answers file does not belong to the other, and the branches differ."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    small.commit({OTHER: small.text(ANSWERS)})
    monkeypatch.chdir(small.project)
    which = ("--answers-file", OTHER)
    branches = {run("update", "-a", name, "--branch", "--json").json["branch"] for name in (ANSWERS, OTHER)}
    assert len(branches) == 2
    report = run("update", *which, "--json").json
    assert report["next"][-1] == f"new-ops-project update --answers-file {OTHER} --abort"
    before = state(small)
    for args in (("-a", ANSWERS), ("-a", ANSWERS, "--abort"), ("--abort",), ("--continue",)):
        assert f"new-ops-project update --answers-file {OTHER} --abort" in run("update", *args, code=2).err
    assert state(small) == before
    run("update", *which, "--abort")
    assert (small.text("task.py"), small.git("status", "--porcelain")) == (MINE, "")


def test_conflicts_of_another_project(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview or a branch of the second project names the conflicts as those of the first, not as a merge."""
    first, _ = neighbours(tmp_path, CLASH)
    monkeypatch.chdir(first.repository)
    run("update", "one", code=3)
    for option in ("--preview", "--branch"):
        message = run("update", "two", option, code=2).err
        assert f"The update to v1.1.0 of one/{ANSWERS} has unresolved conflicts: one/task.py" in message
        assert "new-ops-project update one --continue" in message
    lay(first.project, {"task.py": BOTH})
    run("update", "one", "--continue", "--commit")
    run("update", "two", "--preview", code=3)


def test_a_folder_called_like_a_tier(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in a hint means the folder, even if promote would take its name for a tier."""
    small = make(tmp_path, OLD, NEW, prefix="cli/")
    monkeypatch.chdir(small.repository)
    step = run("update", "cli", "--json").json["next"][-1]
    assert step == "new-ops-project update ./cli --abort"
    run(*step.split()[1:])
    assert (small.text("task.py"), git("status", "--porcelain", at=small.repository)) == (LINES, "")


def test_the_command_for_conflicts_of_a_branch(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a branch would have conflicts, the next command asks for the same again, in the work tree."""
    first, _ = neighbours(tmp_path, CLASH)
    monkeypatch.chdir(tmp_path)
    wishes = ("--to", "v1.1.0", "--set", "colour=two words", "--trust")
    report = run("update", "audit/one", *wishes, "--branch", "--json", code=3).json
    (step,) = report["next"]
    assert step == "new-ops-project update audit/one --to v1.1.0 --set 'colour=two words' --trust"
    run(*shlex.split(step)[1:], code=3)
    assert first.recorded()["colour"] == "two words"
