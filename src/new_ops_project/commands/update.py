"""`update`: a project follows its template, and nothing that somebody wrote is lost."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice, is_interactive

if TYPE_CHECKING:
    from new_ops_project.git.worktree import Status
    from new_ops_project.plan.model import Plan
    from new_ops_project.plan.request import Destination, Outcome, Purpose
    from new_ops_project.project.generated import Project
    from new_ops_project.project.update.planner import Refresh
    from new_ops_project.template.answer_migration import MigratedAnswers
    from new_ops_project.template.answers import Asker
    from new_ops_project.template.sources import Source

EXAMPLES = """\b
Examples:
  new-ops-project update --preview          shows every change, writes nothing
  new-ops-project update                    writes to the work tree, staged
  new-ops-project update PATH --branch      one commit on template/VERSION
  new-ops-project update --check            1 when the project is behind
  new-ops-project update --set python_version=3.14 --commit

\b
Exit codes: 0 done, or current; 1 behind (--check); 2 could not;
3 conflicts to resolve; 4 the template needs --trust.
"""


@dataclass(frozen=True)
class UpdateRequest:
    """What was asked for on the command line, but for the way in which the result is handed over."""

    path: Path
    to: str | None = None
    assignments: tuple[str, ...] = ()
    check: bool = False
    accept: bool = False
    template: str | None = None
    trust: bool = False
    offline: bool = False


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="Change an answer.  [repeatable]")
@click.option("--preview", is_flag=True, help="Show every change in full, and write nothing.")
@click.option("--check", is_flag=True, help="Only say whether the project is behind: exit code 1.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout.")
@click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Write one commit on a branch and leave the work tree alone.  [NAME: template/VERSION]",
)
@click.option("--in-place", is_flag=True, help="Write to a work tree that has other changes, too.")
@click.option("--commit", is_flag=True, help="Commit the result.")
@click.option("--accept-answer-changes", "accept", is_flag=True, help="Go on where a recorded answer no longer fits.")
@click.option("--template", metavar="SOURCE", help="Follow the template at another place from now on.")
@click.option("--trust", is_flag=True, help="Let the template run code of its own.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
@click.option("--continue", "resume", is_flag=True, help="Conclude an update whose conflicts are resolved.")
@click.option("--abort", is_flag=True, help="Take an update back that is not committed yet.")
def command(*, as_json: bool, resume: bool, abort: bool, **options: Any) -> None:
    """Bring the project in PATH to the template's newest version.

    The project's own changes stay: both are merged, and where they contradict each other the file gets conflict markers
    and the exit code is 3. Without another option the result is in the work tree, staged and not committed.
    """
    from new_ops_project.base import interrupts
    from new_ops_project.plan import request as outcome
    from new_ops_project.plan.request import Destination

    names = ("preview", "patch", "branch", "in_place", "commit")
    way = Destination("update", **{name: options.pop(name) for name in names})
    request = UpdateRequest(**options)
    outcome.require_sense(way, as_json=as_json, resume=resume, abort=abort, aims=_aims(request))
    voice = Voice(as_json or way.patch == "-")
    with interrupts.until_decided(), interrupts.temporary_folder():
        if resume or abort:
            from new_ops_project.project import pending_change

            done = pending_change.take_up(request.path, way, voice, resume=resume)
        else:
            done = update(request, way, voice, ask=_asker() if not as_json and is_interactive() else None)
        outcome.answer(done, voice, as_json=as_json)
    click.get_current_context().exit(done.code)


def _aims(request: UpdateRequest) -> dict[str, Any]:
    """What the options say that shall be done, by their names."""
    return {
        "--check": request.check,
        "--to": request.to,
        "--set": request.assignments,
        "--template": request.template,
        "--trust": request.trust,
        "--accept-answer-changes": request.accept,
        "--offline": request.offline,
    }


def _asker() -> "Asker":
    from new_ops_project.template import prompts

    return lambda question, answers, default: prompts.ask(question, answers, default=default)


@dataclass(frozen=True)
class _Work:
    """What the steps of one update share."""

    request: UpdateRequest
    way: "Destination"
    voice: Voice
    look: "Refresh"
    details: Mapping[str, Any]


def update(request: UpdateRequest, way: "Destination", voice: Voice, *, ask: "Asker | None" = None) -> "Outcome":
    """Compute the update of one project and deliver it.

    Raises ToolError for everything that a person can mend; nothing has moved then.
    """
    from new_ops_project import git
    from new_ops_project.git import urls, worktree
    from new_ops_project.project import generated

    git.require_found()
    where, prefix, answers_file = generated.find(urls.expanded(request.path))
    if request.check:
        return _check(request, voice, generated.read(where, prefix, answers_file, worktree.status(where)))
    from new_ops_project.git import journal
    from new_ops_project.plan import destinations
    from new_ops_project.plan.request import Outcome

    with journal.locked(where.git_dir) if way.writes_work_tree else nullcontext():
        now = destinations.settled(where, way, voice, to=request.to)
        if isinstance(now, Outcome):
            return now
        return _update(_look(request, way, voice, generated.read(where, prefix, answers_file, now)), now, ask)


def _check(request: UpdateRequest, voice: Voice, found: "Project") -> "Outcome":
    """Whether the project is behind; what would become of it is not looked at."""
    from new_ops_project.plan.request import Outcome
    from new_ops_project.project.update import outdated

    gap = outdated.look(found, to=request.to, place=request.template, offline=request.offline)
    details = _facts(found, gap.releases.source, gap.before.version, gap.after.version)
    name = gap.releases.source.name
    if not gap.is_behind:
        voice.say(f"{found.folder} is current: {gap.after.version} of {name}.")
        return Outcome("current", details=details)
    wanted = "asked for" if request.to else "the newest"
    versions = f"it has {gap.before.version} of {name}, and {gap.after.version} is {wanted}"
    voice.say(f"{found.folder} is not current: {versions}.")
    return Outcome("behind", Exit.FINDINGS, details, ("new-ops-project update --preview",))


def _facts(found: "Project", source: "Source", before: str | None, after: str | None) -> dict[str, Any]:
    """What --json says of any update."""
    return {"path": str(found.folder), "template": {"source": source.location}, "from": before, "to": after}


def _look(request: UpdateRequest, way: "Destination", voice: Voice, found: "Project") -> _Work:
    from new_ops_project.project.update import planner

    target = planner.UpdateTarget(request.to, request.assignments, request.template, request.trust, request.offline)
    look = planner.look(found, target)
    facts = _facts(look.project, look.after.source, look.before.version, look.after.version)
    return _Work(request, way, voice, look, facts)


def _update(work: _Work, now: "Status", ask: "Asker | None") -> "Outcome":
    """Render, merge, show, and put the result where it was asked for."""
    from new_ops_project.plan import destinations
    from new_ops_project.project.update import planner

    carried = work.look.carried(ask=ask)
    is_same = not any(change.is_wanted and change.after is not None for change in carried.changes)
    if not work.look.is_behind and is_same:
        return _current(work, carried)
    destinations.require_room(work.way, work.look.project.repository, now, work.look.project.prefix)
    _require_accepted(work, carried)
    with planner.planned(work.look, carried) as plan:
        if not plan.changes:
            return _current(work, carried)
        occasion = _show(work, carried, plan)
        return destinations.hand_over(plan, work.way, now, occasion, work.voice)


def _current(work: _Work, carried: "MigratedAnswers") -> "Outcome":
    from new_ops_project.plan.request import Outcome
    from new_ops_project.project.update import planner

    notes = [f"{path} is {how}" for path, how in planner.drift(work.look, carried)] if work.way.preview else []
    after = work.look.after
    work.voice.say(f"{work.look.project.folder} is current: {after.version} of {after.source.name}.")
    for note in notes:
        work.voice.say(f"  {note} here")
    nothing: Mapping[str, Any] = {
        "files": [],
        "conflicts": [],
        "answers": [],
        "ignored": [],
        "changelog": "",
        "renderer": "",
    }
    return Outcome("current", details={**work.details, **nothing, "notes": notes})


def _require_accepted(work: _Work, carried: "MigratedAnswers") -> None:
    """Raise ToolError naming each answer that would change without anybody having asked for it."""
    changes = carried.unwanted
    if changes and not work.request.accept:
        named = "".join(f"\n  {change.clause}" for change in changes)
        hint = "Add --accept-answer-changes to go on so, or say what you want: "
        hint += " ".join(f"--set {change.name}=VALUE" for change in changes)
        raise ToolError(f"Recorded answers do not fit {work.look.after.version} of the template:{named}", hint)


def _show(work: _Work, carried: "MigratedAnswers", plan: "Plan") -> "Purpose":
    """Say what is about to happen, and return what it is."""
    from new_ops_project.plan import summary
    from new_ops_project.plan.request import Purpose
    from new_ops_project.template import render

    look, voice, news = work.look, work.voice, work.look.news()
    older = ", an older version" if look.is_behind and look.releases.holds(look.before, look.after) else ""
    span = f"{look.before.version} -> {look.after.version}{older}" if look.is_behind else f"{look.after.version}"
    voice.say(f"{look.project.folder.name}: {look.after.source.name} {span}", bold=True)
    if news:
        voice.say("".join(f"\n  | {line}" for line in news.splitlines()) + "\n")
    summary.say_answers(voice, carried.changes)
    summary.say(voice, plan)
    shown = summary.as_json(plan, texts=work.way.preview and voice.json)
    answers = summary.answers_as_json(carried.changes)
    details = {
        **work.details,
        "renderer": render.way(look.before, look.after),
        **shown,
        "changelog": news,
        "answers": answers,
    }
    return Purpose(_message(look), f"template/{look.after.version}", details)


def _message(look: "Refresh") -> str:
    subject = f"Update template to {look.after.version}" if look.is_behind else "Update template answers"
    return f"{subject}\n\nFrom {look.before.version} of {look.after.source.name}, by new-ops-project update."
