"""`fleet publish`: the commits of a run go to branches or pull requests, at a pace that the forge allows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from new_ops_project.fleet.publish.publisher import Published, PublishRequest

EXAMPLES = """\b
Examples:
  new-ops-project fleet publish --in out --mode branch        into clones here
  new-ops-project fleet publish --in out --mode pr --preview  what it would do
  new-ops-project fleet publish --in out --mode pr            pull requests
  new-ops-project fleet publish --in results/* --mode push    of every shard
  new-ops-project fleet publish --in out --mode pr --only github.com/acme/tool

\b
Killed or stopped, it is run again: what was delivered is not delivered twice.
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
    help="What was delivered; published.jsonl in the first DIR if not given.",
)
@click.option("--deliver-conflicts", is_flag=True, help="Deliver conflicts too, as drafts.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this repository, also if it is held; repeatable.")
@click.option("--force", is_flag=True, help="Go on whatever failed, and deliver what is held.")
@click.option("--max-failed", type=click.FloatRange(0, 100), metavar="PERCENT", help="The wave stops above; else 5.")
@click.option("--max-conflicts", type=click.FloatRange(0, 100), metavar="PERCENT", help="The same; else 20.")
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
    help="Begin nothing after N minutes: tokens of a GitHub App end after an hour.",
)
@click.option("--preview", is_flag=True, help="Say what would be done; nothing is pushed or opened.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, words on stderr.")
def command(*, folders: tuple[Path, ...], more: tuple[Path, ...], as_json: bool, forge: str, **options: Any) -> None:
    """Deliver the commits that `fleet update` made, and never touch a person's.

    A branch is replaced only when its last commit is this tool's; an open pull request is updated, never doubled.
    """
    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.fleet.publish import publisher
    from new_ops_project.fleet.publish.rate_limit import Clock

    git.require_found()
    where = (*folders, *more)  # `--in results/*` is one option with many values
    order = publisher.PublishRequest(folders=where, forge="" if forge == "auto" else forge, **options)
    voice = Voice(as_json)
    try:
        with interrupts.temporary_folder():
            found = publisher.publish(order, voice, Clock())
    except KeyboardInterrupt as error:
        message = "Interrupted; what was delivered is in the journal."
        raise ToolError(message, "Run the same command again, and it goes on from there.", Exit.INTERRUPTED) from error
    _tell(found, order, voice)
    if as_json:
        voice.answer(_as_json(found, order))
    click.get_current_context().exit(found.code)


def _as_json(found: "Published", order: "PublishRequest") -> dict[str, Any]:
    stopped = {"stopped": found.stopped} if found.stopped else {}
    preview = {"preview": True} if order.preview else {}
    return {
        "plan": found.plan,
        **preview,
        **stopped,
        "deliveries": [one.as_json() for one in found.deliveries],
        "counts": found.counts,
        "conflicts": list(found.conflicts),
        "next": _next(found, order),
    }


def _tell(found: "Published", order: "PublishRequest", voice: Voice) -> None:
    """Counts, whatever has not got to where it was meant to go, and what to do next."""
    from new_ops_project.fleet.publish import publisher

    if found.stopped:
        voice.say(f"The wave is stopped: {found.stopped}", fg="red")
    for one in found.deliveries:
        if not one.state.is_final and not one.reason.startswith((publisher.STOPPED, publisher.OVER)):
            voice.say(publisher.line(one), fg="red" if one.state == "failed" else "yellow")
            voice.say(f"    {one.hint}", fg="bright_black")
    counted = ", ".join(f"{count} {state}" for state, count in sorted(found.counts.items()))
    voice.say(f"{'Would be' if order.preview else f'Plan {found.plan}'}: {counted or 'nothing to deliver'}.")
    if steps := _next(found, order):
        voice.say("Next:")
        for step in steps:
            voice.say(f"  {step}")


def _next(found: "Published", order: "PublishRequest") -> list[str]:
    """The commands that go on from here."""
    import shlex

    states, folders = {str(one.state) for one in found.deliveries}, [str(one) for one in order.folders]
    again = [
        "new-ops-project",
        "fleet",
        "publish",
        *(part for one in folders for part in ("--in", one)),
        "--mode",
        order.mode,
        *(("--journal", str(order.journal)) if order.journal else ()),
        *(("--forge", order.forge) if order.forge else ()),
    ]
    if found.stopped and not found.deliveries:
        return [shlex.join(["new-ops-project", "fleet", "report", *folders]), shlex.join([*again, "--force"])]
    steps = [again] if order.preview or found.is_over or "failed" in states else []
    steps += [[*again, "--deliver-conflicts"]] if found.conflicts else []
    steps += [[*again, "--only", one.name] for one in found.deliveries if one.state == "held"][:5]
    if any(one.state == "deferred" and "since the plan" in one.reason for one in found.deliveries):
        steps.append(["new-ops-project", "fleet", "retry", *folders, "--only", "deferred", "--out", "plan.json"])
    return [shlex.join(step) for step in steps]
