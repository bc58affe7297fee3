"""No verb that only looks runs a program that the repository's own settings name; docs/security.md lists the others."""

import os
import re
import shutil
from pathlib import Path

import pytest
from support import fleets
from support.command import ROOT, Run, git
from support.hostile_settings import KEYS, Programs, settings, take_over, write

LOOKS = {
    "check": 1,
    "check --format sarif": 1,
    "check --offline --select OPS6": 1,
    "check --fix --preview": 1,
    "check task.py": 1,
    "check --explain all": 0,
    "update --check": 1,
    "update --check --offline --json": 1,
    "update --preview": 0,
    "update --preview --json": 0,
    "update --patch -": 0,
    "promote library --preview": 2,
    "adopt --preview --yes": 0,
    "fleet status .": 1,
    "fleet status . --drift": 1,
    "fleet plan . --out {out}/plan.json": 0,
    "fleet update . --out {out}/results": 0,
    "fleet --help": 0,
    "template list": 0,
    "template show": 0,
    "config show": 0,
    "completion bash": 0,
    "new other --preview --defaults": 0,
}


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs that log each call."""
    return Programs(tmp_path / "programs")


@pytest.fixture
def project(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project behind its template, which is the current folder."""
    folder = fleets.clone(work / "audit", fleets.template(tmp_path / "template"))
    monkeypatch.chdir(folder)
    return folder


def test_git_itself_runs_them(project: Path, programs: Programs) -> None:
    """Without our door, a status runs the monitor and the filter, and a commit hooks and more."""
    take_over(project, programs)
    git("status", at=project)
    assert {"core.fsmonitor", "filter.evil.clean"} <= programs.calls()
    git("commit", "--quiet", "--allow-empty", "--message=x", at=project)
    assert {"hook.pre-commit", "hook.reference-transaction"} <= programs.calls()


@pytest.mark.parametrize("hooks_path", [True, False], ids=["hooksPath", "hooks"])
@pytest.mark.parametrize("line", LOOKS)
def test_a_verb_that_looks(
    run: Run, project: Path, tmp_path: Path, programs: Programs, line: str, *, hooks_path: bool
) -> None:
    """It works, and runs none of them."""
    take_over(project, programs, hooks_path=hooks_path)
    run(*line.format(out=tmp_path).split(), code=LOOKS[line])
    assert programs.calls() == set()


@pytest.mark.parametrize("line", ["check", "update --check", "update --preview", "fleet status ."])
@pytest.mark.parametrize("place", ["process", "include", "worktree", "linked", "bare", "name"])
def test_settings_in_any_place(
    run: Run, project: Path, tmp_path: Path, programs: Programs, line: str, place: str
) -> None:
    """Neither a filter that stays open nor settings of an included file, of one work tree or a folder above run."""
    codes = {"check": 1, "update --check": 1, "fleet status .": 1}
    evil = settings(programs)
    if place == "process":
        take_over(project, programs, besides=("filter.evil.clean", "filter.evil.smudge"))
        write(project / ".git" / "config", {"filter.evil.process": programs.path("filter.evil.process")})
    elif place == "include":
        take_over(project, programs, besides=tuple(evil))
        write(project / ".git" / "other", evil)
        write(project / ".git" / "config", {"include.path": "other"})
    elif place == "worktree":
        take_over(project, programs, besides=tuple(evil))
        write(project / ".git" / "config", {"extensions.worktreeConfig": "true"})
        write(project / ".git" / "config.worktree", evil)
    elif place == "linked":
        git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"), at=project)
        take_over(project, programs)
        os.chdir(tmp_path / "linked")
    elif place == "bare":  # whose HEAD is none, so that git goes on to the folder above
        take_over(project, programs)
        inner = project / "inner"
        for name in ("objects", "refs"):
            (inner / name).mkdir(parents=True)
        (inner / "HEAD").write_text("nonsense\n")
        git("config", "--file", "config", "core.bare", "true", at=inner)
    else:
        take_over(project, programs, besides=("filter.evil.clean",))
        (project / ".git" / "info" / "attributes").write_text("* filter=a=b\n")
        write(project / ".git" / "config", {"filter.a=b.clean": programs.path("filter.evil.clean")})
        codes = dict.fromkeys(LOOKS, 2)
    run(*line.split(), code=codes.get(line, 0))
    assert programs.calls() == set()


@pytest.mark.parametrize("line", ["check", "update --check", "update --preview", "fleet status .", "fleet plan ."])
def test_a_partial_clone_that_lacks_objects(run: Run, project: Path, programs: Programs, line: str) -> None:
    """Nothing is fetched by its own programs: what needs the objects says so."""
    take_over(project, programs)
    write(project / ".git" / "config", {"remote.origin.promisor": "true", "extensions.partialClone": "origin"})
    for row in git("ls-tree", "-r", "HEAD", at=project).splitlines():
        blob = row.split()[2]
        (project / ".git" / "objects" / blob[:2] / blob[2:]).unlink(missing_ok=True)
    for pack in (project / ".git" / "objects" / "pack").glob("*"):
        pack.unlink()
    from new_ops_project import cli

    assert cli.run(line.split()) in {0, 1, 2}
    assert programs.calls() == set()
