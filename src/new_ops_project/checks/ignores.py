"""The rules that a repository ignores: [tool.new-ops-project.ignore] in its pyproject.toml."""

import fnmatch
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.finding import Finding
from new_ops_project.checks.repo import Repo

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
