"""The options of `promote`, with the words that it prints."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared import destination_options
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

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
@destination_options.offered(
    branch="Write one commit on a branch and leave the work tree alone.  [NAME: template/TIER]", pending="a promotion"
)
def command(*, tier: str | None, path: Path | None, name: str | None, **options: Any) -> None:
    """Turn the script in PATH into a library or a command-line tool, or a library into a command-line tool.

    The program moves into the package unchanged; workflows, README, imports and settings that refer to it
    are updated. By default the result is staged in the work tree and not committed.
    """
    tier, place = _which(tier, path)
    aims = {"TIER": tier, "--command": name, "--offline": options["offline"]}
    options |= {"path": place, "tier": tier, "command": name}
    destination_options.run("promote", options, partial(_promote, options), aims)


def _which(tier: str | None, path: Path | None) -> tuple[str | None, Path | None]:
    """The tier and the path; a single word that is not a tier is the path."""
    if tier and path is None and tier not in {*TIERS, "script"}:
        return None, Path(tier)
    if tier and tier not in {*TIERS, "script"}:
        raise ToolError(f"{tier!r} is not a tier.", "Choose library or cli.")
    return tier, path


def _promote(options: "Mapping[str, Any]", destination: "Destination", voice: Voice) -> "Outcome":
    from new_ops_project.project.verbs.promote import promote

    return promote(destination=destination, show=partial(_show, destination, voice), **options)


def _show(destination: "Destination", voice: Voice, promotion: "Promotion", plan: "Plan") -> None:
    """Say what is about to happen."""
    from new_ops_project.commands.shared import plan_words
    from new_ops_project.project.promotion import planner

    facts, changes = planner.facts(promotion), promotion.migrated.changes
    versions = f"{facts['from']} -> {facts['to']}, {promotion.update.after.source.name} {facts['version']}"
    voice.say(f"{promotion.update.project.folder.name}: {versions}", bold=True)
    plan_words.say_answers(voice, [change for change in changes if change.before is not None or change.after])
    plan_words.say(voice, plan, in_full=destination.preview)
