"""Runs of the rules in the families dependencies, packaging, on repositories in memory."""

from collections.abc import Iterable, Mapping

from new_ops_project.checks import dependencies, engine, fixpoint, packaging, repo
from new_ops_project.checks.engine import FixableFinding
from new_ops_project.checks.repo import Repo

RULES = tuple(rule for rule in (*dependencies.FAMILY.rules, *packaging.FAMILY.rules) if not rule.tool)
SCRIPT = {".copier-answers.yml": "tier: script\n"}
LIBRARY = {".copier-answers.yml": "tier: library\n"}
CLI = {".copier-answers.yml": "tier: cli\n"}

Files = Mapping[str, str]


def run(files: Files, code: str = "") -> list[FixableFinding]:
    """The findings of all rules, or of those whose code begins with `code`."""
    return list(engine.run(repo.of(files), [rule for rule in RULES if rule.code.startswith(code)]).results)


def finding_places(files: Files, code: str = "") -> list[tuple[str, str, int, int]]:
    """Code, path, line and column of each finding."""
    findings = (result.finding for result in run(files, code))
    return [(finding.code, finding.path, finding.line, finding.column) for finding in findings]


def places(files: Files, code: str) -> list[tuple[int, int]]:
    """Line and column of each finding with the code."""
    return [place[2:] for place in finding_places(files, code)]


def codes(files: Files) -> set[str]:
    """The codes of all findings."""
    return {place[0] for place in finding_places(files)}


def fixed(files: Files, code: str) -> dict[str, str]:
    """The files that the fixes of a rule change; afterwards the rule has nothing more to fix."""
    before = repo.of(files)
    rules = [rule for rule in RULES if rule.code == code]
    changed = fixpoint.fixed_files(before, rules, lambda _: True).files
    after = before.with_changes({path: entry.content for path, entry in changed.items()})
    assert not [result for result in engine.run(after, rules).results if result.fix]
    return {path: entry.content.decode() for path, entry in changed.items()}


def project(text: str, *more: str, tier: str = "library", files: Files | None = None) -> dict[str, str]:
    """The files of a project; `text` continues the [project] table of its pyproject.toml."""
    whole = "\n".join(['[project]\nname = "x"\nversion = "1"', text, *more, ""])
    return {".copier-answers.yml": f"tier: {tier}\n", "pyproject.toml": whole, **(files or {})}


def make_repo(files: Files) -> Repo:
    """The repository with these files."""
    return repo.of(files)


def crlf(files: Files) -> dict[str, str]:
    """The same files with CRLF."""
    return {path: text.replace("\n", "\r\n") for path, text in files.items()}


def texts(findings: Iterable[FixableFinding]) -> list[str]:
    """The messages of findings."""
    return [result.finding.message for result in findings]
