"""What follows --branch, --patch: a name, a file, or the PATH of the project."""

from pathlib import Path

import pytest
from support.command import Run
from support.growing_projects import start
from support.small import ANSWERS, MINE, NEW, OLD, Small, head, lay, make, untouched

BRANCH = "template/v1.1.0.audit"


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """A project in a subfolder of its repository, whose root is the current folder."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="audit/")
    lay(small.repository, {"docs/index.md": "Docs.\n"})
    monkeypatch.chdir(small.repository)
    return small


@pytest.mark.parametrize("path", ["audit", "audit/", "./audit", "docs/../audit", f"audit/{ANSWERS}", "{}", "~/link"])
@pytest.mark.parametrize("form", [("update", "--branch", "{}"), ("update", "{}", "--branch")])
def test_the_path_of_a_project(run: Run, audit: Small, home: Path, path: str, form: tuple[str, ...]) -> None:
    """The project's path is PATH before and behind --branch; the branch has the usual name."""
    (home / "link").symlink_to(audit.project)
    path = path.format(audit.project)
    report = run(*(word.format(path) for word in form), "--json").json
    assert (report["branch"], report["path"]) == (BRANCH, str(audit.project))
    assert audit.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split() == [BRANCH, "trunk"]


@pytest.mark.parametrize(
    "args", [("audit", "--branch", "docs"), ("--branch", "docs", "audit"), ("audit", "--branch=audit")]
)
def test_a_name_beside_a_path(run: Run, audit: Small, args: tuple[str, ...]) -> None:
    """With a PATH, the value of --branch is a name, even if there is a folder of that name."""
    name = "audit" if "--branch=audit" in args else "docs"
    assert run("update", *args, "--json").json["branch"] == name
    assert head(audit, name)


@pytest.mark.parametrize(("verb", "value"), [("update", "docs"), ("promote", "docs"), ("adopt", "docs")])
def test_what_may_be_both(run: Run, audit: Small, verb: str, value: str) -> None:
    """A folder that may as well be a name is refused, with a command for each; nothing is written."""
    before = untouched(audit)
    message = run(verb, "--branch", value, code=2).err
    assert f"--branch {value}: there is a folder of that name here." in message
    assert f"new-ops-project {verb} {value} --branch\n" in message
    assert f"new-ops-project {verb} . --branch {value}\n" in message
    assert (untouched(audit), audit.git("branch", "--list", value)) == (before, "")


def test_two_projects_may_be_meant(run: Run, audit: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project, another one below it may be meant, or a branch of its name."""
    audit.commit({f"part/{ANSWERS}": audit.text(ANSWERS)})
    monkeypatch.chdir(audit.project)
    assert "there is a folder of that name" in run("update", "--branch", "part", code=2).err
    assert run("update", ".", "--branch", "part", "--json").json["branch"] == "part"


def test_promote_and_adopt(run: Run, shared: Path, work: Path) -> None:
    """The other verbs take a path behind --branch for PATH, too, with and without a tier."""
    small = start(shared, work)
    assert run("promote", "library", "--branch", "./project", "--json").json["branch"] == "template/library"
    assert "Already there" in run("promote", "--branch", "project").out
    small.git("rm", "--quiet", ANSWERS)
    small.git("commit", "--quiet", "--message=forget")
    assert run("adopt", "--branch", "./project", "--yes", "--json").json["branch"] == "template/adopt"


@pytest.mark.parametrize("path", ["audit", "docs", "."])
def test_a_patch_is_no_path(run: Run, audit: Small, path: str) -> None:
    """--patch needs a file; a folder is refused, with the form that has both."""
    before = untouched(audit)
    message = run("update", "--patch", path, code=2).err
    assert f"--patch needs a FILE, and {path} is a folder." in message
    assert f"--patch FILE {path}" in message
    assert untouched(audit) == before
