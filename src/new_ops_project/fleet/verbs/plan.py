"""`fleet plan`: what a rollout does, pinned in a file for any number of machines."""

import json
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.progress import Progress
from new_ops_project.fleet import store
from new_ops_project.fleet.inventory import repositories, scan
from new_ops_project.fleet.model import FleetPlan
from new_ops_project.fleet.run import planning, waves
from new_ops_project.fleet.run.planning import PlanRequest


@dataclass(frozen=True)
class FleetPlanRequest:
    """What was asked for on the command line.

    `out` is the file for the plan; `last` are earlier plans and folders of results; `shards` is 0 to choose the number
    by their costs; `seconds` is the time for each repository; `github_output` is the file for a step's outputs.
    """

    sources: tuple[str, ...]
    out: Path
    last: tuple[Path, ...] = ()
    to: str | None = None
    wave: str = waves.ALL
    shards: int = 1
    seconds: float = scan.TIMEOUT
    offline: bool = False
    github_output: Path | None = None


def plan(request: FleetPlanRequest, progress: Progress) -> FleetPlan:
    """Pin the tasks, and write them to the file; a plan that is there already tells costs and shards.

    Raises ToolError for sources that cannot be read, and for a version or wave that does not exist.
    """
    git.require_on_path()
    past = planning.past_runs([*request.last, *([request.out] if request.out.is_file() else [])])
    fleet = repositories.read(request.sources)
    pins = PlanRequest(
        to=request.to,
        wave=request.wave,
        shards=request.shards,
        offline=request.offline,
        past=past,
        seconds=request.seconds,
    )
    fleet_plan = planning.plan(fleet, pins, progress)
    store.write_plan(fleet_plan, request.out)
    if request.github_output:
        _write_github_output(fleet_plan, request.github_output)
    return fleet_plan


def _write_github_output(fleet_plan: FleetPlan, file: Path) -> None:
    """Write the numbers of the shards only: names would fill the 1 MB that GitHub allows for outputs."""
    numbers = sorted({task.shard for task in fleet_plan.tasks})
    with file.open("a", encoding="utf-8") as output:
        output.write(f"shards={json.dumps(numbers)}\ncount={fleet_plan.shards}\nrepositories={len(fleet_plan.tasks)}\n")
