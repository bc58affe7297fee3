"""What actionlint reports, where it is installed."""

import json
import shutil
from pathlib import Path

import pytest
from support import toolbox
from support.small_clones import repository

from new_ops_project.checks import repo
from new_ops_project.checks.linters import actionlint
from new_ops_project.checks.linters.actionlint import Lint
from new_ops_project.checks.rule import UncheckedError

PATH = ".github/workflows/ci.yml"
TEXT = "on: push\njobs:\n  a:\n    needs: [nothere]\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
# As version 1.7.12 writes it for TEXT.
OUTPUT = json.dumps(
    [
        {
            "message": 'job "a" needs job "nothere" which does not exist in this workflow',
            "filepath": PATH,
            "line": 3,
            "column": 3,
            "kind": "job-needs",
            "snippet": "  a:\n  ^~",
            "end_column": 4,
        }
    ]
)
LINTS = (Lint("job-needs", PATH, 3, 3, 'Job "a" needs job "nothere" which does not exist in this workflow.'),)
HERE = shutil.which("actionlint")


@pytest.fixture
def project(work: Path) -> Path:
    """A repository with a workflow that waits for a job that does not exist."""
    return repository(work, {PATH: TEXT})


def replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, code: int = 1) -> Path:
    """Replace actionlint by a program that writes this; the file has its arguments."""
    arguments = tmp_path / "arguments"
    text = f'printf "%s\\n" "$@" > "{arguments}"; cat <<"END"\n{output}\nEND\nexit {code}'
    toolbox.script(tmp_path / "path" / "actionlint", text.replace("cat", "/bin/cat"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return arguments


def test_its_errors(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its kind and place; it gets no other programs to run."""
    checked = repo.read(project)
    arguments = replaced(tmp_path, monkeypatch, OUTPUT)
    assert actionlint.report(checked) == LINTS
    assert {"-shellcheck=", "-pyflakes=", PATH} <= {*arguments.read_text().splitlines()}


@pytest.mark.skipif(not HERE, reason="actionlint is not installed")
def test_the_real_one(project: Path) -> None:
    """Its output is as it is written down above."""
    assert actionlint.report(repo.read(project)) == LINTS


def test_nothing_wrong(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes `null` or an empty list then."""
    checked = repo.read(project)
    for output in ("[]", "null"):
        replaced(tmp_path, monkeypatch, output, 0)
        assert actionlint.report(checked) == ()


def test_its_configuration(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's own counts."""
    repository(project, {".github/actionlint.yaml": "self-hosted-runner:\n  labels: [big]\n"})
    checked = repo.read(project)
    arguments = replaced(tmp_path, monkeypatch, OUTPUT)
    actionlint.report(checked)
    assert "-config-file=.github/actionlint.yaml" in arguments.read_text().splitlines()


@pytest.mark.parametrize(("output", "code"), [("gibberish", 1), ('[{"kind": 1}]', 1), ("", 3)])
def test_a_failure(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, code: int) -> None:
    """The run is incomplete then."""
    checked = repo.read(project)
    replaced(tmp_path, monkeypatch, output, code)
    with pytest.raises(UncheckedError) as caught:
        actionlint.report(checked)
    assert caught.value.fails


def test_without_workflows(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody misses it where it has nothing to look at."""
    checked = repo.read(repository(work, {"task.py": ""}))
    toolbox.fill(tmp_path / "box", monkeypatch)
    assert actionlint.report(checked) == ()
