"""The options of `promote`, with the words that it prints."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.plan.destination import Destination
    from new_ops_project.plan.model import Plan
    from new_ops_project.plan.outcome import Outcome
    from new_ops_project.project.promotion.planner import Promotion

TIERS = ("library", "cli")

EXAMPLES = """\b
Examples:
  new-ops-project promote --preview          shows the change to the next tier
  new-ops-project promote library            writes to the work tree, staged
  new-ops-project promote cli --command rk   gives the command another name
  new-ops-project promote cli PATH --branch  one commit on template/cli
  new-ops-project promote --abort            undoes it before its commit

\b
Exit codes: 0 done; 2 failed; 3 conflicts to resolve.
"""


@click.command(epilog=EXAMPLES)
@click.argument(
    "tier",
    metavar="[library|cli]",
    required=False,
    shell_complete=lambda _context, _argument, typed: [tier for tier in TIERS if tier.startswith(typed)],
)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--command", "name", metavar="NAME", help="The command that runs it.  [default: the project's name]")
@click.option("--preview", is_flag=True, help="Show every change in full, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
@click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout.")
@click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Write one commit on a branch and leave the work tree alone.  [NAME: template/TIER]",
)
@click.option("--in-place", is_flag=True, help="Write to a work tree that has other changes.")
@click.option("--commit", is_flag=True, help="Commit the result.")
@click.option("--offline", is_flag=True, help="Do not fetch the template.")
@click.option("--continue", "resume", is_flag=True, help="Finish a promotion after you resolved its conflicts.")
@click.option("--abort", is_flag=True, help="Undo a promotion that is not committed yet.")
def command(*, as_json: bool, resume: bool, abort: bool, name: str | None, **options: Any) -> None:
    """Turn the script in PATH into a library or a command-line tool, or a library into a command-line tool.

    The program moves into the package unchanged; workflows, README, imports and settings that refer to it
    are updated. By default the result is staged in the work tree and not committed.
    """
    from new_ops_project.base import interrupts
    from new_ops_project.commands.shared import destination_options, outcome_words

    destination = destination_options.taken("promote", options, as_json=as_json)
    tier, path = _which(options.pop("tier"), options.pop("path"))
    aims = {"TIER": tier, "--command": name, "--offline": options["offline"]}
    destination_options.require_sense(destination, as_json=as_json, resume=resume, abort=abort, aims=aims)
    voice = Voice(as_json or destination.patch == "-")
    with interrupts.interruptible(), interrupts.temporary_folder():
        if resume or abort:
            from new_ops_project.commands.shared import pending_change

            outcome = pending_change.finish_or_undo(path, destination, resume=resume)
        else:
            outcome = _promote(path, tier, name, destination, voice, **options)
        outcome_words.say(outcome, voice, as_json=as_json)
    click.get_current_context().exit(outcome.exit_code)


def _which(tier: str | None, path: Path | None) -> tuple[str | None, Path]:
    """The tier and the path; a single word that is not a tier is the path."""
    if tier and path is None and tier not in {*TIERS, "script"}:
        return None, Path(tier)
    if tier and tier not in {*TIERS, "script"}:
        raise ToolError(f"{tier!r} is not a tier.", "Choose library or cli.")
    return tier, path or Path()


def _promote(
    path: Path, tier: str | None, name: str | None, destination: "Destination", voice: Voice, *, offline: bool
) -> "Outcome":
    from new_ops_project.project.verbs.promote import PromoteRequest, promote

    request = PromoteRequest(path, tier, name, offline)
    return promote(request, destination, show=partial(_show, destination, voice))


def _show(destination: "Destination", voice: Voice, promotion: "Promotion", plan: "Plan") -> None:
    """Say what is about to happen."""
    from new_ops_project.commands.shared import plan_words
    from new_ops_project.project.promotion import planner

    facts, changes = planner.facts(promotion), promotion.migrated.changes
    versions = f"{facts['from']} -> {facts['to']}, {promotion.update.after.source.name} {facts['version']}"
    voice.say(f"{promotion.project.folder.name}: {versions}", bold=True)
    plan_words.say_answers(voice, [change for change in changes if change.before is not None or change.after])
    plan_words.say(voice, plan)
    if destination.preview:
        plan_words.say_difference(voice, plan)
