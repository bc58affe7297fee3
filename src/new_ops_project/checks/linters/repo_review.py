"""repo-review, run with the checks of every plugin except ours."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

OURS = "new_ops_project"
# Modules whose checks are left out: ours, and those of validate-pyproject, which a rule of ours runs.
_LEFT_OUT = (f"{OURS}.", "validate_pyproject.")
_CHECKS = "repo_review.checks"


@dataclass(frozen=True)
class FailedCheck:
    """One failed check of a plugin; `text` and `description` are Markdown."""

    name: str
    description: str
    text: str
    url: str


def report(repo: Repo) -> tuple[FailedCheck, ...]:
    """The failed checks of the plugins; () if we are the only plugin, without importing repo-review.

    Raises UncheckedError if repo-review is not installed, if there is no folder or its
    pyproject.toml does not parse, or if a plugin fails.
    """
    if importlib.util.find_spec("repo_review") is None:
        raise program.missing("repo-review")
    if not _other_plugins():
        return ()
    if not isinstance(repo.files, LazyFiles):
        raise UncheckedError("repo-review checks folders only.")
    if repo.pyproject.problem:
        raise UncheckedError("repo-review cannot read pyproject.toml.", "Fix that file first.")
    try:
        return _failed_checks(repo)
    except Exception as error:  # a plugin is third-party code, which can raise anything
        raise program.failed("repo-review", f"a plugin raised {type(error).__name__}: {error}") from error


def _other_plugins() -> bool:
    """Whether there is any other plugin."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import, and no other rule needs it

    return any(not entry.value.startswith(_LEFT_OUT) for entry in entry_points(group=_CHECKS))


def _failed_checks(repo: Repo) -> tuple[FailedCheck, ...]:
    """Our checks are removed first: repo-review would run them all, and so this function again."""
    from repo_review import processor  # noqa: PLC0415 - installed with the extra [check] only

    collected = processor.collect_all(repo.folder)
    theirs: dict[str, Any] = {
        name: check for name, check in collected.checks.items() if not type(check).__module__.startswith(_LEFT_OUT)
    }
    processed = processor.process(repo.folder, collected=collected._replace(checks=theirs))
    return tuple(
        FailedCheck(check.name, check.description, check.err_msg, check.url)
        for check in processed.results
        if check.result is False
    )
