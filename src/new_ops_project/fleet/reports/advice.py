"""The commands to type next: for a repository, for a state, after a run of `fleet publish`."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from new_ops_project.fleet.model import Delivered, ResultState
from new_ops_project.fleet.names import shell_quoted
from new_ops_project.fleet.reports.state import RepositoryState, Row

if TYPE_CHECKING:  # `fleet publish` needs no facts
    from new_ops_project.fleet.publish.publisher import Published, PublishRequest
    from new_ops_project.fleet.reports.facts import Facts

_TOOL = "new-ops-project"
_RETRIED = {
    RepositoryState.FAILED: "failed",
    RepositoryState.CONFLICT: "conflict",
    RepositoryState.DEFERRED: "deferred",
}
_HELD = 5  # held repositories, each of which gets a command

UNFINISHED = (
    RepositoryState.FAILED,
    RepositoryState.CONFLICT,
    RepositoryState.HELD,
    RepositoryState.DEFERRED,
    RepositoryState.UPDATED,
)
"""The states in which something is left to do, the worst first."""


def command_for_state(state: RepositoryState, facts: "Facts") -> str:
    """The command for all repositories in a state; '' if nothing is left to do, or if a person has to look at each."""
    if state in _RETRIED and (state in facts.needing_update or not facts.by_state[state]):
        return _retry(facts.folders, _RETRIED[state], "retry.json")
    return _publish(facts.folders, facts.mode) if state in _RETRIED or state is RepositoryState.UPDATED else ""


def command_for_row(row: Row, facts: "Facts") -> str:
    """The command that previews one repository's update again; without a clone, the one for all in its state."""
    if row.state in _RETRIED and row.result.state is ResultState.UPDATED:
        return _publish(facts.folders, facts.mode)  # there is a commit, which only has to be delivered
    if row.state in _RETRIED and (folder := project_folder(row)):
        return f"{_TOOL} update {shell_quoted(folder)}{_to(row)} --preview"
    return command_for_state(row.state, facts)


def commands_after_publish(published: "Published", request: "PublishRequest") -> list[str]:
    """The commands that go on after a run of `fleet publish`: those that deliver the rest, then those that retry."""
    again = _publish(request.folders, request.mode)
    again += f" --journal {shell_quoted(os.fspath(request.journal))}" if request.journal else ""
    again += f" --forge {request.forge}" if request.forge else ""
    if published.stopped and not published.deliveries:
        return [f"{_TOOL} fleet report {_quoted(request.folders)}", f"{again} --force"]
    states = {delivery.state for delivery in published.deliveries}
    held = [delivery.name for delivery in published.deliveries if delivery.state is Delivered.HELD]
    commands = [again] if request.preview or published.is_over or Delivered.FAILED in states else []
    commands += [f"{again} --deliver-conflicts"] if published.conflicts else []
    commands += [f"{again} --only {shlex.quote(name)}" for name in held[:_HELD]]
    commands += [_retry(request.folders, "deferred", "plan.json")] if published.must_be_planned_again else []
    return commands


def _publish(folders: Iterable[Path], mode: str) -> str:
    return f"{_TOOL} fleet publish --in {_quoted(folders)} --mode {shell_quoted(mode)}"


def _retry(folders: Iterable[Path], state: str, out: str) -> str:
    return f"{_TOOL} fleet retry {_quoted(folders)} --only {state} --out {out}"


def _quoted(folders: Iterable[Path]) -> str:
    return " ".join(shell_quoted(os.fspath(folder)) for folder in folders)


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
