"""The last run of each project, remembered for all fleets of this user."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs

from new_ops_project.base import config, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import write_whole
from new_ops_project.base.masking import masked_json
from new_ops_project.base.parsers import read_json
from new_ops_project.fleet import json_types
from new_ops_project.fleet.model import FleetPlan, Result
from new_ops_project.template import shared_folders


@dataclass(frozen=True)
class PastRun:
    """The last run of a project.

    `version` is the template's; `at` is when (ISO 8601); `cost` is in seconds; `shard` counts from 1 to `shards`.
    """

    state: str = ""
    reason: str = ""
    version: str = ""
    at: str = ""
    cost: float = 0.0
    shard: int = 0
    shards: int = 0


def file() -> Path:
    """The file that holds the history."""
    return platformdirs.user_state_path(config.NAME, appauthor=False) / "fleet.json"


def read() -> dict[str, PastRun]:
    """The last run of each project by name; empty if the file is missing or damaged."""
    try:
        runs = read_json(reading.read(file()).decode())
        return {name: json_types.read(PastRun, past) for name, past in runs.items()}
    except (OSError, ToolError, *json_types.INVALID):
        return {}


def from_plan(plan: FleetPlan) -> dict[str, PastRun]:
    """The costs and shards that another plan used, for machines that keep nothing between runs."""
    return {task.name: PastRun(cost=task.cost, shard=task.shard, shards=plan.shards) for task in plan.tasks}


def with_results(past: Mapping[str, PastRun], results: Iterable[Result]) -> dict[str, PastRun]:
    """`past`, updated with the results of a run."""
    runs = dict(past)
    for result in results:
        before = runs.get(result.name, PastRun())
        cost = result.seconds if result.seconds and result.state.is_final else before.cost
        runs[result.name] = replace(
            before,
            state=str(result.state),
            reason=result.reason,
            version=result.version,
            at=result.at,
            cost=round(cost, 3),
        )
    return runs


def remember(runs: Mapping[str, PastRun]) -> None:
    """Add `runs` to the history.

    If the file cannot be written, nothing is raised: the only loss is that shards are balanced less well.
    """
    with suppress(ToolError), shared_folders.locked(file()):
        merged = {**read(), **runs}
        write_whole(file(), json.dumps(masked_json({name: asdict(past) for name, past in merged.items()})).encode())
