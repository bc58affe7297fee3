"""`fleet retry`: plans again what was not done."""

from pathlib import Path

import click

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
@click.argument("folders", nargs=-1, metavar="DIR...", required=True, type=click.Path(path_type=Path))
@click.option(
    "--only",
    metavar="STATE,...",
    default="failed,deferred",
    show_default=True,
    callback=_only,
    help="Only these states: failed, deferred, conflict.",
)
@click.option("--name", "names", multiple=True, help="Only this repository.  [repeatable]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="plan.json",
    show_default=True,
    help="The file for the plan.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(
    *, folders: tuple[Path, ...], only: tuple[str, ...], names: tuple[str, ...], out: Path, as_json: bool
) -> None:
    """Plan again what was not done, according to the results in DIR.

    The template's version stays the same; each repository is taken at its current commit.
    """
    from new_ops_project.base.text import escape_for_terminal
    from new_ops_project.fleet.run import planning
    from new_ops_project.fleet.verbs.retry import RetryRequest, retry

    voice = Voice(as_json)
    with voice.progress() as show:
        plan = retry(RetryRequest(folders, only, out, names), show)
    for result in plan.settled:
        if result.reason:
            voice.say(
                f"{escape_for_terminal(result.name)}: {result.state}: {escape_for_terminal(result.reason)}", fg="yellow"
            )
    counts = planning.counts(plan)
    voice.say(f"\n{', '.join(f'{count} {state}' for state, count in counts.items())}; plan {plan.id} is in {out}.")
    if plan.tasks:
        voice.say(f"\nNext:\n  new-ops-project fleet update --plan {out} --out DIR")
    if as_json:
        voice.print_json({"plan": str(out), "id": plan.id, "counts": counts})
    click.get_current_context().exit(planning.exit_code(plan))
