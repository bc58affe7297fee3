"""A commit goes to a branch of the clone on this machine, and nothing else there moves."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.publish import ownership
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError, shown

_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")


def place(parcel: Candidate, *, preview: bool) -> Delivery:
    """Put it on its branch, unless somebody's work is there; with `preview` only say so.

    Raises LeftError and ToolError when it stays where it is.
    """
    where, target = _clone(parcel), parcel.result.target
    _require_base(parcel, where)
    before = git.resolve(where, f"refs/heads/{target}")
    if before and ownership.read(where, before).is_same(parcel.result.tree, parcel.task.base):
        return parcel.delivery("branch", Delivered.BRANCH, "It was there already.")
    if before and not ownership.is_ours(where, ownership.read(where, before), parcel.task.base):
        raise parcel.somebodys(target)
    if at := git.checked_out(where, target):
        raise SkippedError(Delivered.DEFERRED, f"{target} is checked out in {shown(at)}.", "Switch to another branch.")
    if not preview:
        _write(parcel, where, before)
    return parcel.delivery("branch", Delivered.BRANCH)


def _clone(parcel: Candidate) -> Path:
    if not parcel.task.folder:
        raise SkippedError(
            Delivered.FAILED, "There is no clone of it on this machine.", "Use --mode push, or --mode pr."
        )
    where = Path(parcel.task.folder)
    if not where.is_dir():
        raise SkippedError(Delivered.FAILED, f"{shown(parcel.task.folder)} is not there any more.", "Plan it again.")
    return where


def _require_base(parcel: Candidate, where: Path) -> None:
    now = git.resolve(where, f"refs/heads/{parcel.task.branch}")
    if now is None:
        raise parcel.absent()
    if now != parcel.task.base:
        raise parcel.moved(now)


def _write(parcel: Candidate, where: Path, before: str | None) -> None:
    """Move the branch, if it still is where it was."""
    ref, commit = f"refs/heads/{parcel.result.target}", parcel.result.commit
    parcel.unbundle(where)
    words = f"fleet publish: template {parcel.result.version}"
    try:
        git.git(*_QUIET, "update-ref", "-m", words, ref, commit, before or "0" * len(commit), at=where)
    except ProcessError as error:
        message = f"The branch {parcel.result.target} cannot be written: {shown(error.reason)}."
        raise ToolError(message, "Nothing was changed; mend that, then publish again.") from error
