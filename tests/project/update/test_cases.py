"""Updates in the cases a..v, in which copier's own update loses work or wrongly reports success."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command import Ran, Run, git
from support.servers import git_daemon
from support.update_cases import (
    EDITED_NEWER_TASK,
    EDITED_TASK,
    MY_MYPY,
    PLAIN,
    THEIR_MYPY,
    Case,
    log_hooks,
    make,
    make_project,
    make_template,
    make_tiers,
)

from new_ops_project.base.errors import Exit


def update(run: Run, case: Case, *args: str, code: int = 0) -> Ran:
    """Update the case's project in this process; no message may be a traceback."""
    ran = run("update", str(case.project), *args, code=code)
    assert "Traceback" not in ran.err
    return ran


def refused(run: Run, case: Case, *args: str) -> str:
    """Update a project that must stay as it is, down to its index and refs, and return the message."""
    before = case.state()
    message = update(run, case, *args, code=2).err
    assert case.state() == before
    assert message.startswith("new-ops-project: ")
    return message


def start(*args: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start our command in a process of its own."""
    command = [sys.executable, "-m", "new_ops_project", *args]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )


def staged(case: Case) -> list[str]:
    """The paths that are in the index and not in HEAD; nothing else may be uncommitted."""
    assert git("diff", "--name-only", at=case.project) == ""
    assert git("ls-files", "--others", "--exclude-standard", at=case.project) == ""
    return git("diff", "--cached", "--name-only", "--no-renames", at=case.project).split()


def unmerged(case: Case) -> set[str]:
    """The paths that git knows to be in conflict."""
    return {line.partition("\t")[2] for line in git("ls-files", "--unmerged", at=case.project).splitlines()}


def test_a_the_edit_follows_the_rename(run: Run, tmp_path: Path) -> None:
    """What the user wrote into a file that the template renames is in the renamed file, next to the change."""
    case = make("a", tmp_path)
    update(run, case)
    assert case.text("job.py") == EDITED_NEWER_TASK
    assert staged(case) == [".copier-answers.yml", "job.py", "task.py"]
    assert not case.has("task.py")


def test_b_edited_and_dropped_is_a_conflict(run: Run, tmp_path: Path) -> None:
    """A file that the user edited and the template drops stays, as a conflict."""
    case = make("b", tmp_path)
    report = update(run, case, "--json", code=3).json
    assert report["state"] == "conflicts"
    assert [conflict["path"] for conflict in report["conflicts"]] == ["task.py"]
    assert case.text("task.py") == EDITED_TASK
    assert unmerged(case) == {"task.py"}


def test_b_a_branch_with_a_conflict_is_not_written(run: Run, tmp_path: Path) -> None:
    """On a branch, where nobody could resolve it, a conflict is listed and nothing is written."""
    case = make("b", tmp_path)
    before = case.state()
    assert "task.py" in update(run, case, "--branch", code=3).out
    assert case.state() == before


def test_c_the_change_arrives_in_the_moved_file(run: Run, tmp_path: Path) -> None:
    """A change of the template is made in the file where the user moved it."""
    case = make("c", tmp_path)
    update(run, case)
    assert case.text("lib/task.py") == EDITED_NEWER_TASK
    assert not case.has("task.py")
    assert staged(case) == [".copier-answers.yml", "lib/task.py"]


@pytest.mark.slow
def test_d_the_code_moves_with_the_tier(run: Run, tmp_path: Path) -> None:
    """The user's code of a script is a module of the library that it becomes."""
    case = make_tiers(tmp_path)
    code = case.text("rotate_keys.py")
    report = update(run, case, "--set", "tier=library", "--json").json
    moved = {"path": "src/rotate_keys/task.py", "change": "moved", "from": "rotate_keys.py"}
    assert moved in report["files"]
    assert case.text("src/rotate_keys/task.py") == code
    assert not case.has("rotate_keys.py")
    assert case.has("src/rotate_keys/state.py")


@pytest.mark.parametrize("letter", ["e", "e, unchanged"])
def test_e_an_ignored_file_is_never_written(run: Run, tmp_path: Path, letter: str) -> None:
    """A file of the template that the project ignores stays the user's, and is named."""
    case = make(letter, tmp_path)
    report = update(run, case, "--json").json
    assert case.text(".env") == "LEVEL=info\nTOKEN=mine\n"
    assert report["ignored"] == [".env"]
    assert ".env" not in [file["path"] for file in report["files"]]


@pytest.mark.parametrize(
    ("letter", "source", "args", "words"),
    [
        ("f", "", [], ["local.toml"]),
        ("g", "", [], ["notes.md"]),
        ("g", "", ["--in-place"], ["notes.md"]),
        ("l", "", [], ["--set owner="]),
        ("l", "", ["--accept-answer-changes"], ["--set owner="]),
        ("n", "", [], ["was not generated from a template", "adopt"]),
        ("o", "", ["--to", "v9.9.9"], ["v9.9.9"]),
        ("o", "git://127.0.0.1:1/x.git", [], ["git://127.0.0.1:1/x.git"]),
        ("o", "/no/such/template", [], ["/no/such/template"]),
        ("r", "", ["--set", "colr=red"], ["'colr'", "colour"]),
    ],
)
def test_refused_with_the_reason(
    run: Run, tmp_path: Path, *, letter: str, source: str, args: list[str], words: list[str]
) -> None:
    """What cannot be done is named in a sentence, and nothing is changed.

    A new file on an ignored (f) or an untracked one (g), whatever status.showUntrackedFiles says; a new question that
    has no default (l); no answers file (n); a bad version, no network, a wrong path (o); a misspelt question (r).
    """
    case = make(letter, tmp_path)
    if source:
        case.records(source)
    message = refused(run, case, *args)
    assert [word for word in words if word not in message] == []


def test_h_conflicts_end_with_three(run: Run, tmp_path: Path) -> None:
    """A conflict has markers with three named parts, stages in the index, its file in the list, and exit code 3."""
    case = make("h", tmp_path)
    assert "task.py" in update(run, case, code=3).out
    marked = case.text("task.py").splitlines()
    named = ["<<<<<<< your project", "||||||| old template", "=======", ">>>>>>> new template"]
    assert [line for line in marked if line[:7] in {name[:7] for name in named}] == named
    assert "step_18 = 'as I want it'" in marked
    assert unmerged(case) == {"task.py"}


def test_i_what_no_longer_parses_is_a_conflict(run: Run, tmp_path: Path) -> None:
    """The same table added twice is a conflict that says so, with both texts in the file."""
    case = make("i", tmp_path)
    (conflict,) = update(run, case, "--json", code=3).json["conflicts"]
    assert conflict["path"] == "pyproject.toml"
    assert "TOML" in conflict["reason"]
    assert MY_MYPY in case.text("pyproject.toml")
    assert THEIR_MYPY.strip() in case.text("pyproject.toml")
    assert unmerged(case) == {"pyproject.toml"}


def test_j_the_real_folder_in_a_file(run: Run, tmp_path: Path) -> None:
    """A template that writes the folder's name and path writes those of the project."""
    case = make("j", tmp_path)
    update(run, case)
    assert case.text("README.md") == f"# audit\n\nIn {case.project}, now.\n\n\n\nEnd.\nMine.\n"


def test_k_an_answer_that_is_no_longer_offered(run: Run, tmp_path: Path) -> None:
    """The recorded answer and what would replace it are named, and replaced only when that is accepted."""
    case = make("k", tmp_path)
    message = refused(run, case)
    for word in ("python_version", "3.9", "3.12", "--accept-answer-changes"):
        assert word in message
    (answer,) = update(run, case, "--accept-answer-changes", "--json").json["answers"]
    assert (answer["name"], answer["from"], answer["to"]) == ("python_version", "3.9", "3.12")
    assert case.text("python.txt") == "3.12\n"


def test_l_a_newly_required_answer(run: Run, tmp_path: Path) -> None:
    """The option that is named for a new question without a default answers it."""
    case = make("l", tmp_path)
    update(run, case, "--set", "owner=ops")
    assert case.text("OWNER") == "ops\n"


def test_m_drift_is_reported(run: Run, tmp_path: Path) -> None:
    """A project at the newest version is current, and the preview names the managed file that drifted."""
    case = make("m", tmp_path)
    before = case.state()
    assert "is current" in update(run, case).out
    assert "task.py" in str(update(run, case, "--preview", "--json").json["notes"])
    assert case.state() == before


def test_p_called_from_a_hook(tmp_path: Path) -> None:
    """What git exports to its hooks, here those of another repository, changes nothing."""
    case = make("p", tmp_path)
    exported = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}
    with start("update", str(case.project), env={k: str(case.template / v) for k, v in exported.items()}) as child:
        _, err = child.communicate()
    assert child.returncode == 0, err
    assert staged(case) == [".copier-answers.yml", "notes.md", "task.py"]
    assert git("status", "--porcelain", at=case.template) == ""


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ([], 0),
        (["--branch"], 0),
        (["--commit"], 0),
        (["--preview"], 0),
        (["--check"], 1),
    ],
)
def test_q_no_hook_elsewhere(run: Run, tmp_path: Path, args: list[str], code: int) -> None:
    """Global hooks run in no temporary folder and in no mirror; where nothing is written they do not run at all."""
    case = make("q", tmp_path)
    case.records(f"git+file://{case.template}")
    log = tmp_path / "log"
    log_hooks(tmp_path / "hooks", log)
    update(run, case, *args, code=code)
    ran = {line.rpartition(" ")[0] for line in log.read_text().splitlines()} if log.exists() else set()
    assert ran <= (set() if args in [["--preview"], ["--check"]] else {str(case.project)})


def test_s_the_preview_is_the_diff(run: Run, tmp_path: Path) -> None:
    """The preview holds every changed line, for people and per file in JSON; nothing is written."""
    case = make("s", tmp_path)
    before = case.state()
    shown = update(run, case, "--preview").out
    files = {file["path"]: file for file in update(run, case, "--preview", "--json").json["files"]}
    assert case.state() == before
    for path, line in {"task.py": "+step_18 = 'as the next version wants it'", "notes.md": "+New."}.items():
        assert line in shown.splitlines()
        assert line in files[path]["diff"].splitlines()
    assert {path: file["change"] for path, file in files.items()} == {
        ".copier-answers.yml": "changed",
        "notes.md": "added",
        "task.py": "changed",
    }


def copies(case: Case, folder: Path, number: int) -> list[Case]:
    """The case's project, `number` times."""
    folders = [folder / str(at) / case.project.name for at in range(number)]
    for project in folders:
        shutil.copytree(case.project, project, symlinks=True)
    return [Case(case.template, project) for project in folders]


@pytest.mark.slow
def test_t_killed_it_is_before_or_after(run: Run, tmp_path: Path) -> None:
    """Killed (-9) at any moment the project is as it was or as it should be, and the next run works."""
    case = make("t", tmp_path)
    whole, *killed = copies(case, tmp_path / "copies", 6)
    seconds = timed(whole)
    before_or_after = [case.state(), whole.state()]
    for copy in killed:
        with start("update", str(copy.project)) as child:
            time.sleep(seconds * random.random())  # noqa: S311 - a moment, no secret
            child.kill()
        assert copy.state() in before_or_after
        update(run, copy)
        assert copy.state() == whole.state()


def timed(case: Case) -> float:
    """The seconds that an update of this project takes when nobody interferes."""
    began = time.monotonic()
    with start("update", str(case.project)) as child:
        _, err = child.communicate()
    assert child.returncode == 0, err
    return time.monotonic() - began


def interrupted(seconds: float, *args: str) -> str:
    """Press Ctrl-C after some seconds of a run, and return what it says; a shell shows both codes of it as 130."""
    with start(*args) as child:
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate()
    assert child.returncode in {Exit.DONE, Exit.INTERRUPTED, -signal.SIGINT}, err
    assert "Traceback" not in err
    return err


@pytest.mark.slow
def test_u_interrupted_nothing_is_left(tmp_path: Path, temporary: Path) -> None:
    """After Ctrl-C the project is as it was, unless the run was over; nothing is left beside it or in TMPDIR."""
    case = make("u", tmp_path)
    whole, *stopped = copies(case, tmp_path / "copies", 6)
    seconds = timed(whole)
    for copy in stopped:
        output = interrupted(seconds * random.uniform(0.3, 1), "update", str(copy.project))  # noqa: S311 - no secret
        assert copy.state() in [case.state(), *([] if "nothing was left behind" in output else [whole.state()])]
        assert list(copy.project.parent.iterdir()) == [copy.project]
    assert not list(temporary.iterdir())


@pytest.mark.slow
def test_u_an_interrupted_copy_leaves_no_folder(work: Path, tmp_path: Path) -> None:
    """After Ctrl-C while a project is being made it is whole or not there."""
    case = make("u", tmp_path)
    for seconds in (0.2, 0.3, 0.4, 0.5):
        folder = work / str(seconds)
        output = interrupted(seconds, "new", "--defaults", "--template", str(case.template), "--path", str(folder))
        assert "nothing was left behind" not in output or not folder.exists()
        assert not folder.exists() or git("status", "--porcelain", at=folder) == ""
        shutil.rmtree(folder, ignore_errors=True)
        assert not list(work.iterdir())


@pytest.mark.slow
def test_v_twelve_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve updates of twelve projects from one remote template, with no cache yet: none fails."""
    template = make_template(tmp_path / "served" / "template", PLAIN)
    with git_daemon(template.parent) as url:
        project = make_project(tmp_path / "audit", f"{url}/template", PLAIN)
        projects = copies(Case(template, project), tmp_path / "copies", 12)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        children = [start("update", str(copy.project)) for copy in projects]
        outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * 12, outputs
    assert {copy.text("task.py") for copy in projects} == {EDITED_NEWER_TASK}
