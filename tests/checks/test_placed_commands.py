"""Commands that `check` prints work where it was run."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, git
from support.small import ANSWERS
from support.small_clones import repository
from support.template_projects import PYTHON, commit

from new_ops_project.checks.places import Place


def only(run: Run, code: str, *paths: str) -> dict[str, Any]:
    """The one finding of a rule; whether it counts does not matter."""
    ran = run("check", *paths, "--json", "--select", code, code=0 if code in {"OPS601", "OPS606"} else 1)
    (finding,) = ran.json["findings"]
    return dict(finding)


def ran(run: Run, remedy: str) -> None:
    """Run the command of ours with which a remedy ends."""
    run(*shlex.split(remedy.rpartition("new-ops-project ")[2]))


@pytest.fixture
def project(run: Run, work: Path) -> Path:
    """A project of our template in a folder whose name needs quotes, below the current one."""
    (work / "my tools").mkdir()
    run("new", "audit", "--path", str(work / "my tools" / "audit"), *PYTHON, "--defaults")
    return work / "my tools" / "audit"


@pytest.mark.parametrize("above", ["my tools/audit", "..", "."])
def test_keeping_a_file(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, above: str) -> None:
    """The answer is changed in the project that was checked: from above, from a folder in it, and in it."""
    commit(project, {"renovate.json": "{}\n"})
    here = {"..": project / "src", ".": project}.get(above, Path())
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    ran(run, only(run, "OPS606", above)["remedy"])
    assert "renovate.json" in (project / ANSWERS).read_text()


def test_an_answer_that_was_changed_by_hand(run: Run, project: Path) -> None:
    """The command gives the value to the project that was checked, quoted for the shell."""
    before = (project / ANSWERS).read_text()
    line = next(line for line in before.splitlines() if line.startswith("schedule: "))
    commit(project, {ANSWERS: before.replace(line, "schedule: 23 4 * * *")})
    remedy = only(run, "OPS602", "my tools/audit")["remedy"]
    commit(project, {ANSWERS: before})
    ran(run, remedy)
    assert "schedule: 23 4 * * *" in (project / ANSWERS).read_text()


def test_adopting(run: Run, work: Path) -> None:
    """The command adds the template to the repository that was checked."""
    repository(work / "old one", {"pyproject.toml": '[project]\nname = "old-one"\nversion = "1"\n', "old_one.py": ""})
    words = shlex.split(only(run, "OPS601", "old one")["remedy"].partition(": ")[2])
    run(*words[1:], "--yes", *PYTHON)
    assert ANSWERS in git("ls-tree", "--name-only", "template/adopt", at=work / "old one").splitlines()


def test_what_git_does(run: Run, work: Path) -> None:
    """It removes the environment of the repository that was checked."""
    repository(work / "old one", {".venv/pyvenv.cfg": "", "README.md": ""})
    remedy = only(run, "OPS202", "old one")["remedy"]
    subprocess.run(remedy.partition(": ")[2], shell=True, check=True, cwd=work)  # noqa: S602 - as a person would
    assert git("ls-files", at=work / "old one") == "README.md"


COMMANDS = [
    ("Update it: uv pip compile a.in", "Update it: cd 'x y' && uv pip compile a.in"),
    (
        "Pin it, or compile the list: mv a b && pip-compile b",
        "Pin it, or compile the list: cd 'x y' && mv a b && pip-compile b",
    ),
    ("Pin it, or let `uv pip compile` write it.", "Pin it, or let `uv pip compile` write it."),
    ("See it: new-ops-project update --preview", "See it: new-ops-project update 'x y' --preview"),
    (
        "(git log -p shows it), or: new-ops-project adopt",
        "(git -C 'x y' log -p shows it), or: new-ops-project adopt 'x y'",
    ),
]


@pytest.mark.parametrize(("text", "wanted"), COMMANDS)
def test_the_place_of_a_command(text: str, wanted: str) -> None:
    """Each command has its own way to name a folder; a name in a sentence stays."""
    assert Place("x y", Path("x y")).placed(text) == wanted
    assert Place(".", Path()).placed(text) == text
    assert Place("-x", Path("-x")).placed(text) == wanted.replace("'x y'", "./-x")
