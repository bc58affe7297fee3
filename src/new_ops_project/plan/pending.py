"""A change that an earlier run wrote to the work tree, not committed yet."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.formats import validation
from new_ops_project.git import journal, markers, worktree
from new_ops_project.git.journal import Change
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply, migrations, wording
from new_ops_project.plan.destination import Destination
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.wording import noun


@dataclass(frozen=True)
class Pending:
    """A change that is pending.

    `was_finished`: whether this run had to finish it. `open_paths`: the paths of its unresolved conflicts.
    `lacks_migrations`: whether it is committed, and only migrations of the template are left to run.
    """

    change: Change
    was_finished: bool
    open_paths: list[str]
    lacks_migrations: bool


def find(repository: Repository, status: Status) -> Pending | None:
    """The change that is pending; None if there is none, or if somebody has committed or discarded it meanwhile.

    Raises ToolError when a change that a killed run has left cannot be finished.
    """
    change = journal.read_change(repository.root, repository.git_dir)
    if change is None:
        return None
    if change.phase == "forth" and not journal.is_complete(change) and status.head != change.about["head"]:
        journal.undo(change)  # another commit is checked out now, and the prepared index does not fit it
        return None
    was_finished = not journal.is_complete(change)
    if was_finished:
        journal.finish(change)
        status = worktree.status(repository, filters=True)
        change = journal.read_change(repository.root, repository.git_dir)
    if change is None:
        return None
    is_here = _is_in_work_tree(change, status)
    lacks_migrations = not is_here and _left(change) and was_committed(change, status.head)
    if change.verb == "check" or not (is_here or lacks_migrations):
        journal.conclude(change)  # nobody is asked to end a fix: once written, it is a change like the user's own
        return None
    marked = [path for path, problem in _problems(repository, change) if "conflict markers" in problem]
    open_paths = sorted({*(set(status.unmerged) & change.about["conflicts"].keys()), *marked})
    return Pending(change, was_finished, open_paths, lacks_migrations)


def _left(change: Change) -> bool:
    """Whether migrations of the template still have to run."""
    return bool(change.about.get("left"))


def was_committed(change: Change, head: str) -> bool:
    """Whether the commit `head` has the change, of which nothing is uncommitted in the work tree."""
    if head == change.about["head"]:
        return False
    mark = wording.place(change).name  # if it is in the change at all, whoever commits it does not edit it
    paths = [mark] if mark in change.after else [path for path in change.after if path not in change.about["conflicts"]]
    return any(journal.digest_below(change.root, path) == change.after[path] != change.before[path] for path in paths)


def _is_in_work_tree(change: Change, status: Status) -> bool:
    """Whether anything of the change is still uncommitted; git gives an untracked folder as one path."""
    touched = {*change.after, *change.about["conflicts"]}
    return any(
        path in touched or (path.endswith("/") and any(file.startswith(path) for file in touched))
        for path in status.dirty
    )


def _problems(repository: Repository, change: Change) -> list[tuple[str, str]]:
    """The files of the change that are not ready to commit: each path with its problem."""
    problems = []
    for path in sorted({*change.about["conflicts"], *change.after}):
        file = repository.root / path
        content = reading.read(file, follow=False) if file.is_file() and not file.is_symlink() else b""
        if line := markers.first_marker_line(content):
            problems.append((path, f"has conflict markers, the first at line {line}"))
        elif content and path in change.about["parsed"] and (problem := validation.problem(path, content)):
            problems.append((path, problem))
    return problems


def facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What --json says of a pending change."""
    return {key: about[key] for key in ("path", "from", "to")}


def end(path: Path, destination: Destination, *, resume: bool) -> Outcome:
    """Conclude the pending change of a verb for the project at `path`, or undo it; raises ToolError when there is none.

    Neither the project nor anything else outside of `.git` has to be there. To conclude it raises ToolError also while
    a file has conflict markers or does not parse.
    """
    git.require_on_path()
    repository, given = worktree.locate(path)
    with journal.locked(repository.git_dir):
        change = _required(repository, destination.verb, given, resume=resume)
        if resume:
            return conclude(repository, change, destination)
        backup = journal.undo(change)
    details = {**facts(change.about), **({"kept": str(backup)} if backup else {})}
    return Outcome("aborted", details=details, change=change, backup=backup)


def conclude(
    repository: Repository, change: Change, destination: Destination, *, was_finished: bool = False
) -> Outcome:
    """Stage what was resolved, commit it if that was requested then or is now, and forget the change."""
    journal.finish(change)
    if problems := _problems(repository, change):
        rows = "".join(f"\n  {path} {problem}" for path, problem in problems)
        hint = f"Fix that, then: {wording.command(change, '--continue')}"
        raise ToolError(f"Some conflicts are not resolved:{rows}", hint)
    about, unmerged = change.about, worktree.status(repository, filters=True).unmerged
    if foreign := [path for path in unmerged if path not in about["conflicts"]]:
        raise ToolError(f"git has other conflicts: {', '.join(foreign)}.", "Resolve and git add them first.")
    if commits := destination.commit or about["commit"]:
        apply.require_nothing_staged(repository, besides={*change.after, *about["conflicts"]})
    if unmerged:
        git.stage(repository.root, list(unmerged))
    change = migrations.run_left(repository, change)
    if was_committed(change, worktree.status(repository, filters=True).head):
        commits = commits and bool(git.git("diff-index", "--cached", "--name-only", "HEAD", at=repository.root).text)
        journal.conclude(change)
    commit = {"commit": apply.commit_staged(repository, about["message"])} if commits else {}
    if commit:
        journal.conclude(change)
    return Outcome(
        "committed" if commit else "staged",
        details={**facts(about), **commit},
        next=() if commit else ("git commit", wording.command(change, "--abort")),
        change=change,
        was_finished=was_finished,
        unchanged=tuple(
            path for path in unmerged if path not in change.after and os.path.lexists(repository.root / path)
        ),
    )


def _required(repository: Repository, verb: str, given: str, *, resume: bool) -> Change:
    """The change of `verb` that is in the work tree; raises ToolError when there is none, or no longer one.

    It raises ToolError also if the change is of another project than the one at the path `given` from the root.
    """
    change = journal.read_change(repository.root, repository.git_dir)
    if change is None or change.verb == "check":
        raise ToolError(
            f"No {noun(verb)} is under way in {repository.root}.", f"Start one with `new-ops-project {verb}`."
        )
    commands = f"{wording.command(change, '--continue')}\n{wording.command(change, '--abort')}"
    if change.verb != verb:
        what = f"{noun(change.verb, 'a').capitalize()} is under way in {repository.root}, not {noun(verb, 'a')}."
        raise ToolError(what, commands)
    if not wording.place(change).is_meant(given):
        owner = wording.place(change).name
        what = f"{noun(verb, 'the').capitalize()} under way in {repository.root} is of {owner}, not of {given or '.'}."
        raise ToolError(what, commands)
    status, name = worktree.status(repository, filters=True), noun(verb)
    is_here = not journal.is_complete(change) or _is_in_work_tree(change, status)
    if status.head == change.about["head"] and (is_here or not resume):
        return change
    if not journal.is_complete(change):
        journal.undo(change)
        raise ToolError(f"The {name} was stopped half-way, and HEAD has moved since.", "Its changes were undone.")
    if not is_here and resume and _left(change) and was_committed(change, status.head):
        return change
    if not is_here:
        journal.conclude(change)
        if was_committed(change, status.head):
            raise ToolError(f"The {name} was committed since.", "To undo it, use git revert.")
        raise ToolError(f"The {name} is not in the work tree any more.", "Nothing was changed.")
    raise ToolError(
        f"HEAD has moved since the {name} was written, from {change.about['head'][:9]} to {status.head[:9]}.",
        "Commit it, or go back there (git switch, or git reset --soft) to undo or finish it.",
    )
