"""`fleet update`: computes the commit of each repository; pushes nothing."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.fleet.verbs.update import FleetUpdate

EXAMPLES = """\b
Examples:
  new-ops-project fleet update ~/clones --out out        all of them
  new-ops-project fleet update --wave canary --out out   of fleet.toml
  new-ops-project fleet update --plan plan.json --shard 2/4 --out out
  new-ops-project fleet update ~/clones --out out        continues it

\b
Exit codes: 0 done; 2 some failed; 3 some are in conflict; the
others are done.
"""


def _shard(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int]:
    if value is None:
        return 0, 0
    match = re.fullmatch(r"(\d+)/(\d+)", value)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise click.BadParameter(f"{value!r} is not a shard: write 2/4 for the second of four.")
    return int(match[1]), int(match[2])


@click.command(epilog=EXAMPLES)
@offered("sources", "to", "wave", "max-failed", "max-conflicts", "offline", "json")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Carry out this plan.")
@click.option("--shard", metavar="I/N", callback=_shard, help="Only this part of the plan.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Repositories to update at the same time.  [default: one per core]"
)
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    help="Seconds for each repository.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="fleet-results",
    show_default=True,
    help="The folder for results, commits and logs.",
)
@click.option("--force", is_flag=True, help="Continue despite failures.")
@click.option("--trust", is_flag=True, help="Allow the template to run code.")
def command(
    *,
    source: tuple[str, ...],
    plan_file: Path | None,
    shard: tuple[int, int],
    to: str | None,
    wave: str,
    max_failed: float | None,
    max_conflicts: float | None,
    out: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Merge the template's version into every repository of the SOURCEs, or of a plan, each as one commit.

    The commits go to the folder of results, as git bundles; no clone changes and nothing is pushed. A second run
    continues where the first one stopped.
    """
    from new_ops_project.commands.shared import fleet_progress
    from new_ops_project.fleet.run.execution import RunOptions
    from new_ops_project.fleet.run.planning import PlanRequest
    from new_ops_project.fleet.verbs.update import FleetUpdateRequest, update

    pins = PlanRequest(to=to, wave=wave, shards=1, offline=options["offline"], seconds=options["seconds"])
    number, shards = shard
    how = RunOptions(out, number, checks_base=plan_file is not None, **options)
    request = FleetUpdateRequest(source, pins, how, plan_file, shards, max_failed, max_conflicts)
    voice = Voice(as_json)
    run = update(request, voice.progress, fleet_progress.display)
    _say(run, out, voice)
    if as_json:
        voice.print_json(
            {
                "plan": run.plan.id,
                "out": str(out),
                "counts": run.counts,
                "repositories": [result.as_json() for result in run.results],
            }
        )
    click.get_current_context().exit(run.exit_code)


def _say(run: "FleetUpdate", out: Path, voice: Voice) -> None:
    """Print what failed or waits, each with its hint, then the counts and the next commands."""
    from new_ops_project.commands.shared import fleet_plan_words

    fleet_plan_words.say_reasons(run.results, voice)
    for result in run.results:
        if result.state == "conflict":
            paths = ", ".join(conflict.path for conflict in result.conflicts)
            voice.say(f"{result.name}: conflict in {paths}", fg="yellow")
    counts = ", ".join(f"{count} {state}" for state, count in run.counts.items() if count)
    voice.say(f"{counts or 'nothing to do'}; results are in {out}.", apart=True)
    steps = [f"new-ops-project fleet report {out}"]
    if any(result.commit for result in run.results):
        steps.append(f"new-ops-project fleet publish --in {out} --mode branch|push|pr")
    if run.counts["failed"] or run.counts["deferred"]:
        steps.append(f"new-ops-project fleet retry {out} --only failed,deferred --out plan.json")
    voice.say("Next:", apart=True)
    for step in steps:
        voice.say(f"  {step}")
