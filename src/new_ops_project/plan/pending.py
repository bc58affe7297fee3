"""A change that an earlier run wrote to the work tree, not committed yet."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.formats import validation
from new_ops_project.git import journal, markers, worktree
from new_ops_project.git.journal import Change
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply
from new_ops_project.plan.wording import noun


@dataclass(frozen=True)
class Pending:
    """A pending change. `was_finished`: whether this run had to finish it; `open_paths`: the unresolved conflicts."""

    change: Change
    was_finished: bool
    open_paths: tuple[str, ...]

    @property
    def verb(self) -> str:
        """The verb that wrote it."""
        return str(self.change.about.get("verb", "update"))


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
        status, change = worktree.status(repository), journal.read_change(repository.root, repository.git_dir)
    if change is None:
        return None
    if not _is_in_work_tree(change, status):
        journal.conclude(change)
        return None
    return Pending(change, was_finished, tuple(_unresolved(repository, change, status)))


def _is_in_work_tree(change: Change, status: Status) -> bool:
    """Whether anything of the change is still uncommitted; git gives an untracked folder as one path."""
    touched = {*change.after, *change.about["conflicts"]}
    return any(
        path in touched or (path.endswith("/") and any(file.startswith(path) for file in touched))
        for path in status.dirty
    )


def _unresolved(repository: Repository, change: Change, status: Status) -> list[str]:
    """The paths of the change that are unmerged or have conflict markers."""
    marked = [path for path, problem in _problems(repository, change) if "conflict markers" in problem]
    return sorted({*(set(status.unmerged) & change.about["conflicts"].keys()), *marked})


def _problems(repository: Repository, change: Change) -> list[tuple[str, str]]:
    """The files of the change that are not ready to commit: each path with its problem."""
    problems = []
    for path in sorted({*change.about["conflicts"], *change.after}):
        file = repository.root / path
        content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
        if line := markers.first_marker_line(content):
            problems.append((path, f"has conflict markers, the first at line {line}"))
        elif content and path in change.about["parsed"] and (problem := validation.problem(path, content)):
            problems.append((path, problem))
    return problems


def undo(repository: Repository, verb: str) -> tuple[Change, Path | None]:
    """Restore work tree and index as they were before the change; raises ToolError when none is under way.

    Returns the change, and the folder with files that were edited since, if there are any.
    """
    change = _required(repository, verb)
    return change, journal.undo(change)


def conclude(repository: Repository, verb: str, *, commit: bool) -> tuple[Change, str, list[str]]:
    """Stage what was resolved, commit it if that was requested then or is now, and forget the change.

    Returns the change, the id of the commit or '', and the paths in conflict that are exactly as before the change.

    Raises ToolError while a file has conflict markers or does not parse, and when no change is under way.
    """
    change = _required(repository, verb)
    journal.finish(change)
    if problems := _problems(repository, change):
        rows = "".join(f"\n  {path} {problem}" for path, problem in problems)
        message = f"Some conflicts are not resolved:{rows}"
        raise ToolError(message, "Fix that, then run --continue again, or --abort.")
    status = worktree.status(repository)
    unmerged = status.unmerged
    commits = commit or change.about["commit"]
    if commits and (others := status.staged - {*change.after, *change.about["conflicts"]}):
        message = f"The commit would also include other staged changes: {', '.join(sorted(others)[:5])}."
        raise ToolError(message, "Commit or unstage that first.")
    if foreign := [path for path in unmerged if path not in change.about["conflicts"]]:
        raise ToolError(f"git has other conflicts: {', '.join(foreign)}.", "Resolve and git add them first.")
    if unmerged:
        git.stage(repository.root, list(unmerged))
    as_before = [path for path in unmerged if path not in change.after]
    commit_id = apply.commit_staged(repository, change.about["message"]) if commits else ""
    journal.conclude(change)
    return change, commit_id, as_before


def _required(repository: Repository, verb: str) -> Change:
    """The change of `verb` that is in the work tree; raises ToolError when there is none, or no longer one."""
    change = journal.read_change(repository.root, repository.git_dir)
    if change is None:
        message = f"No {noun(verb)} is under way in {repository.root}."
        raise ToolError(message, f"Start one with `new-ops-project {verb}`.")
    begun = str(change.about.get("verb", "update"))
    status, name = worktree.status(repository), noun(begun)
    if begun != verb:
        message = f"{noun(begun, 'a').capitalize()} is under way in {repository.root}, not {noun(verb, 'a')}."
        raise ToolError(message, f"new-ops-project {begun} --continue, or --abort.")
    if status.head == change.about["head"]:
        return change
    if not journal.is_complete(change):
        journal.undo(change)
        message = f"The {name} was stopped half-way, and HEAD has moved since."
        raise ToolError(message, "Its changes were undone.")
    if not _is_in_work_tree(change, status):
        journal.conclude(change)
        raise ToolError(f"The {name} was committed since.", "To undo it, use git revert.")
    message = f"HEAD has moved since the {name} was written, from {change.about['head'][:9]} to {status.head[:9]}."
    raise ToolError(message, "Commit it, or go back there (git switch, or git reset --soft) to undo or finish it.")
