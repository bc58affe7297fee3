"""`fleet retry`: a plan for what was not done."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.fleet import store
from new_ops_project.fleet.model import FleetPlan
from new_ops_project.fleet.run import retry as retry_plan

STATES = ("failed", "deferred", "conflict")


@dataclass(frozen=True)
class RetryRequest:
    """What was asked for on the command line: projects in one of the states `only`, of these `names` ((): any)."""

    folders: tuple[Path, ...]
    only: tuple[str, ...]
    out: Path
    names: tuple[str, ...] = ()


def retry(request: RetryRequest, progress: Progress) -> FleetPlan:
    """Pin the projects again at their current commits, and write the plan to the file `out`.

    Raises ToolError if there is nothing to retry, and for folders that are not results of one plan.
    """
    git.require_on_path()
    fleet_plan = retry_plan.plan(request.folders, request.only, request.names, progress)
    if fleet_plan is None:
        states = " or ".join(request.only)
        raise ToolError(f"Nothing in these results is {states}.", f"--only takes {', '.join(STATES)}.")
    store.write_plan(fleet_plan, request.out)
    return fleet_plan
