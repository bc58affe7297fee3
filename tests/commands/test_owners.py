"""A repository that another user owns: git does not read it, and every verb says git's own remedy."""

import os
from pathlib import Path

import pytest
from support.command import ROOT, Run, git, tree

from new_ops_project.template import releases, unpacked

pytestmark = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")

NOBODY = 65534


def give_away(folder: Path) -> None:
    """Make another user the owner of a folder and of everything in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def remedy(path: Path | str) -> str:
    """What git says to do."""
    return f"git config --global --add safe.directory {path}"


@pytest.fixture
def project(run: Run, work: Path) -> Path:
    """A project with a space in its path, which another user owns."""
    folder = work / "of others" / "audit"
    folder.parent.mkdir()
    run("new", "audit", "--defaults", "--python", "3.13", "--path", str(folder))
    give_away(folder)
    return folder


VERBS = {
    "update": ["update", "{}"],
    "update --check": ["update", "{}", "--check"],
    "update --abort": ["update", "{}", "--abort"],
    "update --continue": ["update", "{}", "--continue"],
    "update of an answers file": ["update", "{}/.copier-answers.yml"],
    "update --branch": ["update", "{}", "--branch"],
    "promote": ["promote", "{}"],
    "promote --abort": ["promote", "{}", "--abort"],
    "adopt": ["adopt", "{}"],
    "check": ["check", "{}"],
    "check of a file": ["check", "{}/README.md"],
    "check --fix": ["check", "{}", "--fix"],
    "doctor": ["doctor", "{}"],
    "onboard": ["onboard", "{}"],
    "onboard by an address": ["onboard", "file://{}", "--into", "clone"],
    "fleet status": ["fleet", "status", "{}"],
    "fleet plan": ["fleet", "plan", "{}", "--out", "plan"],
    "fleet status by an address": ["fleet", "status", "file://{}"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_project_of_another_user(run: Run, work: Path, project: Path, verb: str) -> None:
    """Each verb ends with 2 and the command to paste, and changes nothing."""
    before = tree(project)
    ran = run(*(word.format(project) for word in VERBS[verb]), code=2)
    text = " ".join((ran.out + ran.err).split())
    place = f"{project}/.git" if "file://" in VERBS[verb][1] or "file://" in VERBS[verb][-1] else str(project)
    assert remedy(f"'{place}'") in text
    assert "Traceback" not in ran.err
    assert tree(project) == before


def test_the_remedy_helps(run: Run, work: Path, project: Path) -> None:
    """With what git says to do, the verbs work."""
    git("config", "--global", "--add", "safe.directory", str(project), at=work)
    run("update", str(project), "--set", "description=Other words.")
    run("update", str(project), "--abort")
    run("check", str(project))


def test_in_the_current_folder(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a PATH, also in a folder of the project."""
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    for verb in ("check", "adopt"):
        ran = run(verb, code=2)
        assert remedy(f"'{project}'") in ran.out + ran.err


@pytest.mark.parametrize("kind", ["folder", "bare", "address"])
def test_a_template_of_another_user(run: Run, work: Path, published: Path, kind: str) -> None:
    """The template is named rather than the project, in each form in which it can be given."""
    bare = work / "team.git"
    git("clone", "--quiet", "--mirror", str(published), str(bare), at=work)
    source = {"folder": work / "team", "bare": bare, "address": f"file://{bare}"}[kind]
    git("clone", "--quiet", "--branch", "main", str(bare), str(work / "team"), at=work)
    run("new", "audit", "--defaults", "--template", str(source))
    give_away(bare)
    give_away(work / "team")
    wanted = remedy(str(source).removeprefix("file://"))
    for verb in ("new second --defaults --template {}", "template show --template {}", "adopt audit2 --template {}"):
        (work / "audit2").mkdir(exist_ok=True)
        git("init", "--quiet", at=work / "audit2")
        git("commit", "--quiet", "--allow-empty", "--message=x", at=work / "audit2")
        releases.clear_caches()
        assert wanted in run(*verb.format(source).split(), code=2).err, verb
    for verb in ("update audit", "update audit --check", "promote audit", "fleet status audit"):
        releases.clear_caches()
        ran = run(*verb.split(), code=2)
        assert wanted in ran.out + ran.err, verb
    assert remedy(work) in run("doctor", "audit", code=1).out


def test_new_works_in_a_place_of_others(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project is created in the repository of another user, and on a file system that gives every file to another."""
    outside = work / "outside"
    git("init", "--quiet", str(outside), at=work)
    give_away(outside)
    assert f"inside another git repository, {outside}," in run("new", "audit", "--defaults", "--path", "outside/a").out
    for ours in (ROOT, unpacked.repository()):
        git("config", "--global", "--add", "safe.directory", str(ours), at=work)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    run("new", "audit", "--defaults")
    assert remedy(work / "audit") in run("update", "audit", code=2).err
