"""Rules run on repositories in memory: what they find, where, and what their fixes make of it."""

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
    """What the rules find, or that of them with the code."""
    return list(engine.run(repo.of(files), [rule for rule in RULES if rule.code.startswith(code)]).found)


def found(files: Files, code: str = "") -> list[tuple[str, str, int, int]]:
    """The same as code, path, line and column."""
    findings = (one.finding for one in run(files, code))
    return [(one.code, one.path, one.line, one.column) for one in findings]


def places(files: Files, code: str) -> list[tuple[int, int]]:
    """Line and column of each finding with the code."""
    return [place[2:] for place in found(files, code)]


def codes(files: Files) -> set[str]:
    """The codes of all that is found."""
    return {place[0] for place in found(files)}


def mended(files: Files, code: str) -> dict[str, str]:
    """The files that the fixes of a rule change; with them, the rule has nothing more to mend."""
    before = repo.of(files)
    rules = [rule for rule in RULES if rule.code == code]
    changed = fixpoint.mended(before, rules, lambda _: True).files
    after = before.mended({path: entry.content for path, entry in changed.items()})
    assert not [one for one in engine.run(after, rules).found if one.fix]
    return {path: entry.content.decode() for path, entry in changed.items()}


def project(text: str, *more: str, tier: str = "library", files: Files | None = None) -> dict[str, str]:
    """A repository of that tier with this pyproject.toml, [project] being begun."""
    whole = "\n".join(['[project]\nname = "x"\nversion = "1"', text, *more, ""])
    return {".copier-answers.yml": f"tier: {tier}\n", "pyproject.toml": whole, **(files or {})}


def of(files: Files) -> Repo:
    """The repository."""
    return repo.of(files)


def crlf(files: Files) -> dict[str, str]:
    """The same with the line ends of Windows."""
    return {path: text.replace("\n", "\r\n") for path, text in files.items()}


def texts(findings: Iterable[FixableFinding]) -> list[str]:
    """Their messages."""
    return [one.finding.message for one in findings]
