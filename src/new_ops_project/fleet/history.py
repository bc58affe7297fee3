"""What is remembered of each repository between runs: how it went, what it cost, in which shard it was."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from new_ops_project.base import config
from new_ops_project.fleet.model import FleetPlan, Result


@dataclass(frozen=True)
class PastRun:
    """The last time: state, reason, template version, when (ISO 8601), the seconds it took, its shard of how many."""

    state: str = ""
    reason: str = ""
    version: str = ""
    at: str = ""
    cost: float = 0.0
    shard: int = 0
    shards: int = 0


def file() -> Path:
    """Where it is kept, for all fleets of this user."""
    import platformdirs

    return platformdirs.user_state_path(config.NAME, appauthor=False) / "fleet.json"


def read() -> dict[str, PastRun]:
    """What is remembered, by the name of the project; nothing where there is no such file, or it is damaged."""
    try:
        found = json.loads(file().read_text(encoding="utf-8"))
        return {name: PastRun(**past) for name, past in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def of_plan(plan: FleetPlan) -> dict[str, PastRun]:
    """What another plan knew of costs and shards: for machines that remember nothing between runs."""
    return {task.name: PastRun(cost=task.cost, shard=task.shard, shards=plan.shards) for task in plan.tasks}


def of_results(past: Mapping[str, PastRun], results: Iterable[Result]) -> dict[str, PastRun]:
    """The same with how it went."""
    found = dict(past)
    for one in results:
        before = found.get(one.name, PastRun())
        cost = one.seconds if one.seconds and one.state.is_final else before.cost
        found[one.name] = replace(
            before, state=str(one.state), reason=one.reason, version=one.version, at=one.at, cost=round(cost, 3)
        )
    return found


def remember(more: Mapping[str, PastRun]) -> None:
    """Add to what is remembered; where that cannot be written, shards are balanced less well, and that is all."""
    with suppress(OSError), _alone():
        known = {**read(), **more}
        fresh = file().with_name(f".fleet.{os.getpid()}")
        fresh.write_text(json.dumps({name: asdict(past) for name, past in known.items()}), encoding="utf-8")
        fresh.replace(file())


@contextmanager
def _alone() -> Iterator[None]:
    from filelock import FileLock

    file().parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file().with_name(".fleet.lock")):
        yield
