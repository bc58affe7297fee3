"""What to type next: for one repository, and for all that stand where it does."""

import os
from pathlib import PurePosixPath

from new_ops_project.fleet.model import ResultState
from new_ops_project.fleet.names import quoted
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

_TOOL = "new-ops-project"
_RETRIED = {
    RepositoryState.FAILED: "failed",
    RepositoryState.CONFLICT: "conflict",
    RepositoryState.DEFERRED: "deferred",
}

NEEDS_PERSON = (
    RepositoryState.FAILED,
    RepositoryState.CONFLICT,
    RepositoryState.HELD,
    RepositoryState.DEFERRED,
    RepositoryState.UPDATED,
)
"""Where something is left to do."""


def for_all(standing: RepositoryState, facts: Facts) -> str:
    """The command that goes on with all that stand there; '' where nothing is left to do, or each needs a look."""
    if standing in _RETRIED and (standing in facts.uncomputed or not facts.standings[standing]):
        return f"{_TOOL} fleet retry {_where(facts)} --only {_RETRIED[standing]} --out retry.json"
    return _publish(facts) if standing in _RETRIED or standing is RepositoryState.UPDATED else ""


def for_one(row: Row, facts: Facts) -> str:
    """The command that shows one repository's update anew, or the one for all like it where there is no clone."""
    if row.standing in _RETRIED and row.result.state is ResultState.UPDATED:
        return _publish(facts)  # its commit is there: delivering it is what is left
    if row.standing in _RETRIED and (folder := project(row)):
        return f"{_TOOL} update {quoted(folder)}{_to(row)} --preview"
    return for_all(row.standing, facts)


def _publish(facts: Facts) -> str:
    return f"{_TOOL} fleet publish --in {_where(facts)} --mode {quoted(facts.mode)}"


def _where(facts: Facts) -> str:
    return " ".join(quoted(os.fspath(folder)) for folder in facts.folders)


def _to(row: Row) -> str:
    return f" --to {quoted(row.result.version)}" if row.result.version else ""


def project(row: Row) -> str:
    """The project's folder on the machine that computed it; '' for what is known by its address only."""
    folder, (_name, _mark, below) = row.result.folder, row.result.name.rpartition("//")
    is_below = folder and _mark and "://" not in row.result.name[-len(below) - 3 :]
    return str(PurePosixPath(folder) / below) if is_below else folder


def resolving(row: Row) -> tuple[str, ...]:
    """How a person resolves the conflicts of a repository, step by step; nothing where there are none."""
    if not row.result.conflicts:
        return ()
    if folder := project(row):
        command = f"{_TOOL} update {quoted(folder)}"
        return (
            f"{command}{_to(row)}",
            "edit each file between <<<<<<< and >>>>>>>, or take one side whole: git checkout --ours FILE",
            f"{command} --continue",
        )
    branch = f"git switch {quoted(row.result.target)}" if row.delivery and row.result.target else ""
    first = branch or f"{_TOOL} update --to {quoted(row.result.version)}, in a clone of it"
    last = "git commit --all, and push it" if branch else f"{_TOOL} update --continue"
    return (first, "edit each file between <<<<<<< and >>>>>>>", last)
