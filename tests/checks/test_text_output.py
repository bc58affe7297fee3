"""What `check` shows a person: worst first, in groups, in few lines, at any width."""

import os
from collections.abc import Callable, Sequence

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.text import escape_invisible
from new_ops_project.checks import catalogue
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.ignoring.entries import Ignore
from new_ops_project.checks.output import text
from new_ops_project.checks.run import CheckReport

ERROR, WARNING, INFO = Severity
AGAIN = "new-ops-project check --format full"

Wide = Callable[[int], None]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Wide:
    """A function that gives the terminal so many columns."""

    def set_columns(columns: int) -> None:
        monkeypatch.setattr(os, "get_terminal_size", lambda: os.terminal_size((columns, 24)))

    return set_columns


def finding(
    code: str, severity: Severity = ERROR, path: str = "a.py", remedy: str = "Fix it.", *, fixable: bool = False
) -> Finding:
    """A finding with a message that names its place."""
    return Finding(code, severity, path, 1, 1, f"Wrong in {path}.", remedy, fixable)


def report(findings: Sequence[Finding], **more: object) -> CheckReport:
    """A report about one project."""
    counts = {severity: sum(each.severity is severity for each in findings) for severity in Severity}
    values = {"rules": catalogue.rules(), "projects": (".",), "by_project": {".": counts}, **more}
    return CheckReport(findings=tuple(findings), **values)  # type: ignore[arg-type]


def shown(about: CheckReport, again: str = AGAIN) -> list[str]:
    """The lines, without colours."""
    return click.unstyle("\n".join(text.lines(about, again))).split("\n")


def test_order() -> None:
    """The worst come first, those of a rule together, and those with one remedy share it."""
    findings = [
        finding("OPS102", WARNING, "a.yml"),
        finding("OPS101", ERROR, "b.yml"),
        finding("OPS601", INFO, "c.yml"),
        finding("OPS101", ERROR, "d.yml", "Or else.", fixable=True),
        finding("OPS101", ERROR, "e.yml"),
    ]
    assert shown(report(findings)) == [
        "b.yml:1:1: error OPS101 Wrong in b.yml.",
        "e.yml:1:1: error OPS101 Wrong in e.yml.",
        "    Fix it.",
        "d.yml:1:1: error OPS101 [*] Wrong in d.yml.",
        "    Or else.",
        "a.yml:1:1: warning OPS102 Wrong in a.yml.",
        "    Fix it.",
        "c.yml:1:1: info OPS601 Wrong in c.yml.",
        "    Fix it.",
        "Found 3 errors, 1 warning, 1 note; [*] 1 fixable with --fix.",
    ]


def test_each_rule_before_a_second_finding() -> None:
    """Where not everything fits, each rule has a line, and the others of it are counted there."""
    many = [finding("OPS101", path=f"{number}.yml") for number in range(30)]
    others = [finding(f"OPS20{number}") for number in range(1, 8)]
    lines = shown(report([*many, *others]))
    assert len(lines) == text.LINES
    assert lines[2].endswith(" (and 27 more in 27 files)")
    assert [line.split()[2] for line in lines if line.startswith("a.py")] == [f"OPS20{each}" for each in range(1, 8)]
    assert lines[-2:] == [f"Not shown: 27 errors. See all: {AGAIN}", "Found 37 errors."]


def test_what_is_worse_is_not_hidden(wide: Wide) -> None:
    """No warning is shown in place of an error, even where it would fit."""
    wide(60)
    errors = [finding(f"OPS10{number}", remedy="Please do. " * 15) for number in range(1, 9)]
    lines = shown(report([*errors, finding("OPS999", WARNING, remedy="")]))
    assert len(lines) < text.LINES
    assert not any("OPS999" in line for line in lines)


def test_notes_take_one_line_a_rule() -> None:
    """Nobody has to act on a note, so one of a rule is enough."""
    notes = [finding("OPS601", INFO, f"{number}.py") for number in range(5)]
    assert shown(report(notes))[0] == "0.py:1:1: info OPS601 Wrong in 0.py. (and 4 more in 4 files)"
    assert len(shown(report(notes), again="")) == 7


def test_what_was_fixed() -> None:
    """What was fixed comes first, in few lines if something is left."""
    fixed = tuple(finding(f"OPS1{number}", path=f"{number}.yml") for number in range(10, 30))
    lines = shown(report([finding("OPS101")], fixed=fixed))
    assert [line.startswith("fixed  ") for line in lines].count(True) == 6
    assert lines[-1] == "Fixed 20; found 1 error."
    assert shown(report([], fixed=fixed[:1]))[-1] == "Fixed 1; nothing found."


def test_the_last_line() -> None:
    """It says what was ignored, and whether everything was checked."""
    entry = Ignore("OPS101", "why")
    ignored = ((finding("OPS101"), entry),)
    assert shown(report([], ignored=ignored)) == ["Nothing found; 1 ignored with its reason."]
    assert shown(report([], ignored=ignored), again="")[0] == "ignored  a.py:1:1: OPS101 Wrong in a.py. Reason: why"
    assert shown(report([], ignored=ignored * 2)) == ["Nothing found; 2 ignored, each with its reason."]
    failed = (Skipped(("OPS101",), "git failed", "Try again.", fails=True),)
    assert shown(report([], skipped=failed))[-1] == "Nothing found; not everything was checked."


def test_what_was_not_checked() -> None:
    """Missing linters share a line; a linter that is named needs no list of its rules."""
    tools = {rule.tool: rule.code for rule in catalogue.rules() if rule.tool}
    skipped = (
        Skipped((tools["ruff"],), "ruff is not installed.", "Get it."),
        *(Skipped((tools["zizmor"],), f"zizmor failed: {number}", "Try it.", fails=True) for number in range(3)),
        Skipped((tools["deptry"],), "deptry is not installed.", "Get it."),
        Skipped(("OPS306", "OPS307"), "The dependencies are in setup.py."),
    )
    about = report([], skipped=skipped)
    assert shown(about)[:4] == [
        f"Not shown: 2 reasons. See all: {AGAIN}",
        "not checked: zizmor failed: 0. (and 2 more) Try it.",
        "not checked: OPS306, OPS307: The dependencies are in setup.py.",
        "not checked: deptry, ruff are not installed. Get it.",
    ]
    assert "not checked: zizmor failed: 2. Try it." in shown(about, again="")


def test_several_projects() -> None:
    """A line for each, worst first; beyond some, the others are one line."""
    none = dict.fromkeys(Severity, 0)
    by_project = {f"p{number}": {**none, WARNING: number} for number in range(10)} | {"bad": None}
    findings = [finding("OPS101", WARNING, f"p{number}/a.py") for number in range(10) for _ in range(number)]
    about = report(findings, projects=tuple(by_project), by_project=by_project)
    lines = shown(about)
    assert lines[:3] == ["bad: could not be checked", "p9: 9 warnings", "p8: 8 warnings"]
    assert lines[8:10] == ["and 3 more projects: 3 warnings", ""]
    assert lines[-1] == "Found 45 warnings in 11 projects."
    assert shown(about, again="")[10:12] == ["p0: nothing found", ""]


def test_many_projects_that_fail() -> None:
    """However many there are, the output stays short."""
    by_project = {f"p{number}": None for number in range(30)}
    skipped = tuple(Skipped((), f"{name}: It is gone.", "Look.", fails=True) for name in by_project)
    about = report([], projects=tuple(by_project), by_project=by_project, skipped=skipped)
    lines = shown(about)
    assert len(lines) <= text.LINES
    assert "and 22 more projects: 22 could not be checked" in lines
    assert "not checked: p0: It is gone. (and 29 more) Look." in lines
    assert len(shown(about, again="")) == 62


@pytest.mark.parametrize("columns", [52, 60, 80])
def test_narrow(wide: Wide, columns: int) -> None:
    """A path with spaces and a command stay whole, and nothing is cut."""
    wide(columns)
    each = finding("OPS101", path="a folder/x.yml", remedy="Please run: new-ops-project check 'a folder' --fix")
    lines = shown(report([each]))
    assert lines[0].startswith("a folder/x.yml:1:1:")
    assert any(line.endswith("new-ops-project check 'a folder' --fix") for line in lines)
    assert all(len(line) <= columns for line in lines)
    assert "Please run: new-ops-project check 'a folder' --fix Found 1 error." in " ".join(" ".join(lines).split())


def test_wide_characters(wide: Wide) -> None:
    """A character of two columns counts as two."""
    wide(40)
    lines = shown(report([Finding("OPS101", ERROR, "a.yml", 1, 1, "部署 " * 10, "测试 " * 9)]))
    assert [len(line) + sum(char > "\u2e80" for char in line) <= 40 for line in lines] == [True] * len(lines)


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF, exclude_categories=["C", "Z"]), min_size=1)
TEXT = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(["OPS101", "OPS102", "OPS205", "S602", "template-injection"]),
    severity=st.sampled_from(Severity),
    path=TEXT,
    line=st.integers(0, 99),
    column=st.integers(0, 9),
    message=TEXT,
    remedy=st.just("Fix it.") | TEXT,
    fixable=st.booleans(),
)


def flat(words: str) -> str:
    """The words on one line."""
    return "".join(words.split())


@given(findings=st.lists(FINDINGS, max_size=60), columns=st.sampled_from([40, 60, 80, 200]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost(wide: Wide, findings: list[Finding], columns: int) -> None:
    """Everything is shown on demand; otherwise, what is not shown is counted, and the worst is shown first."""
    wide(columns)
    about = report(findings)
    everything = flat(" ".join(shown(about, again="")))
    for each in findings:
        message, remedy = escape_invisible(each.message), escape_invisible(each.remedy)
        assert flat(f"{each.severity} {each.code}{' [*]' if each.fixable else ''} {message}") in everything
        assert flat(remedy) in everything
    lines = shown(about)
    starts = [line for line in lines if not line.startswith("    ")]
    hidden = [number for number, line in enumerate(lines) if line.startswith("Not shown: ")]
    words = " ".join(lines[hidden[0] :]).partition(" See all: ")[0] if hidden else ""
    left = sum(int(word) for word in words.split() if word.isdecimal())
    assert len(starts) - len(hidden) - 1 + left == len(findings)
    assert len(lines) <= text.LINES or len(starts) - len(hidden) == 2
