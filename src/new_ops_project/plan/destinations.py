"""A Plan is handed over in the way that was asked for, and what waits in the work tree is concluded or taken back."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice
from new_ops_project.git import journal, worktree
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply, pending
from new_ops_project.plan.model import Plan
from new_ops_project.plan.request import Destination, Outcome, Purpose

_FACTS = ("path", "from", "to")


def require_room(way: Destination, where: Repository, now: Status, prefix: str) -> None:
    """Raise ToolError when work that is not committed stands in the way of writing below `prefix`."""
    if not way.writes_work_tree:
        return
    apply.require_no_merge(where)
    if not way.in_place:
        apply.require_clean(now, "" if way.commit else prefix, has_in_place=way.verb != "adopt")
    if way.commit:
        apply.require_nothing_staged(where)


def hand_over(plan: Plan, way: Destination, now: Status, occasion: Purpose, voice: Voice) -> Outcome:
    """Deliver the plan; raises ToolError, with nothing moved, where that is not possible."""
    if way.preview:
        return _preview(plan, occasion, voice)
    if way.patch is not None:
        return _patch(plan, way.patch, occasion, voice)
    if way.branch is not None:
        return _branch(plan, way, occasion, voice)
    if way.in_place:
        apply.require_untouched(plan, now)
    return _write(plan, way, occasion, voice)


def _code(plan: Plan) -> Exit:
    return Exit.CONFLICTS if plan.conflicts else Exit.DONE


def _preview(plan: Plan, occasion: Purpose, voice: Voice) -> Outcome:
    if not voice.json:
        voice.say()
        in_color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(plan.patch("--color=always" if in_color else "--color=never", "--abbrev=9"), nl=False)
    return Outcome("previewed", _code(plan), occasion.details)


def _patch(plan: Plan, file: str, occasion: Purpose, voice: Voice) -> Outcome:
    text = plan.patch("--binary", "--full-index")
    if file == "-":
        click.echo(text, nl=False)
        return Outcome("patched", _code(plan), occasion.details)
    try:
        Path(file).write_bytes(text)
    except OSError as error:
        raise ToolError(f"{file} cannot be written: {error.strerror}.", "Give another --patch FILE.") from error
    voice.say(f"\nWritten to {file}; nothing else was changed.")
    details = {**occasion.details, "patch": file}
    return Outcome("patched", _code(plan), details, (f"git apply --index {shlex.quote(file)}",))


def _branch(plan: Plan, way: Destination, occasion: Purpose, voice: Voice) -> Outcome:
    if plan.conflicts:
        voice.say("\nNothing was written: a branch would carry the conflict markers.", fg="yellow")
        return Outcome("conflicts", Exit.CONFLICTS, occasion.details, (way.command,))
    name = way.branch or occasion.branch
    commit, is_new = apply.on_branch(plan, name, occasion.message)
    done = "Committed" if is_new else "Already there"
    voice.say(f"\n{done} as {commit[:7]} on {name}; the work tree is as it was.")
    steps = (f"git diff HEAD...{shlex.quote(name)}", f"git merge {shlex.quote(name)}")
    return Outcome("branched", Exit.DONE, {**occasion.details, "branch": name, "commit": commit}, steps)


def _write(plan: Plan, way: Destination, occasion: Purpose, voice: Voice) -> Outcome:
    about = {
        "verb": way.verb,
        **_facts(occasion.details),
        "head": plan.commit,
        "message": occasion.message,
        "commit": way.commit,
        "conflicts": {f"{plan.prefix}{conflict.path}": conflict.reason for conflict in plan.conflicts},
        "parsed": [f"{plan.prefix}{conflict.path}" for conflict in plan.conflicts if conflict.parsed],
    }
    change = apply.in_work_tree(plan, about=about)
    if plan.conflicts:
        count = len(plan.conflicts)
        voice.say(f"\n{count} file{'s' * (count > 1)} in conflict; everything else is staged.", fg="yellow")
        steps = ("edit each file in conflict, or git mergetool", f"{way.command} --continue", f"{way.command} --abort")
        return Outcome("conflicts", Exit.CONFLICTS, occasion.details, steps)
    if way.commit:
        commit = apply.commit_all(plan.repository, occasion.message)
        journal.conclude(change)
        voice.say(f"\nCommitted as {commit[:7]}.")
        return Outcome("committed", Exit.DONE, {**occasion.details, "commit": commit})
    voice.say("\nWritten to the work tree and staged, not committed.")
    return Outcome("staged", Exit.DONE, occasion.details, ("git diff --cached", "git commit", f"{way.command} --abort"))


# ---- afterwards ---------------------------------------------------------------------------------------------


def _facts(about: Mapping[str, Any]) -> dict[str, Any]:
    return {key: about[key] for key in _FACTS}


def settled(where: Repository, way: Destination, voice: Voice, *, to: str | None) -> Status | Outcome:
    """The state of the work tree; or what is left of an earlier run, if that stands in the way of writing.

    Raises ToolError for conflicts that are not resolved, and when what waits goes elsewhere than `to`.
    """
    now = worktree.status(where)
    if way.writes_work_tree and journal.under_way(where.root, where.git_dir):
        if waiting := _waiting(where, now, way, voice, to=to):
            return waiting
        now = worktree.status(where)
    if now.unmerged:
        raise ToolError(
            f"There are unresolved conflicts: {', '.join(now.unmerged[:5])}.",
            "Resolve and commit them first, or take them back (git merge --abort).",
        )
    return now


def _waiting(where: Repository, now: Status, way: Destination, voice: Voice, *, to: str | None) -> Outcome | None:
    """What is left of an earlier run: not committed yet."""
    left = pending.find(where, now)
    if left is None:
        return None
    there, wanted = left.change.about["to"], pending.noun(way.verb)
    the, command = f"{pending.noun(left.verb, 'the').capitalize()} to {there}", f"new-ops-project {left.verb}"
    if left.was_finished:
        voice.say(
            f"{pending.noun(left.verb, 'a').capitalize()} that was stopped half-way is finished now.", fg="yellow"
        )
    if left.open_paths:
        message = f"{the} has conflicts that are not resolved: {', '.join(left.open_paths)}."
        raise ToolError(message, f"Resolve them and run `{command} --continue`, or --abort.")
    if left.verb != way.verb or to not in {None, there}:
        other = f"no {wanted}" if left.verb != way.verb else f"none to {to}"
        raise ToolError(f"{the} waits to be committed, so {other} is begun.", f"git commit, or: {command} --abort.")
    if way.commit:
        return _concluded(where, way, voice)
    voice.say(f"{the} is in the work tree and waits to be committed.")
    return Outcome("waiting", details=_facts(left.change.about), next=("git commit", f"{way.command} --abort"))


def take_back(where: Repository, way: Destination, voice: Voice) -> Outcome:
    """Restore work tree and index as they were before the change that is not committed yet.

    Raises ToolError when there is none.
    """
    with journal.locked(where.git_dir):
        change, kept = pending.take_back(where, way.verb)
    the = pending.noun(str(change.about.get("verb", way.verb)), "the").capitalize()
    voice.say(f"{the} to {change.about['to']} is taken back; everything is as it was.")
    if kept:
        voice.say(f"What was edited since is kept in {kept}.", fg="yellow")
    return Outcome("aborted", details={**_facts(change.about), **({"kept": str(kept)} if kept else {})})


def conclude(where: Repository, way: Destination, voice: Voice) -> Outcome:
    """Stage what was resolved, commit it if that was or is asked for, and forget the change.

    Raises ToolError while a file has conflict markers or does not parse.
    """
    with journal.locked(where.git_dir):
        return _concluded(where, way, voice)


def _concluded(where: Repository, way: Destination, voice: Voice) -> Outcome:
    change, made, as_before = pending.conclude(where, way.verb, commit=way.commit)
    for path in as_before:
        voice.say(f"Kept as it was here: {path} ({change.about['conflicts'][path]}).")
    if not made:
        voice.say(
            "Everything is staged; no conflict is left." if change.about["conflicts"] else "Everything is staged."
        )
        return Outcome("staged", details=_facts(change.about), next=("git commit",))
    voice.say(f"Committed as {made[:7]}.")
    return Outcome("committed", details={**_facts(change.about), "commit": made})
