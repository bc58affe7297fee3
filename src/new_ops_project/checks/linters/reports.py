"""The linters that look at a repository for us: found, run at the same time, and read."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.checks.linters import deptry, detect_secrets, repo_review, ruff, validate_pyproject, zizmor
from new_ops_project.checks.repo import Repo

# What each tool is asked; it returns what the rules of that tool read, and raises UncheckedError where it is absent.
TOOLS: Mapping[str, Callable[[Repo], Any]] = {
    "deptry": deptry.report,
    "detect-secrets": detect_secrets.report,
    "repo-review": repo_review.report,
    "ruff": ruff.report,
    "zizmor": zizmor.report,
    "validate-pyproject": validate_pyproject.report,
}


@dataclass
class Reports:
    """What the tools say of one repository, each run at most once."""

    repo: Repo
    _running: dict[str, Future[Any]] = field(default_factory=dict)

    def start(self, names: Iterable[str]) -> None:
        """Begin with those tools, all at the same time, and do not wait."""
        wanted = sorted(set(names) - self._running.keys())
        if not wanted:
            return
        pool = ThreadPoolExecutor(len(wanted), "tool")
        self._running.update({name: pool.submit(TOOLS[name], self.repo) for name in wanted})
        pool.shutdown(wait=False)

    def of(self, name: str) -> Any:
        """What the tool says; raises UncheckedError when it could not look."""
        self.start([name])
        return self._running[name].result()
