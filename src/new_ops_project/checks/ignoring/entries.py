"""The entries of [tool.new-ops-project.ignore] in pyproject.toml: the rules that a repository ignores."""

import fnmatch
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.finding import Finding
from new_ops_project.base.text import nearest
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Rule, succession

TABLE = ("tool", "new-ops-project", "ignore")
_OWN = ("OPS001", "OPS002")


@dataclass(frozen=True)
class Ignore:
    """A rule or linter that is ignored for a reason, everywhere or in files that match one of `paths` (fnmatch).

    A linter that is ignored everywhere is not asked.
    """

    code: str
    reason: str
    paths: tuple[str, ...] = ()

    def covers(self, finding: Finding, tool: str) -> bool:
        """Whether the finding, which comes from the linter `tool` or from none, is ignored."""
        return self.code in {finding.code, tool} and self.is_about(finding.path)

    def is_about(self, path: str) -> bool:
        """Whether the entry is about the file."""
        return not self.paths or any(fnmatch.fnmatchcase(path, pattern) for pattern in self.paths)


def read(repo: Repo) -> tuple[Ignore, ...]:
    """Every entry with a reason; entries without one have no effect."""
    return tuple(ignore for ignore in entries(repo) if ignore.reason)


def entries(repo: Repo) -> tuple[Ignore, ...]:
    """Every entry of the table; one without a valid reason has '' as its reason."""
    return tuple(_ignore(code, value) for code, value in repo.pyproject.table(*TABLE).items())


def _ignore(code: str, value: Any) -> Ignore:
    """The entry `CODE = "reason"` or `CODE = { reason = "...", paths = ["..."] }`; anything else has no reason."""
    table = value if isinstance(value, dict) else {"reason": value}
    reason, paths = table.get("reason"), table.get("paths", [])
    is_list = isinstance(paths, list) and all(isinstance(path, str) for path in paths)
    reason = reason.strip() if isinstance(reason, str) and is_list else ""
    return Ignore(code, reason, tuple(paths) if is_list else ())


def unreasoned(repo: Repo) -> Iterator[Breach]:
    """Each entry without a reason."""
    for ignore in entries(repo):
        if not ignore.reason:
            message = f"{ignore.code} is ignored without a reason, so it is not ignored."
            yield Breach(message, *_where(repo, ignore.code))


def unknown(repo: Repo, rules: Sequence[Rule], families: Collection[str]) -> Iterator[Breach]:
    """Each entry whose code is neither that of a rule, nor a linter, nor one of our own.

    A family or the beginning of codes is none: who reads the reason has to know which rules it is for.
    """
    codes = [*(rule.code for rule in rules), *sorted({rule.tool for rule in rules if rule.tool}), *_OWN]
    for ignore in (ignore for ignore in entries(repo) if ignore.code not in codes):
        where = _where(repo, ignore.code)
        if successors := succession(rules, ignore.code):
            remedy = "Write that name instead, or remove the line."
            yield Breach(f"{ignore.code} is ignored, but that rule is gone: {successors}.", *where, remedy=remedy)
        elif ignore.code.lower() in families or any(code.startswith(ignore.code.upper()) for code in codes):
            message = f"{ignore.code} is ignored, but that is not one rule, so nothing is ignored."
            remedy = f"List each rule by its code, with a reason; `--ignore {ignore.code}` leaves out all of them once."
            yield Breach(message, *where, remedy=remedy)
        else:
            hint = nearest(ignore.code, codes)
            message = f"{ignore.code} is ignored, but there is no such rule{f'; {hint}' if hint else '.'}"
            yield Breach(message, *where)


def _where(repo: Repo, code: str) -> tuple[str, int, int]:
    return PYPROJECT, repo.pyproject.line(*TABLE, code), 1
