"""Quick commands do no work that they do not need: fewest imports, fewest git commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import fleets
from support.small_clones import repository

CODE = """
import sys
from new_ops_project import cli
code = cli.run(sys.argv[1:])
import json
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def started(work: Path, *args: str, code: int = 0) -> tuple[list[str], set[str]]:
    """Run a command line; return the git commands that started, as git itself counts them, and the modules imported."""
    command, trace = [sys.executable, "-c", CODE, *args], work / "trace"
    trace.unlink(missing_ok=True)
    env = {**os.environ, "GIT_TRACE2_EVENT": str(trace)}
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=True)
    record = json.loads(done.stderr.splitlines()[-1])
    assert record["code"] == code, done.stderr
    events = map(json.loads, trace.read_text().splitlines())
    ran = [event["name"] for event in events if event["event"] == "cmd_name"]
    return ran, {*record["modules"]}


HEAVY = {"copier", "plumbum", "pydantic", "questionary", "rich", "jinja2"}
OURS = {
    f"new_ops_project.{name}"
    for name in (
        "plan.three_way",
        "plan.delivery",
        "plan.apply",
        "git.merge",
        "project.update.planner",
        "template.render",
        "template.native.renderer",
    )
}


@pytest.fixture
def current(work: Path, tmp_path: Path) -> Path:
    """A project at the newest version."""
    template = fleets.template(tmp_path / "template")
    return fleets.clone(work / "audit", template, tag="v1.1.0")


def test_update_check_of_a_current_project(current: Path, work: Path) -> None:
    """It runs three git commands, and imports no renderer, planner or writer."""
    ran, modules = started(work, "update", "audit", "--check")
    assert ran == ["rev-parse", "status", "for-each-ref"]
    assert not modules & (HEAVY | OURS)


def test_check_of_a_current_project(current: Path, work: Path) -> None:
    """It renders to compare, but imports neither prompts nor rich."""
    _, modules = started(work, "check", "audit", "--select", "OPS603", "--format", "json")
    assert not modules & {"questionary", "rich"}


def test_check_without_a_template(work: Path) -> None:
    """It takes three git commands, and imports neither a renderer nor prompts nor any linter."""
    repository(work, {".python-version": "3.9\n", "task.py": "print(1)\n"})
    ran, modules = started(work, "check", "--select", "environment,ignoring", code=1)
    assert len(ran) == 3, ran
    others = {"prompt_toolkit", "repo_review", "detect_secrets", "deptry", "validate_pyproject", "tomli_w", "filelock"}
    assert not modules & (HEAVY | others)


def test_new_of_our_template(work: Path) -> None:
    """Our own template is rendered without copier, with at most six git commands, including init, add and commit."""
    started(work, "new", "first", "--defaults")
    ran, modules = started(work, "new", "audit", "--defaults")
    assert not modules & {"copier", "plumbum", "pydantic", "questionary", "rich", "prompt_toolkit", "pathspec"}
    assert len(ran) <= 6, ran


def test_update_of_our_template(work: Path) -> None:
    """An update that renders both versions does not import copier either."""
    started(work, "new", "audit", "--tier", "script", "--defaults")
    _, modules = started(work, "update", "audit", "--set", "description=Other words.", "--preview")
    assert not modules & {"copier", "plumbum", "pydantic", "questionary"}


def test_completion_of_a_verb(work: Path) -> None:
    """A verb is completed without importing any."""
    env = {
        **os.environ,
        "_NEW_OPS_PROJECT_COMPLETE": "bash_complete",
        "COMP_WORDS": "new-ops-project fl",
        "COMP_CWORD": "1",
    }
    code = (
        "import sys\nfrom new_ops_project.__main__ import main\ntry: main()\n"
        "except SystemExit as error: print(error.code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "plain,fleet"
    assert done.stderr.split()[0] == "0"
    assert not {*done.stderr.split()} & (HEAVY | OURS)
