"""`fleet update`: computes the commit of each repository; pushes nothing."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.fleet.model import FleetPlan, Result
    from new_ops_project.fleet.run.execution import RunOptions
    from new_ops_project.fleet.run.planning import PlanRequest

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
@click.argument("source", nargs=-1, metavar="[SOURCE]...")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Carry out this plan.")
@click.option("--shard", metavar="I/N", callback=_shard, help="Only this part of the plan.")
@click.option("--to", metavar="VERSION", help="The template's version.  [default: the newest release]")
@click.option(
    "--wave",
    metavar="WAVE",
    default="all",
    show_default=True,
    help="canary, a percentage, all, or a wave of fleet.toml.",
)
@click.option("--jobs", type=click.IntRange(1), help="Repositories at the same time.  [default: one per core]")
@click.option("--timeout", type=click.FloatRange(1), default=120.0, show_default=True, help="Seconds for each one.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="fleet-results",
    show_default=True,
    help="The folder for results, commits and logs.",
)
@click.option("--max-failed", type=click.FloatRange(0, 100), help="Stop above this, in percent.  [default: 5]")
@click.option("--max-conflicts", type=click.FloatRange(0, 100), help="Stop above this, in percent.  [default: 20]")
@click.option("--force", is_flag=True, help="Continue whatever fails.")
@click.option("--trust", is_flag=True, help="Let the template run code of its own.")
@click.option("--offline", is_flag=True, help="Use only what this machine has of the template.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr.")
def command(
    *,
    source: tuple[str, ...],
    plan_file: Path | None,
    shard: tuple[int, int],
    to: str | None,
    wave: str,
    jobs: int | None,
    timeout: float,
    out: Path,
    max_failed: float | None,
    max_conflicts: float | None,
    force: bool,
    trust: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Merge the template's version into every repository of the SOURCEs, or of a plan, each as one commit.

    The commits go to the folder of results, as git bundles; no clone changes and nothing is pushed. A second run
    continues where the first one stopped.
    """
    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.fleet.run import execution, planning

    git.require_on_path()
    voice = Voice(as_json)
    options = execution.RunOptions(
        out, shard[0], jobs or execution.cpu_count(), timeout, trust, force, plan_file is not None, offline
    )
    with interrupts.temporary_folder():
        if plan_file:
            plan = _read_plan(plan_file, source, to, wave, shard)
        else:
            plan = _new_plan(
                source, shard, planning.PlanRequest(to=to, wave=wave, shards=1, offline=offline, seconds=timeout), voice
            )
        plan = execution.resumed_plan(planning.with_limits(plan, max_failed, max_conflicts), out)
        results = _run(plan, options)
    _say(plan, results, options, voice)
    if as_json:
        voice.answer(
            {
                "plan": plan.id,
                "out": str(out),
                "counts": execution.counts_by_state(results, plan, options),
                "repositories": [result.as_json() for result in execution.all_results(results, plan, options)],
            }
        )
    click.get_current_context().exit(execution.exit_code(execution.all_results(results, plan, options)))


def _read_plan(file: Path, source: tuple[str, ...], to: str | None, wave: str, shard: tuple[int, int]) -> "FleetPlan":
    """The plan in a file; raises ToolError for options that contradict it."""
    from new_ops_project.fleet import store

    options = {"SOURCE": bool(source), "--to": bool(to), "--wave": wave != "all"}
    if useless := [name for name, is_given in options.items() if is_given]:
        raise ToolError(f"--plan and {' and '.join(useless)} do not go together.", "The plan says that already.")
    plan = store.read_plan(file)
    if shard[1] not in {0, plan.shards}:
        raise ToolError(f"{file} has {plan.shards} shards, not {shard[1]}.", f"Give --shard I/{plan.shards}.")
    return plan


def _new_plan(source: tuple[str, ...], shard: tuple[int, int], request: "PlanRequest", voice: Voice) -> "FleetPlan":
    """A plan of the current commits."""
    from new_ops_project.fleet.inventory import repositories
    from new_ops_project.fleet.run import planning

    if shard[0]:
        raise ToolError("--shard is a part of a plan.", "new-ops-project fleet plan --shards N, then --plan.")
    fleet = repositories.read(source)
    with voice.progress() as show:
        return planning.plan(fleet, request, show)


def _run(plan: "FleetPlan", options: "RunOptions") -> "list[Result]":
    from new_ops_project.commands.shared import fleet_progress
    from new_ops_project.fleet.run import execution

    with fleet_progress.display(len(options.tasks(plan))) as show:
        try:
            return execution.run(plan, options, show)
        except KeyboardInterrupt as error:
            message = f"Interrupted; what is done is in {options.out}."
            raise ToolError(message, "Run the same command again to continue.", Exit.INTERRUPTED) from error


def _say(plan: "FleetPlan", results: "list[Result]", options: "RunOptions", voice: Voice) -> None:
    """Print what failed or waits, each with its hint, then the counts and the next commands."""
    from new_ops_project.base.text import escape_for_terminal
    from new_ops_project.fleet.run import execution

    for result in execution.all_results(results, plan, options):
        if result.reason and result.state != "current":
            color = "red" if result.state == "failed" else "yellow"
            voice.say(
                f"{escape_for_terminal(result.name)}: {result.state}: {escape_for_terminal(result.reason)}", fg=color
            )
            voice.say(f"  {escape_for_terminal(result.hint)}") if result.hint else None
    for result in results:
        if result.state == "conflict":
            paths = ", ".join(escape_for_terminal(conflict.path) for conflict in result.conflicts)
            voice.say(f"{escape_for_terminal(result.name)}: conflict in {paths}", fg="yellow")
    counts = ", ".join(
        f"{count} {state}" for state, count in execution.counts_by_state(results, plan, options).items() if count
    )
    voice.say(f"\n{counts or 'nothing to do'}; results are in {options.out}.")
    steps = [f"new-ops-project fleet report {options.out}"]
    if any(result.commit for result in results):
        steps.append(f"new-ops-project fleet publish --in {options.out} --mode branch|push|pr")
    if any(result.state in {"failed", "deferred"} for result in execution.all_results(results, plan, options)):
        steps.append(f"new-ops-project fleet retry {options.out} --only failed,deferred --out plan.json")
    voice.say("\nNext:" + "".join(f"\n  {step}" for step in steps))
