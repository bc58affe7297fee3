"""copier's own `update` in the cases a..v, so that we notice when copier changes.

A failure here is not a bug of this tool: read its row in the table of docs/update.md again, and change both.
"""

import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import ParamSpec

import pytest
import yaml
from support.command import git, tree
from support.servers import git_daemon
from support.update_cases import (
    EDITED_TASK,
    MINE,
    NEWER_TASK,
    PLAIN,
    Case,
    Story,
    log_hooks,
    make,
    make_project,
    make_template,
    make_tiers,
)

pytestmark = pytest.mark.slow

Parameters = ParamSpec("Parameters")


def row(letter: str) -> Callable[[Callable[Parameters, None]], Callable[Parameters, None]]:
    """Let a failure of the test name the row of the table that is to be read again."""

    def decorated(test: Callable[Parameters, None]) -> Callable[Parameters, None]:
        @wraps(test)
        def noted(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
            try:
                test(*args, **kwargs)
            except BaseException as error:
                error.add_note(f"copier {version('copier')} does something else: see row {letter} of docs/update.md")
                raise

        return noted

    return decorated


def start(*args: str, at: Path) -> "subprocess.Popen[str]":
    """Start copier's own command line."""
    command = [sys.executable, "-m", "copier", *args]
    return subprocess.Popen(command, cwd=at, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def update(case: Case, *args: str, code: int = 0) -> str:
    """Update the case's project with plain copier, and return what it printed."""
    child = start("update", "--defaults", *args, at=case.project)
    out, err = child.communicate()
    assert child.returncode == code, err
    return out + err


def recorded(case: Case) -> str:
    """The version of the template that the answers file names."""
    return str(yaml.safe_load(case.text(".copier-answers.yml"))["_commit"])


def is_overwritten(case: Case) -> bool:
    """Whether the edit is gone and the new version is recorded."""
    return MINE not in case.text("task.py") and "v1.1.0" in case.text(".copier-answers.yml")


@row("a, b, c, e, f or g")
@pytest.mark.parametrize(
    ("letter", "texts"),
    [
        ("a", {"task.py": None, "job.py": NEWER_TASK}),
        ("b", {"task.py": None}),
        ("c", {"task.py": None, "lib/task.py": EDITED_TASK}),
        ("e", {".env": "LEVEL=debug\n"}),
        ("e, unchanged", {".env": "LEVEL=info\n"}),
        ("f", {"local.toml": "theirs = true\n"}),
        ("g", {"notes.md": "Theirs.\n"}),
    ],
    ids=str,
)
def test_what_is_lost_without_a_word(tmp_path: Path, letter: str, texts: dict[str, str | None]) -> None:
    """No conflict is reported, and the new version is recorded, where an edit or a change of the template is lost.

    The user edited a file that the template renames (a) or drops (b), or moved one that it changes (c). The user has an
    ignored file (e, f) or an untracked one that git does not show (g).
    """
    case = make(letter, tmp_path)
    update(case)
    assert {path: case.text(path) if case.has(path) else None for path in texts} == texts
    assert (git("ls-files", "--unmerged", at=case.project), recorded(case)) == ("", "v1.1.0")


@row("d")
def test_a_new_tier_deletes_the_code(tmp_path: Path) -> None:
    """The file of the old tier is deleted with the user's code in it, where the template does not see to it."""
    case = make_tiers(tmp_path, is_careful=False)
    update(case, "--data", "tier=library")
    assert not case.has("rotate_keys.py")
    assert not [path for path, text in tree(case.project).items() if MINE.encode() in text]


def test_a_new_tier_of_our_template_keeps_the_code(tmp_path: Path) -> None:
    """Our template leaves the script out of updates, so that plain copier keeps it, byte for byte."""
    case = make_tiers(tmp_path)
    before = case.text("rotate_keys.py")
    update(case, "--data", "tier=library")
    assert case.text("rotate_keys.py") == before
    assert MINE in before
    assert case.has("src/rotate_keys/__init__.py")


@row("h")
def test_conflicts_end_with_zero(tmp_path: Path) -> None:
    """A conflict leaves markers in the file and an unmerged index; the exit code is 0 and no file is named."""
    case = make("h", tmp_path)
    assert "task.py" not in update(case)
    assert "<<<<<<< before updating\n" in case.text("task.py")
    assert "|||||||" not in case.text("task.py")
    assert git("ls-files", "--unmerged", at=case.project)


@row("i")
def test_a_merge_that_is_no_toml(tmp_path: Path) -> None:
    """The same table twice is a clean merge, after which the file does not parse."""
    case = make("i", tmp_path)
    update(case)
    assert "<<<<<<<" not in case.text("pyproject.toml")
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(case.text("pyproject.toml"))


@row("j")
def test_the_temporary_folder_in_a_file(tmp_path: Path) -> None:
    """The name of copier's temporary folder is in the user's file."""
    case = make("j", tmp_path)
    update(case)
    assert "# copier._main.new_copy." in case.text("README.md")


@row("k")
def test_an_answer_that_is_not_offered_is_replaced(tmp_path: Path) -> None:
    """The recorded answer becomes the new default, without a word."""
    case = make("k", tmp_path)
    assert case.text("python.txt") == "3.9\n"
    ran = update(case)
    assert case.text("python.txt") == "3.12\n"
    assert "3.9" not in ran


@row("m")
def test_drift_is_up_to_date(tmp_path: Path) -> None:
    """A managed file that was edited by hand is never mentioned."""
    case = make("m", tmp_path)
    checked, _ = start("check-update", at=case.project).communicate()
    assert checked.strip() == "Project is up-to-date!"
    assert case.text("task.py") == EDITED_TASK


@row("l, n or o")
@pytest.mark.parametrize(
    ("letter", "source", "args", "message"),
    [
        ("l", "", [], 'ValueError: Question "owner" is required'),
        ("n", "", [], "TypeError: Template not found"),
        ("o", "", ["--vcs-ref", "v9.9.9"], "ValueError: Unknown revision: 'v9.9.9'"),
        ("o", "git://127.0.0.1:1/x.git", [], "plumbum.commands.processes.ProcessExecutionError"),
        ("o", "/no/such/template", [], "ValueError: Local template must be a directory."),
    ],
)
def test_what_ends_in_a_traceback(tmp_path: Path, letter: str, source: str, args: list[str], message: str) -> None:
    """So do a new question without a default, no answers file, a bad version, no network and a wrong path."""
    case = make(letter, tmp_path)
    if source:
        case.records(source)
    shown = update(case, *args, code=1)
    assert "Traceback" in shown
    assert message in shown


@row("p")
def test_git_dir_is_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called from a git hook, which has GIT_DIR set, it looks for the version in the project's repository."""
    case = make("p", tmp_path)
    monkeypatch.setenv("GIT_DIR", str(case.project / ".git"))
    assert "ValueError: Unknown revision: 'v1.1.0'" in update(case, code=1)


@row("q")
def test_hooks_run_in_temporary_folders(tmp_path: Path) -> None:
    """The user's commit hooks run nine times in copier's temporary folders: three before, six after a commit."""
    case = make("q", tmp_path)
    log_hooks(tmp_path / "hooks", tmp_path / "log")
    update(case)
    ran = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    elsewhere = [name for at, name in ran if Path(at).name.startswith("copier._main.")]
    assert (elsewhere.count("pre-commit"), elsewhere.count("post-commit")) == (3, 6)


@row("r")
def test_an_unknown_key_is_ignored(tmp_path: Path) -> None:
    """A misspelt question changes nothing, without a word."""
    case = make("r", tmp_path)
    assert "colr" not in update(case, "--data", "colr=red")
    assert "colour: blue\n" in case.text(".copier-answers.yml")


@row("s")
def test_pretend_says_one_line(tmp_path: Path) -> None:
    """The preview is one line, about versions."""
    case = make("s", tmp_path)
    before = case.state()
    assert update(case, "--pretend").strip() == "Updating to template version 1.1.0"
    assert case.state() == before


@row("t")
def test_kill_9_loses_the_edit(tmp_path: Path) -> None:
    """Killed, the edit is gone from the work tree, and the answers name the new version."""
    case = make("t", tmp_path)
    with start("update", "--defaults", at=case.project) as child:
        while child.poll() is None and not is_overwritten(case):
            time.sleep(0.001)
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert (case.text("task.py"), recorded(case)) == (NEWER_TASK, "v1.1.0")


@row("u")
def test_interrupted_copying_leaves_a_part(tmp_path: Path) -> None:
    """Ctrl-C while copying leaves what was written so far, unless it comes where copier still cleans up."""
    story = Story(old={f"file_{number}.txt.jinja": "{{ name }}\n" for number in range(300)})
    template = make_template(tmp_path / "template", story)
    left = [_interrupted(template, tmp_path / f"try-{number}") for number in range(3)]
    assert any(0 < count < 300 for count in left), left


def _interrupted(template: Path, at: Path) -> int:
    """How many files a copy leaves that is interrupted as soon as there is one."""
    at.mkdir()
    with start("copy", "--defaults", str(template), "audit", at=at) as child:
        while child.poll() is None and not list(at.glob("audit/file_*")):
            time.sleep(0.001)
        child.send_signal(signal.SIGINT)
    assert child.returncode in {1, 120}  # 120: it comes while Python ends
    return len(list(at.glob("audit/file_*")))


@row("v")
def test_processes_that_share_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Processes with one cache fail now and then (19 of 48, by twelve): recorded, since it is a matter of luck."""
    template = make_template(tmp_path / "served" / "template", PLAIN)
    projects = [tmp_path / f"audit-{number}" for number in range(3)]
    with git_daemon(template.parent) as url:
        for project in projects:
            make_project(project, f"{url}/template", PLAIN)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        children = [start("update", "--defaults", at=project) for project in projects]
        outputs = [child.communicate() for child in children]
    assert len(outputs) == 3
    record_property("failed", sum(child.returncode != 0 for child in children))
