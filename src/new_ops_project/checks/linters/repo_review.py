"""repo-review: the checks of its plugins, but ours, asked about the folder."""

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.worktree_files import WorkTree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

OURS = "new_ops_project"
_ASKED = (f"{OURS}.", "validate_pyproject.")  # whose checks are ours, or ours ask the same
_CHECKS = "repo_review.checks"


@dataclass(frozen=True)
class Failed:
    """One check of a plugin that failed; `text` and `description` are Markdown."""

    name: str
    description: str
    text: str
    url: str


def report(repo: Repo) -> tuple[Failed, ...]:
    """What the plugins say; nothing where there is none but us, which needs no import.

    Raises UncheckedError where repo-review is not installed, where there is no folder, and where a plugin fails.
    """
    if importlib.util.find_spec("repo_review") is None:
        raise UncheckedError(f"repo-review{program.ABSENT}", program.EXTRA)
    if not _others():
        return ()
    if not isinstance(repo.files, WorkTree):
        raise UncheckedError("repo-review looks at folders only.")
    try:
        return _asked(repo)
    except Exception as error:  # a plugin is anybody's code, and the repository can be odd
        raise UncheckedError(
            f"A plugin of repo-review failed: {type(error).__name__}: {error}", "Try `repo-review` by hand."
        ) from error


def _others() -> "list[EntryPoint]":
    from importlib.metadata import entry_points

    return [one for one in entry_points(group=_CHECKS) if not one.value.startswith(_ASKED)]


def _asked(repo: Repo) -> tuple[Failed, ...]:
    """Ours are taken out before: repo-review would run them all, and they ask us again, whatever is ignored."""
    from repo_review import processor

    collected = processor.collect_all(repo.folder)
    theirs: Mapping[str, Any] = {
        name: check for name, check in collected.checks.items() if not type(check).__module__.startswith(_ASKED)
    }
    done = processor.process(repo.folder, collected=collected._replace(checks=dict(theirs)))
    return tuple(Failed(one.name, one.description, one.err_msg, one.url) for one in done.results if one.result is False)
