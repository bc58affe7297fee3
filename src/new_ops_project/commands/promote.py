"""`promote`: a script becomes a library or a command, and takes along what names it."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from new_ops_project.plan.model import Plan
    from new_ops_project.plan.request import Destination, Outcome, Purpose
    from new_ops_project.project.promotion.planner import Promotion

TIERS = ("library", "cli")

EXAMPLES = """\b
Examples:
  new-ops-project promote --preview         the next tier: shows, writes nothing
  new-ops-project promote library           writes to the work tree, staged
  new-ops-project promote cli --command rk  a command of another name
  new-ops-project promote cli PATH --branch one commit on template/cli
  new-ops-project promote --abort           takes it back before its commit

\b
Exit codes: 0 done; 2 could not; 3 conflicts to resolve.
"""


@dataclass(frozen=True)
class PromoteRequest:
    """What was asked for on the command line, but for the way in which the result is handed over."""

    path: Path
    tier: str | None = None
    command: str | None = None
    offline: bool = False


@click.command(epilog=EXAMPLES)
@click.argument(
    "tier",
    metavar="[library|cli]",
    required=False,
    shell_complete=lambda _context, _argument, typed: [tier for tier in TIERS if tier.startswith(typed)],
)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--command", "name", metavar="NAME", help="What people type to run it.  [default: the project's name]")
@click.option("--preview", is_flag=True, help="Show every change in full, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
@click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout.")
@click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Write one commit on a branch and leave the work tree alone.  [NAME: template/TIER]",
)
@click.option("--in-place", is_flag=True, help="Write to a work tree that has other changes, too.")
@click.option("--commit", is_flag=True, help="Commit the result.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
@click.option("--continue", "resume", is_flag=True, help="Conclude a promotion whose conflicts are resolved.")
@click.option("--abort", is_flag=True, help="Take a promotion back that is not committed yet.")
def command(*, as_json: bool, resume: bool, abort: bool, name: str | None, **options: Any) -> None:
    """Make the script in PATH a library or a command that others install, and a library a command.

    The program moves into the package as it is; workflows, README, imports and settings that name it follow. Without
    another option the result is in the work tree, staged and not committed.
    """
    from new_ops_project.base import interrupts
    from new_ops_project.plan import request as outcome
    from new_ops_project.plan.request import Destination
    from new_ops_project.project import pending_change

    names = ("preview", "patch", "branch", "in_place", "commit")
    way = Destination("promote", **{one: options.pop(one) for one in names})
    tier, path = _which(options.pop("tier"), options.pop("path"))
    request = PromoteRequest(path, tier, name, **options)
    outcome.require_sense(
        way,
        as_json=as_json,
        resume=resume,
        abort=abort,
        aims={"TIER": tier, "--command": name, "--offline": request.offline},
    )
    voice = Voice(as_json or way.patch == "-")
    with interrupts.until_decided(), interrupts.temporary_folder():
        if resume or abort:
            done = pending_change.take_up(request.path, way, voice, resume=resume)
        else:
            done = promote(request, way, voice)
        outcome.answer(done, voice, as_json=as_json)
    click.get_current_context().exit(done.code)


def _which(tier: str | None, path: Path | None) -> tuple[str | None, Path]:
    """The tier and the path; a single word that is no tier is the path."""
    if tier and path is None and tier not in {*TIERS, "script"}:
        return None, Path(tier)
    if tier and tier not in {*TIERS, "script"}:
        raise ToolError(f"{tier!r} is no tier.", "Choose library or cli.")
    return tier, path or Path()


def promote(request: PromoteRequest, way: "Destination", voice: Voice) -> "Outcome":
    """Compute the promotion of one project and deliver it.

    Raises ToolError for everything that a person can mend; nothing has moved then.
    """
    from new_ops_project import git
    from new_ops_project.git import journal, urls
    from new_ops_project.plan import destinations
    from new_ops_project.plan.request import Outcome
    from new_ops_project.project import generated
    from new_ops_project.project.promotion import planner

    git.require_found()
    where, prefix, answers_file = generated.find(urls.expanded(request.path))
    with journal.locked(where.git_dir) if way.writes_work_tree else nullcontext():
        now = destinations.settled(where, way, voice, to=request.tier)
        if isinstance(now, Outcome):
            return now
        found = generated.read(where, prefix, answers_file, now)
        tier = planner.next_tier(found, request.tier)
        if request.command and tier != "cli":
            raise ToolError(f"A {tier} has no command that --command {request.command} could name.", "Leave it out.")
        destinations.require_room(way, where, now, prefix)
        wanted = planner.look(found, tier, command=request.command, offline=request.offline)
        with planner.planned(wanted) as plan:
            return destinations.hand_over(plan, way, now, _show(wanted, plan, way, voice), voice)


def _show(wanted: "Promotion", plan: "Plan", way: "Destination", voice: Voice) -> "Purpose":
    """Say what is about to happen, and return what it is."""
    from new_ops_project.plan import summary
    from new_ops_project.plan.request import Purpose
    from new_ops_project.project.promotion import planner

    facts, changes = planner.facts(wanted), wanted.carried.changes
    source = wanted.look.after.source.name
    voice.say(f"{wanted.project.folder.name}: {facts['from']} -> {facts['to']}, {source} {facts['version']}", bold=True)
    summary.say_answers(voice, [one for one in changes if one.before is not None or one.after])
    summary.say(voice, plan)
    shown = summary.as_json(plan, texts=way.preview and voice.json)
    details = {**facts, **shown, "answers": summary.answers_as_json(changes)}
    origin = f"From {facts['from']}, with {source} {facts['version']}, by new-ops-project promote."
    message = f"Promote to {facts['to']}\n\n{origin}"
    return Purpose(message, f"template/{facts['to']}", details)
