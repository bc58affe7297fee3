"""The rules that a repository ignores: [tool.new-ops-project.ignore] in its pyproject.toml."""

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.text import nearest
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Rule

TABLE = ("tool", "new-ops-project", "ignore")


@dataclass(frozen=True)
class Ignore:
    """A rule that is ignored for a reason: everywhere, or in files that match one of `paths` (fnmatch patterns)."""

    code: str
    reason: str
    paths: tuple[str, ...] = ()

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is ignored."""
        is_inside = not self.paths or any(fnmatch.fnmatchcase(finding.path, pattern) for pattern in self.paths)
        return finding.code == self.code and is_inside


def read(repo: Repo) -> tuple[Ignore, ...]:
    """Every entry with a reason; entries without one have no effect, and `unreasoned` finds them."""
    entries = (_ignore(code, value) for code, value in _entries(repo).items())
    return tuple(ignore for ignore in entries if ignore.reason)


def _entries(repo: Repo) -> dict[str, Any]:
    return repo.pyproject.table(*TABLE)


def _ignore(code: str, value: Any) -> Ignore:
    """The entry `CODE = "reason"` or `CODE = { reason = "...", paths = ["..."] }`; anything else has no reason."""
    table = value if isinstance(value, dict) else {"reason": value}
    reason, paths = table.get("reason"), table.get("paths", [])
    is_list = isinstance(paths, list) and all(isinstance(path, str) for path in paths)
    reason = reason.strip() if isinstance(reason, str) and is_list else ""
    return Ignore(code, reason, tuple(paths) if is_list else ())


def unreasoned(repo: Repo) -> Iterator[Breach]:
    """Each entry without a reason."""
    for code, value in _entries(repo).items():
        if not _ignore(code, value).reason:
            yield Breach(f"{code} is ignored without a reason, so it is not ignored.", *_where(repo, code))


def unknown(repo: Repo, codes: Iterable[str]) -> Iterator[Breach]:
    """Each entry whose code is not in `codes`."""
    known = list(codes)
    for code in _entries(repo):
        if code not in known:
            hint = nearest(code, known)
            yield Breach(
                f"{code} is ignored, but there is no such rule{f'; {hint}' if hint else '.'}", *_where(repo, code)
            )


def _where(repo: Repo, code: str) -> tuple[str, int, int]:
    return PYPROJECT, repo.pyproject.line(*TABLE, code), 1


def rules(codes: Iterable[str]) -> tuple[Rule, ...]:
    """The rules about ignoring rules; `codes` are the codes of all other rules."""
    known = (*codes, "OPS001", "OPS002")
    why = "A rule that is off without a reason stays off: nobody can tell later whether it may be turned on again."
    link = "https://docs.astral.sh/ruff/rules/unused-noqa/"
    return (
        Rule(
            "OPS001",
            "Ignored rules have a reason",
            Severity.ERROR,
            why,
            f'Write the reason: [{".".join(TABLE)}] CODE = "the reason".',
            link,
            unreasoned,
        ),
        Rule(
            "OPS002",
            "Ignored rules exist",
            Severity.WARNING,
            "A misspelt code ignores nothing, and the code of a removed rule is dead text.",
            "Correct the code, or remove the line.",
            link,
            lambda repo: unknown(repo, known),
        ),
    )
