"""`fleet publish`: delivers the commits of a run, no faster than the forge allows."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.base.progress import Progress
    from new_ops_project.fleet.model import Delivery
    from new_ops_project.fleet.publish.publisher import OnEvent, Published, PublishEvent, PublishRequest

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
@click.argument("more", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--in",
    "folders",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    required=True,
    metavar="DIR...",
    help="The --out of `fleet update`, of every shard: --in results/*.",
)
@click.option(
    "--mode",
    type=click.Choice(("branch", "push", "pr")),
    required=True,
    help="A branch of the clone here, a branch of the remote, or a pull request.",
)
@click.option("--max-per-minute", type=click.IntRange(1), default=60, show_default=True, help="Requests that write.")
@click.option("--max-per-hour", type=click.IntRange(1), default=450, show_default=True, help="The same, in any hour.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where deliveries are recorded; else published.jsonl in the first DIR.",
)
@click.option("--deliver-conflicts", is_flag=True, help="Deliver conflicts too, as drafts.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this repository, also if it is held; repeatable.")
@click.option("--force", is_flag=True, help="Continue whatever failed, and deliver what is held.")
@click.option(
    "--max-failed", type=click.FloatRange(0, 100), metavar="PERCENT", help="Stop the wave above this; else 5."
)
@click.option(
    "--max-conflicts", type=click.FloatRange(0, 100), metavar="PERCENT", help="The same for conflicts; else 20."
)
@click.option(
    "--forge",
    type=click.Choice(("auto", "github", "gitlab")),
    default="auto",
    show_default=True,
    help="For hosts whose name does not tell.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Start nothing after N minutes: tokens of a GitHub App end after an hour.",
)
@click.option("--preview", is_flag=True, help="Show what would be done; push and open nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(*, folders: tuple[Path, ...], more: tuple[Path, ...], as_json: bool, forge: str, **options: Any) -> None:
    """Deliver the commits that `fleet update` made, and never touch a person's.

    A branch is replaced only when its last commit is this tool's. An open pull request is updated, never doubled.
    """
    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.fleet.publish import publisher
    from new_ops_project.fleet.publish.rate_limit import Clock

    git.require_on_path()
    all_folders = (*folders, *more)  # `--in results/*` is one option with many values
    request = publisher.PublishRequest(folders=all_folders, forge="" if forge == "auto" else forge, **options)
    voice = Voice(as_json)
    try:
        with interrupts.temporary_folder(), voice.progress() as show:
            published = publisher.publish(request, _shown_on(show), Clock())
    except KeyboardInterrupt as error:
        message = "Interrupted; what was delivered is in the journal."
        raise ToolError(message, "Run the same command again to continue.", Exit.INTERRUPTED) from error
    _say(published, request, voice)
    if as_json:
        voice.answer(_as_json(published, request))
    click.get_current_context().exit(published.exit_code)


def _as_json(published: "Published", request: "PublishRequest") -> dict[str, Any]:
    stopped = {"stopped": published.stopped} if published.stopped else {}
    preview = {"preview": True} if request.preview else {}
    return {
        "plan": published.plan,
        **preview,
        **stopped,
        "deliveries": [delivery.as_json() for delivery in published.deliveries],
        "counts": published.counts,
        "conflicts": list(published.conflicts),
        "next": _next_commands(published, request),
    }


# ---- what is printed -------------------------------------------------------------------------------------------------


def _shown_on(show: "Progress") -> "OnEvent":
    """Show events: on a bar with counts, rate and time left; elsewhere one line for each delivery."""
    from new_ops_project.fleet.publish.messages import one_line

    has_bar = sys.stderr.isatty() and not os.environ.get("CI")

    def on_event(event: "PublishEvent") -> None:
        head = _pulse(event) if has_bar else ""
        if event.waiting:
            show(event.waiting, event.tried, max(event.total, 1))
        elif event.delivery:
            show(head + _line(event.delivery), event.tried, event.total)
        elif has_bar:
            show(head + one_line(event.starting), event.tried, event.total)

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
    from new_ops_project.fleet.publish.messages import one_line

    reason = f": {delivery.reason}" if delivery.reason else ""
    return f"{one_line(delivery.name)}  {delivery.state}  {one_line(delivery.request or delivery.target)}{reason}"


def _say(published: "Published", request: "PublishRequest", voice: Voice) -> None:
    """Print what was not delivered, with reason and hint, then the counts and the next commands."""
    from new_ops_project.fleet.publish import publisher

    if published.stopped:
        voice.say(f"The wave was stopped: {published.stopped}", fg="red")
    for delivery in published.deliveries:
        if not delivery.state.is_final and not delivery.reason.startswith((publisher.STOPPED, publisher.TIME_OVER)):
            voice.say(_line(delivery), fg="red" if delivery.state == "failed" else "yellow")
            voice.say(f"    {delivery.hint}", fg="bright_black")
    counts = ", ".join(f"{count} {state}" for state, count in sorted(published.counts.items()))
    voice.say(f"{'Would be' if request.preview else f'Plan {published.plan}'}: {counts or 'nothing to deliver'}.")
    if commands := _next_commands(published, request):
        voice.say("Next:")
        for line in commands:
            voice.say(f"  {line}")


def _next_commands(published: "Published", request: "PublishRequest") -> list[str]:
    import shlex

    states, folders = {str(delivery.state) for delivery in published.deliveries}, [*map(str, request.folders)]
    again = [
        "new-ops-project",
        "fleet",
        "publish",
        *(part for folder in folders for part in ("--in", folder)),
        "--mode",
        request.mode,
        *(("--journal", str(request.journal)) if request.journal else ()),
        *(("--forge", request.forge) if request.forge else ()),
    ]
    if published.stopped and not published.deliveries:
        return [shlex.join(["new-ops-project", "fleet", "report", *folders]), shlex.join([*again, "--force"])]
    steps = [again] if request.preview or published.is_over or "failed" in states else []
    steps += [[*again, "--deliver-conflicts"]] if published.conflicts else []
    steps += [[*again, "--only", delivery.name] for delivery in published.deliveries if delivery.state == "held"][:5]
    if any(delivery.state == "deferred" and "since the plan" in delivery.reason for delivery in published.deliveries):
        steps.append(["new-ops-project", "fleet", "retry", *folders, "--only", "deferred", "--out", "plan.json"])
    return [shlex.join(step) for step in steps]
