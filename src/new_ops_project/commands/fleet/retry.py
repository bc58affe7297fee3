"""`fleet retry`: a plan of what was not done."""

from pathlib import Path

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice

STATES = ("failed", "deferred", "conflict")

EXAMPLES = """\b
Examples:
  new-ops-project fleet retry out --only failed,deferred --out plan.json
  new-ops-project fleet update --plan plan.json --out out-2
  new-ops-project fleet report out out-2

\b
Exit codes: 0 planned; 2 some could not be looked at, or there is
nothing to retry.
"""


def _only(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names or ("",):
        if name not in STATES:
            raise click.BadParameter(f"{name!r} is none of {', '.join(STATES)}.")
    return names


@click.command(epilog=EXAMPLES)
@click.argument("folders", nargs=-1, metavar="DIR...", required=True, type=click.Path(path_type=Path))
@click.option(
    "--only",
    metavar="STATE,...",
    default="failed,deferred",
    show_default=True,
    callback=_only,
    help="Which ones: failed, deferred, conflict.",
)
@click.option("--name", "names", multiple=True, help="Only this repository.  [repeatable]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="plan.json",
    show_default=True,
    help="Where the plan goes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
def command(
    *, folders: tuple[Path, ...], only: tuple[str, ...], names: tuple[str, ...], out: Path, as_json: bool
) -> None:
    """Look again at what the results in DIR say was not done, and make a plan of it.

    The version of the template stays; each repository's commit is that of now.
    """
    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.base.text import shown
    from new_ops_project.fleet import store
    from new_ops_project.fleet.run import planning, retry

    git.require_found()
    voice = Voice(as_json)
    with interrupts.temporary_folder():
        with voice.progress() as told:
            plan = retry.plan(folders, only, names, told)
        if plan is None:
            raise ToolError(f"Nothing there is {' or '.join(only)}.", f"--only takes {', '.join(STATES)}.")
        store.write_plan(plan, out)
    for one in plan.settled:
        if one.reason:
            voice.say(f"{shown(one.name)}: {one.state}: {shown(one.reason)}", fg="yellow")
    counts = planning.summary(plan)
    voice.say(f"\n{', '.join(f'{count} {what}' for what, count in counts.items())}; plan {plan.id} is in {out}.")
    if plan.tasks:
        voice.say(f"\nNext:\n  new-ops-project fleet update --plan {out} --out DIR")
    if as_json:
        voice.answer({"plan": str(out), "id": plan.id, "counts": counts})
    click.get_current_context().exit(Exit.FAILED if counts.get("failed") else Exit.DONE)
