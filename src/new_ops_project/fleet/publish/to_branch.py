"""Delivery to a branch of the clone on this machine; nothing else in the clone moves."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.publish import ownership
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError
from new_ops_project.fleet.publish.messages import redacted_line

_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")


def deliver(candidate: Candidate, *, preview: bool) -> Delivery:
    """Put the commit on its branch, unless a person's work is there; with `preview` only check.

    Raises SkippedError or ToolError when the commit is not delivered.
    """
    clone, target = _clone(candidate), candidate.result.target
    _require_base(candidate, clone)
    before = git.resolve(clone, f"refs/heads/{target}")
    if before and ownership.read(clone, before).is_same(candidate.result.tree, candidate.task.base):
        return candidate.delivery("branch", Delivered.BRANCH, "It was there already.")
    if before and not ownership.is_ours(clone, ownership.read(clone, before), candidate.task.base):
        raise candidate.branch_has_other_commits(target)
    if path := git.worktree_of(clone, target):
        reason = f"{target} is checked out in {redacted_line(path)}."
        raise SkippedError(Delivered.DEFERRED, reason, "Switch to another branch.")
    if not preview:
        _write(candidate, clone, before)
    return candidate.delivery("branch", Delivered.BRANCH)


def _clone(candidate: Candidate) -> Path:
    if not candidate.task.folder:
        raise SkippedError(Delivered.FAILED, "It has no clone on this machine.", "Use --mode push, or --mode pr.")
    clone = Path(candidate.task.folder)
    if not clone.is_dir():
        reason = f"{redacted_line(candidate.task.folder)} no longer exists."
        raise SkippedError(Delivered.FAILED, reason, "Plan it again.")
    return clone


def _require_base(candidate: Candidate, clone: Path) -> None:
    now = git.resolve(clone, f"refs/heads/{candidate.task.branch}")
    if now is None:
        raise candidate.branch_missing()
    if now != candidate.task.base:
        raise candidate.base_moved(now)


def _write(candidate: Candidate, clone: Path, before: str | None) -> None:
    """Move the branch, if it is still at `before`."""
    ref, commit = f"refs/heads/{candidate.result.target}", candidate.result.commit
    candidate.unbundle(clone)
    words = f"fleet publish: template {candidate.result.version}"
    try:
        git.git(*_QUIET, "update-ref", "-m", words, ref, commit, before or "0" * len(commit), at=clone)
    except ProcessError as error:
        message = f"The branch {candidate.result.target} cannot be written: {redacted_line(error.reason)}."
        raise ToolError(message, "Nothing was changed; fix that, then publish again.") from error
