"""The reports of all linters on one repository, which run at the same time."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.checks.linters import (
    actionlint,
    check_jsonschema,
    deptry,
    detect_secrets,
    repo_review,
    ruff,
    validate_pyproject,
    zizmor,
)
from new_ops_project.checks.linters.program import Partial
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

# The function that runs each linter and returns its report; it raises UncheckedError if the linter is not installed.
TOOLS: Mapping[str, Callable[[Repo], Any]] = {
    "actionlint": actionlint.report,
    "check-jsonschema": check_jsonschema.report,
    "deptry": deptry.report,
    "detect-secrets": detect_secrets.report,
    "repo-review": repo_review.report,
    "ruff": ruff.report,
    "zizmor": zizmor.report,
    "validate-pyproject": validate_pyproject.report,
}


@dataclass
class Reports:
    """The linters' reports on one repository; each linter runs at most once."""

    repo: Repo
    _running: dict[str, Future[Any]] = field(default_factory=dict)

    def start(self, names: Iterable[str]) -> None:
        """Start these linters, all at the same time, without waiting for them."""
        wanted = sorted(set(names) - self._running.keys())
        if not wanted:
            return
        pool = ThreadPoolExecutor(len(wanted), "linter")
        self._running.update({name: pool.submit(TOOLS[name], self.repo) for name in wanted})
        pool.shutdown(wait=False)

    def of(self, name: str) -> Any:
        """The report of a linter; raises UncheckedError if it could not run."""
        self.start([name])
        report = self._running[name].result()
        return report.report if isinstance(report, Partial) else report

    def gaps(self, name: str) -> tuple[UncheckedError, ...]:
        """What is missing in the report of a linter that could do some of its work."""
        future = self._running[name]
        report = None if future.exception() else future.result()
        return report.gaps if isinstance(report, Partial) else ()
