"""A Plan reaches its destination: a preview, a patch, a branch or the work tree."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from new_ops_project.base import files, masking
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.text import list_first
from new_ops_project.git import journal, worktree
from new_ops_project.git.journal import Change
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply, pending, wording
from new_ops_project.plan.destination import STDOUT, Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.pending import Pending
from new_ops_project.plan.project_place import ProjectPlace

# ---- before a plan is made ------------------------------------------------------------------------------------------


@contextmanager
def begun(
    repository: Repository, destination: Destination, place: ProjectPlace, *, to: str | None
) -> Iterator[Status | Outcome]:
    """Yield the state of the work tree, or the outcome of an earlier run that is still pending there.

    Whatever goes to the work tree holds the repository's lock. Raises ToolError for unresolved conflicts, and for a
    pending change of another verb, of another project than that in `place`, or to something else than `to`.
    """
    writes = destination.writes_work_tree
    with journal.locked(repository.git_dir) if writes else nullcontext():
        status, left = worktree.status(repository, filters=writes), None
        if writes and journal.read_change(repository.root, repository.git_dir):
            left = pending.find(repository, status)
            status = worktree.status(repository, filters=True)
        if left is None and status.unmerged:
            _refuse_unmerged(repository, place, status)
        yield _met(repository, left, destination, place, to=to) if left else status


def _refuse_unmerged(repository: Repository, place: ProjectPlace, status: Status) -> None:
    """Raise ToolError for conflicts in the index: those of a change that is pending, or of the user's own merge."""
    change = journal.read_change(repository.root, repository.git_dir)
    if change and set(status.unmerged) <= change.about["conflicts"].keys():
        _refuse_conflicts(change, place, list(status.unmerged))
    hint = "Resolve and commit them first, or undo the merge (git merge --abort)."
    raise ToolError(f"There are unresolved conflicts: {list_first(status.unmerged, 5)}.", hint)


def _refuse_conflicts(change: Change, place: ProjectPlace, paths: list[str]) -> None:
    resume, abort = (wording.command(change, option) for option in ("--continue", "--abort"))
    raise ToolError(
        f"{wording.title(change, place.name)} has unresolved conflicts: {', '.join(paths)}.",
        f"Resolve them, then: {resume}\nOr undo it: {abort}",
    )


def _met(
    repository: Repository, left: Pending, destination: Destination, place: ProjectPlace, *, to: str | None
) -> Outcome:
    """The outcome where an earlier run left a change in the work tree that is not committed yet."""
    change, title = left.change, wording.title(left.change, place.name)
    if left.open_paths:
        _refuse_conflicts(change, place, left.open_paths)
    if left.lacks_migrations:
        resume = wording.command(change, "--continue")
        raise ToolError(f"{title} was committed, but migrations of the template have not run.", f"Run them: {resume}")
    is_other = wording.place(change).name != place.name
    if is_other or change.verb != destination.verb or to not in {None, change.about["to"]}:
        wanted = wording.noun(destination.verb) + (f" of {place.name}" if is_other else "")
        wanted += f" to {to}" if to and change.verb == destination.verb else ""
        raise ToolError(f"{title} is not committed yet, so no {wanted} can start.", wording.way_out(change))
    if more := [wish for wish in destination.wishes if wish not in change.about.get("wishes", ())]:
        raise ToolError(
            f"{title} is not committed yet, and was made without {', '.join(more)}.", wording.way_out(change)
        )
    if destination.commit:
        return pending.conclude(repository, change, destination, was_finished=left.was_finished)
    steps, details = ("git commit", wording.command(change, "--abort")), pending.facts(change.about)
    return Outcome("waiting", details=details, next=steps, change=change, was_finished=left.was_finished)


def require_room(destination: Destination, repository: Repository, status: Status, prefix: str) -> None:
    """Raise ToolError when uncommitted work is in the way of writing below `prefix`."""
    if not destination.writes_work_tree:
        return
    apply.require_no_merge(repository)
    if not destination.in_place:
        below = "" if destination.commit else prefix
        apply.require_clean(status, below, has_in_place=destination.verb != "adopt")
    if destination.commit:
        apply.require_nothing_staged(repository)


# ---- the plan is made -----------------------------------------------------------------------------------------------


def deliver(plan: Plan, destination: Destination, status: Status, purpose: Purpose) -> Outcome:
    """Take the plan to its destination; raises ToolError, with nothing moved, when that is not possible."""
    if destination.preview:
        return Outcome("previewed", _code(plan), purpose.details)
    if destination.patch is not None:
        return _patch(plan, destination.patch, purpose)
    if destination.branch is not None:
        return _branch(plan, destination, purpose)
    if destination.in_place:
        apply.require_untouched(plan, status)
    return _write(plan, destination, purpose)


def _code(plan: Plan) -> Exit:
    return Exit.CONFLICTS if plan.conflicts else Exit.DONE


def _patch(plan: Plan, file: str, purpose: Purpose) -> Outcome:
    text = plan.patch("--binary", "--full-index")
    if masking.holds_hidden(text):
        message = "The patch would show credentials of the template's address, or the answer to a secret question."
        raise ToolError(message, "Use --branch, or no option for the work tree.")
    if file == STDOUT:
        return Outcome("patched", _code(plan), purpose.details, patch=text)
    files.save(Path(file), text, hint="Give another --patch FILE.")
    details = {**purpose.details, "patch": file}
    return Outcome("patched", _code(plan), details, (f"git apply --index {shlex.quote(file)}",))


def _branch(plan: Plan, destination: Destination, purpose: Purpose) -> Outcome:
    # A branch with conflict markers could be merged by somebody who never sees them.
    if plan.conflicts:
        return Outcome(
            "conflicts", Exit.CONFLICTS, purpose.details, (purpose.place.command(destination.verb, *destination.again),)
        )
    name = destination.branch or purpose.branch
    commit, is_new = apply.write_branch(plan, name, purpose.message, owner=purpose.place.name)
    steps = (f"git diff HEAD...{shlex.quote(name)}", f"git merge {shlex.quote(name)}")
    return Outcome("branched", details={**purpose.details, "branch": name, "commit": commit}, next=steps, is_new=is_new)


def _write(plan: Plan, destination: Destination, purpose: Purpose) -> Outcome:
    about = {  # what --continue and --abort need to know later; the journal keeps it
        "verb": destination.verb,
        **pending.facts(purpose.details),
        "head": plan.commit,
        "message": purpose.message,
        "commit": destination.commit,
        "wishes": destination.wishes,
        "left": purpose.left,
        "prefix": purpose.place.prefix,
        "answers_file": purpose.place.answers_file,
        "conflicts": {f"{plan.prefix}{conflict.path}": conflict.reason for conflict in plan.conflicts},
        "parsed": [f"{plan.prefix}{conflict.path}" for conflict in plan.conflicts if conflict.parsed],
    }
    change = apply.write_work_tree(plan, about=about)
    resume, abort = (purpose.place.command(destination.verb, option) for option in ("--continue", "--abort"))
    if plan.conflicts:
        steps = ("edit each file in conflict, or git mergetool", resume, abort)
        return Outcome("conflicts", Exit.CONFLICTS, purpose.details, steps, change=change)
    if destination.commit:
        commit = apply.commit_staged(plan.repository, purpose.message)
        journal.conclude(change)
        return Outcome("committed", details={**purpose.details, "commit": commit})
    return Outcome("staged", details=purpose.details, next=("git diff --cached", "git commit", abort))
