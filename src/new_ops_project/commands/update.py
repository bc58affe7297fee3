"""`update`: a project follows its template, and nothing that somebody wrote is lost."""

import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.errors import Exit, ToolError
from new_ops_project.report import Voice, is_interactive

if TYPE_CHECKING:
    from new_ops_project.answers import Asker
    from new_ops_project.carry import Carried
    from new_ops_project.journal import Change
    from new_ops_project.plan import Plan
    from new_ops_project.project import Project, Repository, Status
    from new_ops_project.refresh import Refresh

EXAMPLES = """\b
Examples:
  new-ops-project update --preview          shows every change, writes nothing
  new-ops-project update                    writes to the work tree, staged
  new-ops-project update --branch           one commit on template/VERSION
  new-ops-project update --check            1 when the project is behind
  new-ops-project update --set python_version=3.14 --commit
"""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; `branch` is '' for the branch's usual name."""

    path: Path
    to: str | None = None
    assignments: tuple[str, ...] = ()
    preview: bool = False
    check: bool = False
    patch: str | None = None
    branch: str | None = None
    in_place: bool = False
    commit: bool = False
    accept: bool = False
    template: str | None = None
    trust: bool = False
    offline: bool = False
    texts: bool = False
    """Whether the full difference is wanted as part of the answer."""

    @property
    def writes_work_tree(self) -> bool:
        """Whether the work tree is where the result goes."""
        return not (self.preview or self.check or self.patch is not None or self.branch is not None)


@dataclass(frozen=True)
class Outcome:
    """How it went: `state` is one word, `details` what --json adds to it."""

    state: str
    code: Exit = Exit.DONE
    details: Mapping[str, Any] = field(default_factory=dict)
    next: tuple[str, ...] = ()


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Change an answer.  [repeatable]")
@click.option("--preview", is_flag=True, help="Show every change in full, and write nothing.")
@click.option("--check", is_flag=True, help="Only say whether the project is behind: exit code 1.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout.")
@click.option("--branch", metavar="[NAME]", is_flag=False, flag_value="",
              help="Write one commit on a branch and leave the work tree alone.  [NAME: template/VERSION]")  # fmt: skip
@click.option("--in-place", is_flag=True, help="Write to a work tree that has other changes, too.")
@click.option("--commit", is_flag=True, help="Commit the result.")
@click.option("--accept-answer-changes", "accept", is_flag=True, help="Go on where a recorded answer no longer fits.")
@click.option("--template", metavar="SOURCE", help="Follow the template at another place from now on.")
@click.option("--trust", is_flag=True, help="Let the template run code of its own.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
@click.option("--continue", "resume", is_flag=True, help="Conclude an update whose conflicts are resolved.")
@click.option("--abort", is_flag=True, help="Take an update back that is not committed yet.")
def command(*, path: Path, as_json: bool, resume: bool, abort: bool, **options: Any) -> None:
    """Bring the project in PATH to the template's newest version.

    The project's own changes stay: both are merged, and where they contradict each other the file gets conflict markers
    and the exit code is 3. Without another option the result is in the work tree, staged and not committed.
    """
    request = Request(path, texts=as_json and options["preview"], **options)
    _require_sense(request, resume=resume, abort=abort, as_json=as_json)
    voice = Voice(as_json or options["patch"] == "-")
    if resume or abort:
        outcome = conclude(path, voice, commit=request.commit) if resume else take_back(path, voice)
    else:
        outcome = update(request, voice, ask=_asker() if not as_json and is_interactive() else None)
    if as_json:
        voice.answer({"state": outcome.state, **outcome.details, "next": list(outcome.next)})
    elif outcome.next:
        voice.say("\nNext:")
        for step in outcome.next:
            voice.say(f"  {step}")
    click.get_current_context().exit(outcome.code)


def _require_sense(request: Request, *, resume: bool, abort: bool, as_json: bool) -> None:
    """Raise ToolError for options that contradict each other."""
    chosen = {
        "--continue": resume, "--abort": abort, "--preview": request.preview, "--check": request.check,
        "--patch": request.patch is not None, "--branch": request.branch is not None,
        "--in-place": request.in_place, "--commit": request.commit,
    }  # fmt: skip
    given = [name for name, is_given in chosen.items() if is_given]
    if len(given) > 1 and given not in (["--continue", "--commit"], ["--in-place", "--commit"]):
        raise ToolError(f"{' and '.join(given)} do not go together.", "Choose one.")
    aims = {
        "--to": request.to, "--set": request.assignments, "--template": request.template, "--trust": request.trust,
        "--accept-answer-changes": request.accept, "--offline": request.offline,
    }  # fmt: skip
    if (resume or abort) and (useless := [name for name, value in aims.items() if value]):
        message = f"{given[0]} goes on with an update that was begun; {', '.join(useless)} says nothing to it."
        raise ToolError(message, "Leave that out.")
    if request.patch == "-" and as_json:
        raise ToolError("--json and --patch - both write to stdout.", "Give --patch a file.")


def _asker() -> "Asker":
    from new_ops_project import prompts

    return lambda question, answers, default: prompts.ask(question, answers, default=default)


# ---- the update ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """What the steps of one update share."""

    request: Request
    voice: Voice
    look: "Refresh"
    carried: "Carried"
    details: Mapping[str, Any]


def update(request: Request, voice: Voice, *, ask: "Asker | None" = None) -> Outcome:
    """Compute the update of one project and deliver it.

    Raises ToolError for everything that a person can mend; nothing has moved then.
    """
    from new_ops_project import git, journal, project

    git.require_found()
    where, prefix, answers_file = project.find(request.path.expanduser())
    with journal.locked(where.git_dir) if request.writes_work_tree else nullcontext():
        now = project.status(where)
        if request.writes_work_tree and (waiting := _waiting(where, now, voice)):
            return waiting
        if now.unmerged:
            raise ToolError(f"There are unresolved conflicts: {', '.join(now.unmerged[:5])}.",
                            "Resolve and commit them first, or take them back (git merge --abort).")  # fmt: skip
        return _update(request, project.read(where, prefix, answers_file, now), now, voice, ask)


def _waiting(where: "Repository", now: "Status", voice: Voice) -> Outcome | None:
    """What is left of an earlier update, if that stands in the way: not resolved, or not committed."""
    from new_ops_project import pending

    left = pending.find(where, now)
    if left is None:
        return None
    if left.was_finished:
        voice.say("An update that was stopped half-way is finished now.", fg="yellow")
    if left.open_paths:
        raise ToolError(f"An update has conflicts that are not resolved: {', '.join(left.open_paths)}.",
                        "Resolve them and run `new-ops-project update --continue`, or --abort.")  # fmt: skip
    voice.say(f"The update to {left.change.about['to']} is in the work tree and waits to be committed.")
    return Outcome("waiting", details=_facts(left.change), next=("git commit", "new-ops-project update --abort"))


def _facts(change: "Change") -> dict[str, Any]:
    return {key: change.about[key] for key in ("path", "from", "to")}


def _update(request: Request, found: "Project", now: "Status", voice: Voice, ask: "Asker | None") -> Outcome:
    from new_ops_project import refresh

    target = refresh.Target(request.to, request.assignments, request.template, request.trust, request.offline)
    look = refresh.look(found, target)
    details = {
        "path": str(found.folder),
        "template": {"source": look.after.source.location},
        "from": look.before.version,
        "to": look.after.version,
    }
    if request.check:
        return _check(look, voice, details)
    work = _Work(request, voice, look, look.carried(ask=ask), details)
    is_same = not any(change.is_wanted and change.after is not None for change in work.carried.changes)
    if not look.is_behind and is_same:
        return _current(work)
    return _deliver(work, now)


def _check(look: "Refresh", voice: Voice, details: Mapping[str, Any]) -> Outcome:
    folder, name = look.project.folder, look.after.source.name
    if not look.is_behind:
        voice.say(f"{folder} is current: {look.after.version} of {name}.")
        return Outcome("current", details=details)
    voice.say(f"{folder} is behind: it has {look.before.version} of {name}, where {look.after.version} is the newest.")
    return Outcome("behind", Exit.FINDINGS, details, ("new-ops-project update --preview",))


def _current(work: _Work) -> Outcome:
    from new_ops_project import refresh

    notes = [f"{path} is {how}" for path, how in refresh.drift(work.look, work.carried)] if work.request.preview else []
    after = work.look.after
    work.voice.say(f"{work.look.project.folder} is current: {after.version} of {after.source.name}.")
    for note in notes:
        work.voice.say(f"  {note} here")
    nothing: Mapping[str, Any] = {"files": [], "conflicts": [], "answers": [], "ignored": [], "changelog": ""}
    return Outcome("current", details={**work.details, **nothing, "notes": notes})


def _require_accepted(work: _Work) -> None:
    """Raise ToolError naming each answer that would change without anybody having asked for it."""
    from new_ops_project import summary

    changes = work.carried.unwanted
    if changes and not work.request.accept:
        named = "".join(f"\n  {summary.answer(change)}" for change in changes)
        hint = "Add --accept-answer-changes to go on so, or say what you want: "
        hint += " ".join(f"--set {change.name}=VALUE" for change in changes)
        raise ToolError(f"Recorded answers do not fit {work.look.after.version} of the template:{named}", hint)


def _deliver(work: _Work, now: "Status") -> Outcome:
    """Render, merge, show, and put the result where it was asked for."""
    from new_ops_project import deliver, refresh, summary

    request, prefix = work.request, work.look.project.prefix
    if request.writes_work_tree and not request.in_place:
        deliver.require_clean(now, "" if request.commit else prefix)
    _require_accepted(work)
    with refresh.planned(work.look, work.carried) as plan:
        if not plan.changes:
            return _current(work)
        if request.in_place:
            deliver.require_untouched(plan, now)
        if request.in_place and request.commit:
            deliver.require_nothing_staged(now)
        news = work.look.news()
        _show(work, plan, news)
        details = {**work.details, **summary.as_json(plan, texts=request.texts), "changelog": news,
                   "answers": summary.answers_as_json(work.carried.changes)}  # fmt: skip
        work = replace(work, details=details)
        if request.preview:
            return _preview(work, plan)
        if request.patch is not None:
            return _patch(work, plan, request.patch)
        if request.branch is not None:
            return _branch(work, plan, request.branch or f"template/{work.look.after.version}")
        return _write(work, plan)


def _show(work: _Work, plan: "Plan", news: str) -> None:
    """What is about to happen."""
    from new_ops_project import summary

    look, voice = work.look, work.voice
    older = ", an older version" if look.is_behind and look.releases.holds(look.before, look.after) else ""
    span = f"{look.before.version} -> {look.after.version}{older}" if look.is_behind else f"{look.after.version}"
    voice.say(f"{look.project.folder.name}: {look.after.source.name} {span}", bold=True)
    if news:
        voice.say("".join(f"\n  | {line}" for line in news.splitlines()) + "\n")
    summary.say_answers(voice, work.carried.changes)
    summary.say(voice, plan)


def _code(plan: "Plan") -> Exit:
    return Exit.CONFLICTS if plan.conflicts else Exit.DONE


def _preview(work: _Work, plan: "Plan") -> Outcome:
    if not work.voice.json:
        work.voice.say()
        in_color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(plan.patch("--color=always" if in_color else "--color=never", "--abbrev=9"), nl=False)
    return Outcome("previewed", _code(plan), work.details)


def _patch(work: _Work, plan: "Plan", file: str) -> Outcome:
    text = plan.patch("--binary", "--full-index")
    if file == "-":
        click.echo(text, nl=False)
        return Outcome("patched", _code(plan), work.details)
    try:
        Path(file).write_bytes(text)
    except OSError as error:
        raise ToolError(f"{file} cannot be written: {error.strerror}.", "Give another --patch FILE.") from error
    work.voice.say(f"\nWritten to {file}; nothing else was changed.")
    details = {**work.details, "patch": file}
    return Outcome("patched", _code(plan), details, (f"git apply --index {shlex.quote(file)}",))


def _branch(work: _Work, plan: "Plan", name: str) -> Outcome:
    from new_ops_project import deliver

    if plan.conflicts:
        work.voice.say("\nNothing was written: a branch would carry the conflict markers.", fg="yellow")
        return Outcome("conflicts", Exit.CONFLICTS, work.details, ("new-ops-project update",))
    commit, is_new = deliver.on_branch(plan, name, _message(work.look))
    done = "Committed" if is_new else "Already there"
    work.voice.say(f"\n{done} as {commit[:7]} on {name}; the work tree is as it was.")
    return Outcome("branched", Exit.DONE, {**work.details, "branch": name, "commit": commit},
                   (f"git diff HEAD...{name}", f"git merge {name}"))  # fmt: skip


def _message(look: "Refresh") -> str:
    subject = f"Update template to {look.after.version}" if look.is_behind else "Update template answers"
    return f"{subject}\n\nFrom {look.before.version} of {look.after.source.name}, by new-ops-project update."


def _write(work: _Work, plan: "Plan") -> Outcome:
    from new_ops_project import deliver, journal

    about = {
        **{key: work.details[key] for key in ("path", "from", "to")},
        "head": plan.commit,
        "message": _message(work.look),
        "commit": work.request.commit,
        "conflicts": {f"{plan.prefix}{conflict.path}": conflict.reason for conflict in plan.conflicts},
    }
    change = deliver.in_work_tree(plan, about=about)
    if plan.conflicts:
        count = len(plan.conflicts)
        work.voice.say(f"\n{count} file{'s' * (count > 1)} in conflict; everything else is staged.", fg="yellow")
        return Outcome("conflicts", Exit.CONFLICTS, work.details, _RESOLVE)
    if work.request.commit:
        commit = deliver.commit_all(plan.repository, about["message"])
        journal.conclude(change)
        work.voice.say(f"\nCommitted as {commit[:7]}.")
        return Outcome("committed", Exit.DONE, {**work.details, "commit": commit})
    work.voice.say("\nWritten to the work tree and staged, not committed.")
    return Outcome("staged", Exit.DONE, work.details,
                   ("git diff --cached", "git commit", "new-ops-project update --abort"))  # fmt: skip


_RESOLVE = (
    "edit each file in conflict, or git mergetool",
    "new-ops-project update --continue",
    "new-ops-project update --abort",
)


# ---- afterwards ---------------------------------------------------------------------------------------------


def take_back(path: Path, voice: Voice) -> Outcome:
    """Restore work tree and index as they were before the update that is not committed yet.

    Raises ToolError when there is none.
    """
    from new_ops_project import journal, pending, project

    where, _, _ = project.find(path.expanduser())
    with journal.locked(where.git_dir):
        change, kept = pending.take_back(where)
    voice.say(f"The update to {change.about['to']} is taken back; everything is as it was.")
    if kept:
        voice.say(f"What was edited since is kept in {kept}.", fg="yellow")
    return Outcome("aborted", details={**_facts(change), **({"kept": str(kept)} if kept else {})})


def conclude(path: Path, voice: Voice, *, commit: bool) -> Outcome:
    """Stage what was resolved, commit it if the update was to be committed, and forget the update.

    Raises ToolError while a file has conflict markers or does not parse.
    """
    from new_ops_project import journal, pending, project

    where, _, _ = project.find(path.expanduser())
    with journal.locked(where.git_dir):
        change, made = pending.conclude(where, commit=commit)
    if not made:
        voice.say("Every conflict is resolved and staged.")
        return Outcome("staged", details=_facts(change), next=("git commit",))
    voice.say(f"Committed as {made[:7]}.")
    return Outcome("committed", details={**_facts(change), "commit": made})
