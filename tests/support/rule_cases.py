"""Runs of rules on repositories in memory."""

from collections.abc import Iterable, Mapping
from datetime import date

from new_ops_project.checks import catalogue, engine, fixpoint, repo
from new_ops_project.checks.engine import FixableFinding

TODAY = date(2026, 11, 25)
RULES = tuple(rule for rule in catalogue.selected(["dependencies", "packaging"], ()) if not rule.tool)
SCRIPT = {".copier-answers.yml": "tier: script\n"}
LIBRARY = {".copier-answers.yml": "tier: library\n"}
CLI = {".copier-answers.yml": "tier: cli\n"}

Files = Mapping[str, str]


def run(files: Files, *select: str, tracked: tuple[str, ...] = (), today: date = TODAY) -> list[FixableFinding]:
    """The findings of the rules that `select` names; of RULES if it names none."""
    rules = catalogue.selected(select, ()) if any(select) else RULES
    return list(engine.run(repo.of(files, today=today, tracked=tracked), rules).results)


def finding_places(
    files: Files, *select: str, tracked: tuple[str, ...] = (), today: date = TODAY
) -> list[tuple[str, str, int, int]]:
    """Code, path, line and column of each finding."""
    findings = (result.finding for result in run(files, *select, tracked=tracked, today=today))
    return [(finding.code, finding.path, finding.line, finding.column) for finding in findings]


def places(files: Files, code: str) -> list[tuple[int, int]]:
    """Line and column of each finding with the code."""
    return [place[2:] for place in finding_places(files, code)]


def codes(files: Files) -> set[str]:
    """The codes of all findings."""
    return {place[0] for place in finding_places(files)}


def fixed(files: Files, code: str) -> dict[str, str]:
    """The files that the fixes of a rule change; afterwards the rule has nothing more to fix."""
    before, rules = repo.of(files, today=TODAY), catalogue.selected([code], ())
    changed = fixpoint.fixed_files(before, rules, lambda _: True).files
    after = before.with_changes({path: entry.content for path, entry in changed.items()})
    assert not [result for result in engine.run(after, rules).results if result.fix]
    return {path: entry.content.decode() for path, entry in changed.items()}


def project(text: str, *more: str, tier: str = "library", files: Files | None = None) -> dict[str, str]:
    """The files of a project; `text` continues the [project] table of its pyproject.toml."""
    whole = "\n".join(['[project]\nname = "x"\nversion = "1"', text, *more, ""])
    return {".copier-answers.yml": f"tier: {tier}\n", "pyproject.toml": whole, **(files or {})}


def crlf(files: Files) -> dict[str, str]:
    """The same files with CRLF."""
    return {path: text.replace("\n", "\r\n") for path, text in files.items()}


def texts(findings: Iterable[FixableFinding]) -> list[str]:
    """The messages of findings."""
    return [result.finding.message for result in findings]
