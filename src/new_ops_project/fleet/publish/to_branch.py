"""Delivery to a branch of the clone on this machine; nothing else in the clone moves."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError


def deliver(candidate: Candidate, *, preview: bool) -> Delivery:
    """Put the commit on its branch, unless a person's work is there; with `preview` only check.

    Raises SkippedError, ToolError or ProcessError when the commit is not delivered.
    """
    task, result, clone = candidate.task, candidate.result, Path(candidate.task.folder)
    if not task.folder or not clone.is_dir():
        reason = f"There is no clone of it on this machine{task.folder and f': {redacted_line(task.folder)} is gone'}."
        raise SkippedError(Delivered.FAILED, reason, "Use --mode push, or --mode pr.")
    candidate.require_base(git.resolve(clone, f"refs/heads/{task.branch}") or "")
    ref = f"refs/heads/{result.target}"
    before = git.resolve(clone, ref) or ""
    if candidate.is_at(clone, before, task.base):
        return candidate.delivery("branch", Delivered.BRANCH, "It was there already.")
    if path := git.worktree_of(clone, result.target):
        reason = f"{result.target} is checked out in {redacted_line(path)}."
        raise SkippedError(Delivered.DEFERRED, reason, "Switch to another branch.")
    if not preview:
        candidate.unbundle(clone)
        words = f"fleet publish: template {result.version}"
        nothing = "0" * len(result.commit)  # as what is expected, it means that there is no such branch
        git.git("update-ref", "-m", words, ref, result.commit, before or nothing, at=clone)
    return candidate.delivery("branch", Delivered.BRANCH)
