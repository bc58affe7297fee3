"""`fleet retry`: plans again what was not done."""

from pathlib import Path

import click

from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice

EXAMPLES = """\b
Examples:
  new-ops-project fleet retry out --only failed,deferred --out plan.json
  new-ops-project fleet update --plan plan.json --out out-2
  new-ops-project fleet report out out-2

\b
Exit codes: 0 planned; 2 some could not be read, or there is nothing
to retry.
"""


def _only(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    from new_ops_project.fleet.verbs.retry import STATES

    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names or ("",):
        if name not in STATES:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(STATES)}.")
    return names


@click.command(epilog=EXAMPLES)
@offered("folders", "plan-file", "json")
@click.option(
    "--only",
    metavar="STATE,...",
    default="failed,deferred",
    show_default=True,
    callback=_only,
    help="Only these states: failed, deferred, conflict.",
)
@click.option("--name", "names", multiple=True, help="Only this repository.  [repeatable]")
def command(
    *, folders: tuple[Path, ...], only: tuple[str, ...], names: tuple[str, ...], out: Path, as_json: bool
) -> None:
    """Plan again what was not done, according to the results in DIR.

    The template's version stays the same; each repository is taken at its current commit.
    """
    from new_ops_project.commands.shared import fleet_plan_words
    from new_ops_project.fleet.verbs.retry import retry

    voice = Voice(as_json)
    with voice.progress() as show:
        plan = retry(folders, only, names, out, show)
    click.get_current_context().exit(fleet_plan_words.say(plan, out, voice))
