"""The next command to type for a repository, or for all that are in the same state."""

import os
from pathlib import PurePosixPath

from new_ops_project.fleet.model import ResultState
from new_ops_project.fleet.names import shell_quoted
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

_TOOL = "new-ops-project"
_RETRIED = {
    RepositoryState.FAILED: "failed",
    RepositoryState.CONFLICT: "conflict",
    RepositoryState.DEFERRED: "deferred",
}

UNFINISHED = (
    RepositoryState.FAILED,
    RepositoryState.CONFLICT,
    RepositoryState.HELD,
    RepositoryState.DEFERRED,
    RepositoryState.UPDATED,
)
"""The states in which something is left to do, the worst first."""


def command_for_state(state: RepositoryState, facts: Facts) -> str:
    """The command for all repositories in a state; '' if nothing is left to do, or if a person has to look at each."""
    if state in _RETRIED and (state in facts.needing_update or not facts.by_state[state]):
        return f"{_TOOL} fleet retry {_folders(facts)} --only {_RETRIED[state]} --out retry.json"
    return _publish(facts) if state in _RETRIED or state is RepositoryState.UPDATED else ""


def command_for_row(row: Row, facts: Facts) -> str:
    """The command that previews one repository's update again; without a clone, the one for all in its state."""
    if row.state in _RETRIED and row.result.state is ResultState.UPDATED:
        return _publish(facts)  # there is a commit, which only has to be delivered
    if row.state in _RETRIED and (folder := project_folder(row)):
        return f"{_TOOL} update {shell_quoted(folder)}{_to(row)} --preview"
    return command_for_state(row.state, facts)


def _publish(facts: Facts) -> str:
    return f"{_TOOL} fleet publish --in {_folders(facts)} --mode {shell_quoted(facts.mode)}"


def _folders(facts: Facts) -> str:
    return " ".join(shell_quoted(os.fspath(folder)) for folder in facts.folders)


def _to(row: Row) -> str:
    return f" --to {shell_quoted(row.result.version)}" if row.result.version else ""


def project_folder(row: Row) -> str:
    """The project's folder in its clone on the machine that updated it; '' without a clone."""
    folder, (_name, separator, prefix) = row.result.folder, row.result.name.rpartition("//")
    has_prefix = folder and separator and "://" not in row.result.name[-len(prefix) - 3 :]
    return str(PurePosixPath(folder) / prefix) if has_prefix else folder


def resolve_steps(row: Row) -> tuple[str, ...]:
    """How a person resolves the conflicts of a repository, step by step; nothing if there are none."""
    if not row.result.conflicts:
        return ()
    if folder := project_folder(row):
        command = f"{_TOOL} update {shell_quoted(folder)}"
        return (
            f"{command}{_to(row)}",
            "edit each file between <<<<<<< and >>>>>>>, or take one whole side: git checkout --ours FILE",
            f"{command} --continue",
        )
    branch = f"git switch {shell_quoted(row.result.target)}" if row.delivery and row.result.target else ""
    first = branch or f"{_TOOL} update --to {shell_quoted(row.result.version)}, in a clone of it"
    last = "git commit --all, and push it" if branch else f"{_TOOL} update --continue"
    return (first, "edit each file between <<<<<<< and >>>>>>>", last)
