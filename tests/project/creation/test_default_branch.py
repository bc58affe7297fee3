"""`new`, `adopt` and the workflows agree on the repository's default branch."""

from pathlib import Path

import pytest
import yaml
from support.command import Run, git
from support.history import begin, checked_out, commit

CI = ".github/workflows/ci.yml"


def branches(project: Path) -> list[str]:
    """The branches on which a push runs CI; `on` is true in YAML 1.1."""
    listed: list[str] = yaml.safe_load((project / CI).read_text())[True]["push"]["branches"]
    return listed


@pytest.mark.parametrize("name", ["main", "master", "trunk", "develop", "release/1.x", "1.0", "on", "null", "0x1f"])
def test_the_branch_that_git_begins_with(run: Run, work: Path, name: str) -> None:
    """The repository begins with git's own choice, and CI runs on pushes to it, whatever YAML takes the name for."""
    git("config", "--global", "init.defaultBranch", name, at=work)
    assert f"on branch {name}." in run("new", "audit", "--defaults").out
    assert git("branch", "--show-current", at=work / "audit") == name
    assert branches(work / "audit") == [name]
    assert yaml.safe_load((work / "audit" / ".copier-answers.yml").read_text())["default_branch"] == name


def test_without_a_choice(run: Run, work: Path) -> None:
    """It is main, and so it is where git is set to a name that a workflow cannot have."""
    git("config", "--global", "--unset", "init.defaultBranch", at=work)
    run("new", "first", "--defaults")
    git("config", "--global", "init.defaultBranch", "c++", at=work)
    run("new", "second", "--defaults")
    for project in ("first", "second"):
        assert git("branch", "--show-current", at=work / project) == "main"
        assert branches(work / project) == ["main"]


@pytest.mark.parametrize("way", ["--set", "config", "--data-file"])
def test_a_choice_of_ones_own(run: Run, work: Path, way: str) -> None:
    """An answer counts more than git's setting; `includeIf` with `onbranch` follows it."""
    (work / "answers.yml").write_text("default_branch: develop\n")
    (work / "client").write_text("[user]\n\tname = Client\n")
    git("config", "--global", "includeIf.onbranch:develop.path", str(work / "client"), at=work)
    if way == "config":
        run("config", "set", "default_branch", "develop")
    options = {"--set": ["--set", "default_branch=develop"], "config": [], "--data-file": [way, "answers.yml"]}[way]
    run("new", "audit", "--defaults", *options)
    assert git("branch", "--show-current", at=work / "audit") == "develop"
    assert branches(work / "audit") == ["develop"]
    assert git("log", "--format=%an", at=work / "audit") == "Client"
    assert 'name = "Client"' in (work / "audit" / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    "name", ["", "-x", "a..b", "a b", "a/", "/a", "a.lock", "a//b", "a/.b", "b*", "b]", "é", "a\nb"]
)
def test_no_name_for_a_branch(run: Run, work: Path, name: str) -> None:
    """What git refuses as a branch, and what GitHub would take for a pattern, is refused."""
    assert "cannot name a branch" in run("new", "x", "--defaults", "--set", f"default_branch={name}", code=2).err


FILES = {"prune.py": "print(1)\n", ".python-version": "3.13\n"}
ADOPT = ("adopt", "repo", "--commit", "--name", "Prune", "--tier", "script")


def repository(work: Path, *branches: str, current: str) -> Path:
    """A repository with these branches."""
    folder = checked_out(begin(work / "repo", commit("Mine", FILES)))
    for branch in branches:
        git("branch", branch, at=folder)
    git("checkout", "--quiet", *(["--detach"] if not current else [current]), at=folder)
    if "trunk" not in branches:
        git("branch", "--quiet", "-D", "trunk", at=folder)
    return folder


@pytest.mark.parametrize(
    ("names", "current", "expected"),
    [
        (["master"], "master", "master"),
        (["develop"], "develop", "develop"),
        (["master", "fix"], "fix", "master"),
        (["fix", "main"], "fix", "main"),
        (["main", "master"], "master", "master"),
        (["main", "master", "fix"], "fix", "main"),
        (["next", "fix"], "next", "next"),
        (["master"], "", "master"),
        (["a", "b"], "", "main"),
    ],
)
def test_an_adopted_repository(run: Run, work: Path, names: list[str], current: str, expected: str) -> None:
    """Its workflows run on its own default branch: the only one, the one with a usual name, or the current one."""
    folder = repository(work, *names, current=current)
    run(*ADOPT)
    assert branches(folder) == [expected]


def test_the_server_knows_best(run: Run, work: Path) -> None:
    """`origin/HEAD` says it, whatever is checked out; the evidence says so, and a given answer counts more."""
    upstream = repository(work, "stable", "main", current="stable")
    upstream.rename(work / "upstream")
    git("clone", "--quiet", "upstream", "repo", at=work)
    git("checkout", "--quiet", "main", at=work / "repo")
    look = [word for word in ADOPT if word != "--commit"]
    evidence = run(*look, "--preview", "--json").json["evidence"]
    assert {"name": "default_branch", "value": "stable", "where": "origin/HEAD"} in evidence
    run(*ADOPT)
    assert branches(work / "repo") == ["stable"]
    git("reset", "--quiet", "--hard", "origin/main", at=work / "repo")
    run(*ADOPT, "--set", "default_branch=main")
    assert branches(work / "repo") == ["main"]


def test_it_moves(run: Run, work: Path) -> None:
    """A team that renames its branch says so once, and an update keeps it."""
    run("new", "audit", "--defaults")
    run("update", "audit", "--set", "default_branch=main", "--commit")
    assert branches(work / "audit") == ["main"]
    run("update", "audit", "--set", "description=Other words.", "--commit")
    assert branches(work / "audit") == ["main"]
