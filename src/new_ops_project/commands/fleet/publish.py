"""`fleet publish`: delivers the commits of a run, no faster than the forge allows."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from new_ops_project.base.progress import Progress
    from new_ops_project.fleet.model import Delivery
    from new_ops_project.fleet.publish.publisher import OnEvent, Published, PublishEvent

EXAMPLES = """\b
Examples:
  new-ops-project fleet publish --in out --mode branch        into clones here
  new-ops-project fleet publish --in out --mode pr --preview  what it would do
  new-ops-project fleet publish --in out --mode pr            pull requests
  new-ops-project fleet publish --in results/* --mode push    of every shard
  new-ops-project fleet publish --in out --mode pr --only github.com/acme/tool

\b
After a crash or an interrupt run it again: nothing is delivered twice.
--mode pr goes through gh or glab, which must be installed and logged in.

\b
Exit codes: 0 delivered, or nothing to do; 2 something failed or the wave was
stopped; 3 conflicts that were not delivered.
"""


@click.command(epilog=EXAMPLES)
@offered("max-failed", "max-conflicts", "json")
@click.argument("more", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--in",
    "folders",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    required=True,
    metavar="DIR...",
    help="The --out folders of `fleet update`: --in results/* for all shards.",
)
@click.option(
    "--mode",
    type=click.Choice(("branch", "push", "pr")),
    required=True,
    help="A branch of the clone here, a branch of the remote, or a pull request.",
)
@click.option(
    "--max-per-minute",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="The limit of write requests to a forge in a minute.",
)
@click.option("--max-per-hour", type=click.IntRange(1), default=450, show_default=True, help="The same, in an hour.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where deliveries are recorded.  [default: published.jsonl in the first DIR]",
)
@click.option("--deliver-conflicts", is_flag=True, help="Deliver conflicts too, as drafts.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this repository, even if it is held.  [repeatable]")
@click.option("--force", is_flag=True, help="Continue despite failures, and deliver what is held.")
@click.option(
    "--forge",
    type=click.Choice(("auto", "github", "gitlab")),
    default="auto",
    show_default=True,
    help="The forge of a host whose name does not say it.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Start nothing after N minutes: tokens of a GitHub App expire after an hour.",
)
@click.option("--preview", is_flag=True, help="Show what would be done; push and open nothing.")
def command(*, folders: tuple[Path, ...], more: tuple[Path, ...], as_json: bool, forge: str, **options: Any) -> None:
    """Deliver the commits of `fleet update` without overwriting anyone's work.

    A branch is replaced only when its last commit is this tool's. An open pull request is updated, never duplicated.
    """
    from new_ops_project.fleet.publish.publisher import PublishRequest, publish
    from new_ops_project.fleet.reports import advice

    all_folders = (*folders, *more)  # `--in results/*` is one option with many values
    request = PublishRequest(folders=all_folders, forge="" if forge == "auto" else forge, **options)
    voice = Voice(as_json)
    try:
        with voice.progress() as show:
            published = publish(request, _shown_on(show))
    except KeyboardInterrupt as error:
        message = "Interrupted; what was delivered is in the journal."
        raise ToolError(message, "Run the same command again to continue.", Exit.INTERRUPTED) from error
    commands = advice.commands_after_publish(published, request)
    _say(published, commands, voice, preview=request.preview)
    if as_json:
        voice.print_json(_as_json(published, commands, preview=request.preview))
    click.get_current_context().exit(published.exit_code)


def _as_json(published: "Published", commands: "Sequence[str]", *, preview: bool) -> dict[str, Any]:
    stopped = {"stopped": published.stopped} if published.stopped else {}
    return {
        "plan": published.plan,
        **({"preview": True} if preview else {}),
        **stopped,
        "deliveries": [asdict(delivery) for delivery in published.deliveries],
        "counts": published.counts,
        "conflicts": list(published.conflicts),
        "next": list(commands),
    }


# ---- what is printed -------------------------------------------------------------------------------------------------


def _shown_on(show: "Progress") -> "OnEvent":
    """Show events: on a bar with counts, rate and time left; elsewhere one line for each delivery."""
    from new_ops_project.fleet.names import redacted_line

    has_bar = sys.stderr.isatty() and not os.environ.get("CI")

    def on_event(event: "PublishEvent") -> None:
        head = _pulse(event) if has_bar else ""
        if event.waiting:
            show(event.waiting, event.tried, max(event.total, 1))
        elif event.delivery:
            show(head + _line(event.delivery), event.tried, event.total)
        elif has_bar:
            show(head + redacted_line(event.starting), event.tried, event.total)

    return on_event


def _pulse(event: "PublishEvent") -> str:
    """Counts, rate and time left; '' until the first commit is done."""
    from new_ops_project.fleet.publish.rate_limit import MINUTE, duration

    if not event.tried or event.seconds <= 0:
        return ""
    counts = ", ".join(f"{count} {state}" for state, count in sorted(event.counts.items()))
    rest = f", {duration(event.seconds_left)} left" if event.tried < event.total else ""
    return f"{counts} · {event.tried / event.seconds * MINUTE:.0f} a minute{rest} · "


def _line(delivery: "Delivery") -> str:
    from new_ops_project.fleet.names import redacted_line

    reason = f": {delivery.reason}" if delivery.reason else ""
    name, target = redacted_line(delivery.name), redacted_line(delivery.request or delivery.target)
    return f"{name}  {delivery.state}  {target}{reason}"


def _say(published: "Published", commands: "Sequence[str]", voice: Voice, *, preview: bool) -> None:
    """Print what was not delivered, with reason and hint, then the counts and the next commands."""
    from new_ops_project.fleet.publish import publisher

    if published.stopped:
        voice.say(f"The wave was stopped: {published.stopped}", fg="red")
    for delivery in published.deliveries:
        if not delivery.state.is_final and not delivery.reason.startswith((publisher.STOPPED, publisher.TIME_OVER)):
            voice.say(_line(delivery), fg="red" if delivery.state == "failed" else "yellow")
            voice.say(f"    {delivery.hint}", fg="bright_black")
    counts = ", ".join(f"{count} {state}" for state, count in sorted(published.counts.items()))
    voice.say(f"{'Would be' if preview else f'Plan {published.plan}'}: {counts or 'nothing to deliver'}.")
    if commands:
        voice.say("Next:")
        for line in commands:
            voice.say(f"  {line}")
