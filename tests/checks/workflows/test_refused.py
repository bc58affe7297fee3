"""What GitHub refuses: found by the schemas, by our own rule about `needs`, and by actionlint where it is installed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.command import git
from support.workflow_texts import PATH, job, marks, steps, unmarked

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.checks import catalogue, engine, repo
from new_ops_project.checks.linters import actionlint, reports, zizmor
from new_ops_project.checks.linters.actionlint import Lint

MISSPELT = """\
on: push
jobs:
  «a:
    «runs_on: ubuntu-24.04
    needs: [nothere]
    steps:
      - run: x
        «shel: bash
"""
SCHEMA, NEEDS, ACTIONLINT = "OPS191", "OPS127", "OPS192"


def findings(text: str, *codes: str, linted: Sequence[Lint] = ()) -> list[Finding]:
    """What these rules find in a workflow."""
    of = repo.of({PATH: unmarked(text)})
    of.shared["reports"] = reports.Reports(of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            reports, "TOOLS", {**reports.TOOLS, actionlint.NAME: lambda _: tuple(linted), zizmor.NAME: audits}
        )
        return [*engine.run(of, [catalogue.rule(code) for code in codes]).findings]


def audits(_: repo.Repo) -> tuple[zizmor.Audit, ...]:
    """A finding of zizmor on line 19."""
    return (zizmor.Audit("template-injection", PATH, 19, 19, 1, "", "", "", "", Severity.ERROR),)


def lint(line: int, kind: str = "syntax-check", message: str = "Wrong.") -> Lint:
    """A finding of actionlint."""
    return Lint(kind, PATH, line, 1, message)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that programs can run in, for repositories in memory."""
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
def test_misspelt_keys_are_found_where_they_are() -> None:
    """The schema knows the keys of jobs and steps, and which are missing."""
    found = findings(MISSPELT, SCHEMA)
    assert [(finding.line, finding.column) for finding in found] == marks(MISSPELT)
    assert [finding.severity for finding in found] == [Severity.ERROR] * 3
    assert "runs_on" in found[1].message
    assert "shel" in found[2].message


@pytest.mark.usefixtures("here")
def test_a_sound_workflow_matches_its_schema() -> None:
    """There is nothing to say about it."""
    assert not findings(steps("- run: x"), SCHEMA, NEEDS)


@pytest.mark.usefixtures("here")
def test_what_github_reads_all_the_same_is_a_note() -> None:
    """One branch for a list of them, and a strategy without a matrix."""
    text = job("strategy: {fail-fast: true}").replace("  pull_request:\n", "  pull_request: {branches: main}\n")
    assert {finding.severity for finding in findings(text, SCHEMA)} == {Severity.INFO}


@pytest.mark.usefixtures("here")
def test_what_does_not_parse_is_said_once() -> None:
    """An empty file, and one that is no mapping, are OPS100's."""
    assert [finding.code for finding in findings("", "OPS100", SCHEMA)] == ["OPS100"]
    assert [finding.code for finding in findings("- a\n", "OPS100", SCHEMA)] == ["OPS100"]


def test_needs_of_an_unknown_job_are_found_without_any_linter() -> None:
    """The remedy names the jobs that there are."""
    (finding,) = findings(MISSPELT, NEEDS)
    assert (finding.line, finding.message) == (3, "Job `a` waits for `nothere`, which does not exist.")
    assert finding.remedy == "The jobs of this workflow: a."


@pytest.mark.usefixtures("here")
def test_actionlint_adds_what_is_not_said_yet() -> None:
    """What the schema and our rules report on a line is not repeated; everything else is passed on, with its kind."""
    linted = [
        lint(3, "job-needs"),
        lint(4),
        lint(8),
        lint(7, "expression", 'Undefined variable "x".'),
        lint(1, "permissions"),
    ]
    found = findings(MISSPELT, NEEDS, SCHEMA, ACTIONLINT, linted=linted)
    assert [(finding.line, finding.code) for finding in found] == [
        (1, ACTIONLINT),
        (3, NEEDS),
        (3, SCHEMA),
        (4, SCHEMA),
        (7, ACTIONLINT),
        (8, SCHEMA),
    ]
    assert found[4].message == 'Undefined variable "x" (expression).'
    assert [found[0].severity, found[4].severity] == [Severity.ERROR, Severity.WARNING]


UNTRUSTED = '"github.event.issue.title" is potentially untrusted.'
BLOCK = steps("- run: |\n    echo a\n    echo ${{ «github.event.issue.title }}")


def test_untrusted_text_is_said_once() -> None:
    """Actionlint names the first line of a script of several lines; zizmor, the line itself."""
    (line, _) = marks(BLOCK)[0]
    assert line == 19
    linted = [lint(17, "expression", UNTRUSTED)]
    found = findings(BLOCK, "template-injection", ACTIONLINT, linted=linted)
    assert [(finding.line, finding.code) for finding in found] == [(19, "template-injection")]


SCRIPT = steps("- uses: actions/github-script@v8\n  with:\n    script: >\n      x(`${{ «github.event.issue.title }}`)")


@pytest.mark.parametrize(("text", "line"), [(BLOCK, 17), (SCRIPT, 19)])
def test_untrusted_text_is_placed_where_it_is(text: str, line: int) -> None:
    """Where zizmor is not asked, actionlint's finding is at the expression, too."""
    (finding,) = findings(text, ACTIONLINT, linted=[lint(line, "expression", UNTRUSTED)])
    assert [(finding.line, finding.column)] == marks(text)


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_the_real_actionlint_is_passed_on(work: Path) -> None:
    """An expression that no schema reads is found."""
    git("init", "--quiet", at=work)
    (work / PATH).parent.mkdir(parents=True)
    text = job("«env: {A: '${{ nothing.x }}'}")
    (work / PATH).write_text(unmarked(text), "utf-8")
    (finding,) = engine.run(repo.read(work), [catalogue.rule(ACTIONLINT)]).findings
    assert [finding.line] == [line for line, _ in marks(text)]
    assert finding.message.endswith("(expression).")
