"""What `fleet plan` and `fleet retry` print of a plan."""

from pathlib import Path
from typing import TYPE_CHECKING

from new_ops_project.base.errors import Exit
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from new_ops_project.fleet.model import FleetPlan, Result


def say_reasons(results: "Iterable[Result]", voice: Voice) -> None:
    """Print why each project is not updated, with its hint."""
    for result in results:
        if result.reason and result.state != "current":
            line = f"{result.name}: {result.state}: {result.reason}"
            voice.say(line, fg="red" if result.state == "failed" else "yellow")
            voice.say(f"  {result.hint}") if result.hint else None


def say(plan: "FleetPlan", out: Path, voice: Voice) -> int:
    """Print the plan in the file `out`, for people or as JSON; return the exit code: 2 if a project failed, else 0."""
    from new_ops_project.fleet.run import planning

    counts = planning.counts(plan)
    say_reasons(plan.settled, voice)
    versions = sorted({f"{task.before} -> {task.version}" for task in plan.tasks})
    summary = ", ".join(f"{count} {state}" for state, count in counts.items())
    voice.say(f"{summary}; {plan.shards} shard{'s' * (plan.shards > 1)}; plan {plan.id} is in {out}.", apart=True)
    if plan.tasks:
        voice.say(f"  {'; '.join(versions)}")
        voice.say("Next:", apart=True)
        voice.say(f"  new-ops-project fleet update --plan {out} --out DIR")
    voice.print_json({"plan": str(out), "id": plan.id, "shards": plan.shards, "counts": counts})
    return Exit.FAILED if "failed" in counts else Exit.DONE
