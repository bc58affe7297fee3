"""No verb that only looks runs a program that the repository's own settings name; docs/security.md lists the others."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import fleets, servers
from support.command import ROOT, Run, git
from support.hostile_settings import Programs, settings, take_over, write
from support.small import CLASH, NEWER, Small, lay
from support.small_clones import repository

from new_ops_project import cli
from new_ops_project.fleet.inventory import mirrors
from new_ops_project.git import confinement, worktree
from new_ops_project.git.worktree import Repository

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


def documented() -> dict[str, set[str]]:
    """The programs that each command line may run, as docs/security.md lists them."""
    section = (ROOT / "docs" / "security.md").read_text("utf-8").partition("## What a repository's settings can run")[2]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]*) \|", section.partition("\n## ")[0], re.MULTILINE)
    return {line: {*re.findall(r"`([^`]+)`", what)} for lines, what in rows for line in re.findall(r"`([^`]+)`", lines)}


DOCUMENTED = documented()


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
    run: Run, project: Path, tmp_path: Path, programs: Programs, *, line: str, place: str
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
def test_a_partial_clone_that_lacks_objects(project: Path, programs: Programs, line: str) -> None:
    """Nothing is fetched by its own programs, so what needs the objects fails."""
    take_over(project, programs)
    write(project / ".git" / "config", {"remote.origin.promisor": "true", "extensions.partialClone": "origin"})
    shutil.rmtree(project / ".git" / "objects")
    (project / ".git" / "objects").mkdir()
    assert cli.run(line.split()) in {1, 2}
    assert programs.calls() == set()


def test_a_partial_clone_with_a_helper_for_its_remote(project: Path, programs: Programs) -> None:
    """No protocol but ours fetches what is absent, whatever the repository allows."""
    values = {"remote.origin.url": f"ext::{programs.path('ext')}", "protocol.ext.allow": "always"}
    partial = {"remote.origin.promisor": "true", "extensions.partialClone": "origin"}
    write(project / ".git" / "config", {**values, **partial})
    shutil.rmtree(project / ".git" / "objects")
    (project / ".git" / "objects").mkdir()
    assert cli.run(["update", "--preview"]) == 2
    assert programs.calls() == set()
    subprocess.run(["git", "cat-file", "-p", "HEAD"], cwd=project, check=False, capture_output=True)
    assert programs.calls() == {"ext"}  # as git itself does


@pytest.mark.parametrize(
    "questions", ["", "me:\n  default: '{{ _copier_conf.src_path }}'\n"], ids=["data", "by copier"]
)
@pytest.mark.parametrize(
    "line", ["update --check", "update --preview", "update", "new x --defaults --template {template}"]
)
def test_the_repository_of_a_template(
    run: Run, work: Path, tmp_path: Path, programs: Programs, *, line: str, questions: str
) -> None:
    """The settings of a template's repository name nothing that runs, not even where files are written."""
    template = fleets.template(tmp_path / "template", old={**fleets.OLD, "copier.yml": fleets.QUESTIONS + questions})
    fleets.clone(work / "audit", template)
    take_over(template, programs)
    place = [] if line.startswith("new") else [str(work / "audit")]
    run(*line.format(template=template).split(), *place, code=line.endswith("check"))
    assert programs.calls() == set()


# ---- how servers are reached ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "fleet status {url}",
        "fleet plan {url} --out /dev/null",
        "update --check --template {url}",
        "new x --defaults --template {url}",
        "template list --template {url}",
        "onboard {url}",
    ],
)
def test_a_server_is_reached_by_the_users_own_program(project: Path, programs: Programs, line: str) -> None:
    """The repository of the current folder has no say in how an address is reached; the user's settings have."""
    take_over(project, programs)
    git("config", "--global", "core.sshCommand", f"'{programs.path('ssh of the user')}'", at=project)
    mirrors._environment.cache_clear()  # noqa: SLF001 - one run asks once, and this process makes many
    assert cli.run(line.format(url="ssh://git@nowhere.invalid/x.git").split()) in {1, 2}
    mirrors._environment.cache_clear()  # noqa: SLF001 - as above
    assert programs.calls() == {"ssh of the user"}
    if line.startswith(("onboard", "update")):  # the others try it three times
        assert cli.run(line.format(url="git://127.0.0.1:9/x.git").split()) == 2
        assert programs.calls() == set()


@pytest.mark.parametrize("kind", ["core.sshCommand", "core.gitProxy", "credential.helper"])
def test_what_doctor_asks(project: Path, programs: Programs, kind: str) -> None:
    """It asks `origin` by what the repository names for that, and the template by what the user names."""
    assert kind in DOCUMENTED["doctor"]
    (project / "pyproject.toml").write_text('[project]\nname = "audit"\n')
    answers = project / ".copier-answers.yml"
    answers.write_text(re.sub("_src_path: .*", "_src_path: ssh://git@nowhere.invalid/t.git", answers.read_text()))
    take_over(project, programs, besides=("remote.origin.url",))
    with servers.locked_http() as http:
        urls = {"core.sshCommand": "ssh://git@nowhere.invalid/x.git", "core.gitProxy": "git://127.0.0.1:9/x.git"}
        write(project / ".git" / "config", {"remote.origin.url": urls.get(kind, f"{http}/x.git")})
        assert cli.run(["doctor", "."]) == 1
    assert programs.calls() == {kind}


# ---- what may run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [line for line in DOCUMENTED if line != "doctor"])
def test_a_verb_that_writes(
    run: Run, work: Path, project: Path, programs: Programs, *, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """It works, and runs what docs/security.md says and nothing else."""
    folder, more, code = prepared(run, work, project, line)
    monkeypatch.chdir(folder)
    take_over(folder, programs)
    run(*line.split(), *more, code=code)
    calls = {re.sub(r"^hook\..*", "hooks", name).replace(".evil.", ".*.") for name in programs.calls()}
    assert calls == DOCUMENTED[line]


def prepared(run: Run, work: Path, project: Path, line: str) -> tuple[Path, list[str], int]:
    """The folder in which a command line has something to do, what it needs beside, and its exit code."""
    if line.startswith("promote"):
        run("new", "job", "--tier", "script", "--defaults", "--path", str(work / "job"))
        return work / "job", ["library"], 0
    if line.startswith("adopt"):
        files = {"job.py": "print(1)\n", ".python-version": "3.12\n", "README.md": "# Old\n"}
        return repository(work / "old", files), ["--yes", "--tier", "script"], 0
    if line.startswith("check"):
        files = {"requirements.txt": "requests\n", "pyproject.toml": '[project]\nname = "audit"\n'}
        Small(project, project).commit(files)
        return project, [], 1
    if "--continue" in line:
        Small(project, project).commit({"task.py": CLASH})
        run("update", code=3)
        lay(project, {"task.py": NEWER})
    if "--abort" in line:
        run("update")
    return project, [], 0


def test_delivery_to_a_branch(run: Run, work: Path, project: Path, programs: Programs) -> None:
    """`fleet publish` writes a branch of a clone, and runs nothing."""
    run("fleet", "update", ".", "--out", str(work / "out"))
    take_over(project, programs)
    run("fleet", "publish", "--in", str(work / "out"), "--mode", "branch")
    assert git("branch", "--list", "template/*", at=project)
    assert programs.calls() == set()


# ---- filters that no verb that looks may run -------------------------------------------------------------------------


@pytest.fixture
def filtered(project: Path) -> Repository:
    """A project with a file that its own filter converts, as git-lfs or git-crypt do; nothing in it is modified."""
    settings = {
        "filter.upper.clean": "tr a-z A-Z",
        "filter.upper.smudge": "tr A-Z a-z",
        "filter.upper.required": "true",
    }
    write(project / ".git" / "config", settings)
    Small(project, project).commit({".gitattributes": "*.txt filter=upper\n", "a.txt": "abc\n"})
    now = (project / "a.txt").stat().st_mtime
    os.utime(project / ".git" / "index", (now, now))  # in one second, as after a clone: git compares the content
    assert git("cat-file", "-p", "HEAD:a.txt", at=project) == "ABC"
    return worktree.find_repository(project)[0]


def test_an_unmodified_file_of_a_filter(filtered: Repository, run: Run) -> None:
    """It is unmodified for a verb that looks too, and the index is left alone."""
    index = (filtered.git_dir / "index").read_bytes()
    assert worktree.status(filtered).dirty == worktree.status(filtered, filters=True).dirty == frozenset()
    run("fleet", "status", ".", code=1)
    run("update", "--commit")
    assert (filtered.root / "a.txt").read_text() == "abc\n"
    assert (filtered.git_dir / "index").read_bytes() != index


def test_a_modified_file_of_a_filter(filtered: Repository) -> None:
    """It is modified either way; one with another time only is so where the filter may not run."""
    (filtered.root / "a.txt").write_text("abcd\n")
    assert worktree.status(filtered).dirty == worktree.status(filtered, filters=True).dirty == {"a.txt"}
    (filtered.root / "a.txt").write_text("abc\n")
    os.utime(filtered.root / "a.txt", (1_000_000_000, 1_000_000_000))
    assert worktree.status(filtered).dirty == {"a.txt"}
    assert worktree.status(filtered, filters=True).dirty == frozenset()


def test_a_filter_of_the_user(filtered: Repository, programs: Programs) -> None:
    """What the user has set for all repositories runs, in the place of what the repository says."""
    git("config", "--global", "filter.upper.clean", f"{programs.path('user')}; tr a-z A-Z", at=filtered.root)
    os.utime(filtered.root / "a.txt", (1_000_000_000, 1_000_000_000))
    assert worktree.status(filtered).dirty == frozenset()
    assert programs.calls() == {"user"}


def test_hooks_in_settings(project: Path) -> None:
    """Git since 2.54 runs them wherever core.hooksPath is; those of the repository are disabled, even with filters."""
    git("config", "--global", "hook.mine.command", "true", at=project)
    assert "hook.evil.enabled=false" not in " ".join(confinement.of(project)[0])
    write(project / ".git" / "config", {"hook.evil.command": "true", "hook.evil.event": "pre-commit"})
    for filters in (True, False):
        assert confinement.of(project, filters=filters)[0][-2:] == ("-c", "hook.evil.enabled=false")
    assert "hook" not in " ".join(confinement.of(project, filters=True, hooks=True)[0]).lower()


def test_a_work_tree_elsewhere(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Settings that place the work tree where the folder is not are no reason to read or write there."""
    (tmp_path / "elsewhere").mkdir()
    write(project / ".git" / "config", {"core.worktree": str(tmp_path / "elsewhere")})
    for line in ("check", "update", "update --in-place", "update --preview"):
        assert cli.run(line.split()) == 2
        assert "elsewhere" in capfd.readouterr().err
    assert not [*(tmp_path / "elsewhere").iterdir()]
