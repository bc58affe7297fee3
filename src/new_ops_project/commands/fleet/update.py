"""`fleet update`: the commit of each repository is computed; nothing is pushed."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from new_ops_project.fleet.model import FleetPlan, Result
    from new_ops_project.fleet.run.execution import Run
    from new_ops_project.fleet.run.planning import PlanRequest

EXAMPLES = """\b
Examples:
  new-ops-project fleet update ~/clones --out out        all of them
  new-ops-project fleet update --wave canary --out out   of fleet.toml
  new-ops-project fleet update --plan plan.json --shard 2/4 --out out
  new-ops-project fleet update ~/clones --out out        what is not done

\b
Exit codes: 0 done; 2 some failed; 3 some are in conflict; the
others are done.
"""


def _shard(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int]:
    if value is None:
        return 0, 0
    found = re.fullmatch(r"(\d+)/(\d+)", value)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{value!r} is no shard: write 2/4 for the second of four.")
    return int(found[1]), int(found[2])


@click.command(epilog=EXAMPLES)
@click.argument("source", nargs=-1, metavar="[SOURCE]...")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Work off this plan.")
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
@click.option("--force", is_flag=True, help="Go on whatever fails.")
@click.option("--trust", is_flag=True, help="Let the template run code of its own.")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
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

    The commits are in the folder of results, as git bundles; no clone changes and nothing is pushed. Run again, it
    does what is not done.
    """
    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.fleet.run import execution, planning

    git.require_found()
    voice = Voice(as_json)
    how = execution.Run(out, shard[0], jobs or execution.cores(), timeout, trust, force, plan_file is not None, offline)
    with interrupts.temporary_folder():
        if plan_file:
            plan = _given(plan_file, source, to, wave, shard)
        else:
            plan = _made(
                source, shard, planning.PlanRequest(to=to, wave=wave, shards=1, offline=offline, seconds=timeout), voice
            )
        plan = execution.resumed(planning.with_limits(plan, max_failed, max_conflicts), out)
        results = _run(plan, how)
    _say(plan, results, how, voice)
    if as_json:
        voice.answer(
            {
                "plan": plan.id,
                "out": str(out),
                "counts": execution.counted(results, plan, how),
                "repositories": [one.as_json() for one in execution.everything(results, plan, how)],
            }
        )
    click.get_current_context().exit(execution.code(execution.everything(results, plan, how)))


def _given(file: Path, source: tuple[str, ...], to: str | None, wave: str, shard: tuple[int, int]) -> "FleetPlan":
    """The plan in a file; raises ToolError for what a plan has decided already."""
    from new_ops_project.fleet import store

    decided = {"SOURCE": bool(source), "--to": bool(to), "--wave": wave != "all"}
    if useless := [name for name, is_given in decided.items() if is_given]:
        raise ToolError(f"--plan and {' and '.join(useless)} do not go together.", "The plan says that already.")
    plan = store.read_plan(file)
    if shard[1] not in {0, plan.shards}:
        raise ToolError(f"{file} has {plan.shards} shards, not {shard[1]}.", f"Give --shard I/{plan.shards}.")
    return plan


def _made(source: tuple[str, ...], shard: tuple[int, int], wanted: "PlanRequest", voice: Voice) -> "FleetPlan":
    """A plan made now."""
    from new_ops_project.fleet.inventory import repositories
    from new_ops_project.fleet.run import planning

    if shard[0]:
        raise ToolError("--shard is a part of a plan.", "new-ops-project fleet plan --shards N, then --plan.")
    fleet = repositories.read(source)
    with voice.progress() as told:
        return planning.plan(fleet, wanted, told)


def _run(plan: "FleetPlan", how: "Run") -> "list[Result]":
    from new_ops_project.fleet.run import execution, progress

    with progress.shown(len(how.tasks(plan))) as told:
        try:
            return execution.run(plan, how, told)
        except KeyboardInterrupt as error:
            message = f"Interrupted; what is done is in {how.out}."
            hint = "Run the same command again, and it goes on from there."
            raise ToolError(message, hint, Exit.INTERRUPTED) from error


def _say(plan: "FleetPlan", results: "list[Result]", how: "Run", voice: Voice) -> None:
    """What went wrong, or waits, with the next step for each; the counts; what to do next."""
    from new_ops_project.base.text import shown
    from new_ops_project.fleet.run import execution

    for one in execution.everything(results, plan, how):
        if one.reason and one.state != "current":
            color = "red" if one.state == "failed" else "yellow"
            voice.say(f"{shown(one.name)}: {one.state}: {shown(one.reason)}", fg=color)
            voice.say(f"  {shown(one.hint)}") if one.hint else None
    for one in results:
        if one.state == "conflict":
            paths = ", ".join(shown(conflict.path) for conflict in one.conflicts)
            voice.say(f"{shown(one.name)}: conflict in {paths}", fg="yellow")
    said = ", ".join(f"{count} {state}" for state, count in execution.counted(results, plan, how).items() if count)
    voice.say(f"\n{said or 'nothing to do'}; results are in {how.out}.")
    steps = [f"new-ops-project fleet report {how.out}"]
    if any(one.commit for one in results):
        steps.append(f"new-ops-project fleet publish --in {how.out} --mode branch|push|pr")
    if any(one.state in {"failed", "deferred"} for one in execution.everything(results, plan, how)):
        steps.append(f"new-ops-project fleet retry {how.out} --only failed,deferred --out plan.json")
    voice.say("\nNext:" + "".join(f"\n  {step}" for step in steps))
