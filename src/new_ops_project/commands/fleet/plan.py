"""`fleet plan`: pins what a rollout does, for any number of machines."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from new_ops_project.fleet.model import FleetPlan

EXAMPLES = """\b
Examples:
  new-ops-project fleet plan --wave canary               to plan.json
  new-ops-project fleet plan ~/clones --to v2.1.0 --shards 4
  new-ops-project fleet plan --last results --wave 10%  shards as before
  new-ops-project fleet plan --shards auto --github-output

\b
Exit codes: 0 planned; 2 some could not be read, or nothing was planned.
"""


def _shards(_context: click.Context, _option: click.Parameter, value: str) -> int:
    if value == "auto":
        return 0
    if not value.isdigit() or not 1 <= int(value) <= 256:  # noqa: PLR2004 - the jobs of a matrix
        raise click.BadParameter(f"{value!r} is neither auto nor a number from 1 to 256.")
    return int(value)


@click.command(epilog=EXAMPLES)
@click.argument("source", nargs=-1, metavar="[SOURCE]...")
@click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option(
    "--wave",
    metavar="WAVE",
    default="all",
    show_default=True,
    help="canary, a percentage, all, or a wave of fleet.toml.",
)
@click.option(
    "--shards",
    metavar="N|auto",
    default="1",
    show_default=True,
    callback=_shards,
    help="How many machines share the work; auto: one for every two minutes of work.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="plan.json",
    show_default=True,
    help="The file for the plan.",
)
@click.option(
    "--last",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="An earlier plan, or folder of results: costs and shards.  [repeatable]",
)
@click.option("--github-output", is_flag=True, help="Write the shard numbers to the file GITHUB_OUTPUT, as `shards`.")
@click.option(
    "--timeout", type=click.FloatRange(1), default=60.0, show_default=True, help="Seconds for each repository."
)
@click.option("--offline", is_flag=True, help="Do not fetch the template.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(
    *,
    source: tuple[str, ...],
    out: Path,
    last: tuple[Path, ...],
    github_output: bool,
    as_json: bool,
    to: str | None,
    wave: str,
    shards: int,
    timeout: float,
    offline: bool,
) -> None:
    """Pin the work: the template's version and every repository's commit, in balanced shards.

    The plan gives the same commits on every machine. No repository changes.
    """
    from new_ops_project.fleet.run import planning
    from new_ops_project.fleet.verbs.plan import FleetPlanRequest, plan

    output = _github_output() if github_output else None
    request = FleetPlanRequest(source, out, last, to, wave, shards, timeout, offline, output)
    voice = Voice(as_json)
    with voice.progress() as show:
        fleet_plan = plan(request, show)
    counts = planning.counts(fleet_plan)
    _say(fleet_plan, counts, out, voice)
    if as_json:
        voice.print_json({"plan": str(out), "id": fleet_plan.id, "shards": fleet_plan.shards, "counts": counts})
    click.get_current_context().exit(planning.exit_code(fleet_plan))


def _github_output() -> Path:
    """The file for the outputs of a step of GitHub Actions."""
    if not (file := os.environ.get("GITHUB_OUTPUT")):
        raise ToolError("GITHUB_OUTPUT is not set.", "--github-output is for a step of GitHub Actions.")
    return Path(file)


def _say(plan: "FleetPlan", counts: "Mapping[str, int]", out: Path, voice: Voice) -> None:
    from new_ops_project.base.text import escape_for_terminal

    for result in plan.settled:
        if result.reason:
            voice.say(
                f"{escape_for_terminal(result.name)}: {result.state}: {escape_for_terminal(result.reason)}", fg="yellow"
            )
            voice.say(f"  {escape_for_terminal(result.hint)}") if result.hint else None
    versions = sorted({f"{task.before} -> {task.version}" for task in plan.tasks})
    summary = ", ".join(f"{count} {state}" for state, count in counts.items())
    voice.say(f"\n{summary}; {plan.shards} shard{'s' * (plan.shards > 1)}; plan {plan.id} is in {out}.")
    voice.say(f"  {'; '.join(map(escape_for_terminal, versions))}") if versions else None
    if plan.tasks:
        voice.say(f"\nNext:\n  new-ops-project fleet update --plan {out} --out DIR")
