"""`fleet plan`: what a rollout does, pinned in a file for any number of machines."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.progress import Progress
from new_ops_project.fleet import store
from new_ops_project.fleet.inventory import repositories
from new_ops_project.fleet.model import FleetPlan
from new_ops_project.fleet.run import planning
from new_ops_project.fleet.run.planning import PlanRequest


def plan(
    sources: Iterable[str],
    request: PlanRequest,
    out: Path,
    progress: Progress,
    *,
    last: Iterable[Path] = (),
    github_output: Path | None = None,
) -> FleetPlan:
    """Pin the tasks, and write them to the file `out`; a plan that is there already tells costs and shards.

    `last` are earlier plans and folders of results that do so, too; `github_output` is the file for a step's outputs.
    Raises ToolError for sources that cannot be read, and for a version or wave that does not exist.
    """
    git.require_on_path()
    past = planning.past_runs([*last, *([out] if out.is_file() else [])])
    fleet_plan = planning.plan(repositories.read(sources), replace(request, past=past), progress)
    store.write_plan(fleet_plan, out)
    if github_output:
        _write_github_output(fleet_plan, github_output)
    return fleet_plan


def _write_github_output(fleet_plan: FleetPlan, file: Path) -> None:
    """Write the numbers of the shards only: names would fill the 1 MB that GitHub allows for outputs."""
    numbers = sorted({task.shard for task in fleet_plan.tasks})
    with file.open("a", encoding="utf-8") as output:
        output.write(f"shards={json.dumps(numbers)}\ncount={fleet_plan.shards}\nrepositories={len(fleet_plan.tasks)}\n")
