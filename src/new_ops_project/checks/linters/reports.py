"""The reports of all linters on one repository, which run at the same time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Thread
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


class _Running(Thread):
    """A linter at work."""

    def __init__(self, name: str, repo: Repo) -> None:
        super().__init__(name=name)
        self._repo = repo
        self.report: Any = None
        # Until it is known: a thread that lacks memory ends without a word.
        self._error: BaseException | None = MemoryError()

    def run(self) -> None:
        """Run the linter."""
        try:
            self.report, self._error = TOOLS[self.name](self._repo), None
        except BaseException as error:  # noqa: BLE001 - it is raised where the report is needed
            self._error = error

    def result(self) -> Any:
        """The report, once it is there; raises what the linter raised."""
        self.join()
        if self._error:
            raise self._error
        return self.report


@dataclass
class Reports:
    """The linters' reports on one repository; each linter runs at most once."""

    repo: Repo
    _running: dict[str, _Running] = field(default_factory=dict)

    def start(self, names: Iterable[str]) -> None:
        """Start these linters, all at the same time, without waiting for them."""
        for name in sorted(set(names) - self._running.keys()):
            self._running[name] = _Running(name, self.repo)
            self._running[name].start()

    def of(self, name: str) -> Any:
        """The report of a linter; raises UncheckedError if it could not run."""
        self.start([name])
        report = self._running[name].result()
        return report.report if isinstance(report, Partial) else report

    def gaps(self, name: str) -> tuple[UncheckedError, ...]:
        """What is missing in the report of a linter that could do some of its work."""
        running = self._running[name]
        running.join()
        report = running.report
        return report.gaps if isinstance(report, Partial) else ()
