"""`fleet plan`: pins what a rollout does, for any number of machines."""

import os
from pathlib import Path
from typing import Any

import click

from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice

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
@offered("sources", "to", "wave", "plan-file", "offline", "json")
@click.option(
    "--shards",
    metavar="N|auto",
    default="1",
    show_default=True,
    callback=_shards,
    help="How many machines share the work; auto: one for every two minutes of work.",
)
@click.option(
    "--last",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="An earlier plan, or folder of results: costs and shards.  [repeatable]",
)
@click.option("--github-output", is_flag=True, help="Write the shard numbers to the file GITHUB_OUTPUT, as `shards`.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    help="Seconds for each repository.",
)
def command(
    *,
    source: tuple[str, ...],
    out: Path,
    last: tuple[Path, ...],
    github_output: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Pin the work: the template's version and every repository's commit, in balanced shards.

    The plan gives the same commits on every machine. No repository changes.
    """
    from new_ops_project.commands.shared import fleet_plan_words
    from new_ops_project.fleet.run.planning import PlanRequest
    from new_ops_project.fleet.verbs.plan import plan

    output = _github_output() if github_output else None
    voice = Voice(as_json)
    with voice.progress() as show:
        fleet_plan = plan(source, PlanRequest(**options), out, show, last=last, github_output=output)
    click.get_current_context().exit(fleet_plan_words.say(fleet_plan, out, voice))


def _github_output() -> Path:
    """The file for the outputs of a step of GitHub Actions."""
    if not (file := os.environ.get("GITHUB_OUTPUT")):
        raise ToolError("GITHUB_OUTPUT is not set.", "--github-output is for a step of GitHub Actions.")
    return Path(file)
