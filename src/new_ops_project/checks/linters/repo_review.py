"""repo-review, run with the checks of every plugin except ours."""

import importlib.util
import json
from dataclasses import dataclass

from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

NAME = "repo-review"
# Modules whose checks are left out: ours, and those of validate-pyproject, which a rule of ours runs.
LEFT_OUT = ("new_ops_project.", "validate_pyproject.")
_CHILD = "new_ops_project.checks.linters.repo_review_process"
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
        raise program.missing(NAME)
    if not _other_plugins():
        return ()
    if not isinstance(repo.files, LazyFiles):
        raise UncheckedError("repo-review checks folders only.")
    if repo.pyproject.problem:
        raise UncheckedError("repo-review cannot read pyproject.toml.", "Fix that file first.")
    result = program.run_module(NAME, _CHILD, str(repo.folder.resolve()))
    try:
        return tuple(FailedCheck(*check) for check in json.loads(result.stdout))
    except (ValueError, TypeError) as error:
        raise program.unreadable(NAME) from error


def _other_plugins() -> bool:
    """Whether there is any other plugin."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import, and no other rule needs it

    return any(not entry.value.startswith(LEFT_OUT) for entry in entry_points(group=_CHECKS))
