"""The results folder of a fleet run.

- plan.json: the plan
- results-1-of-4.jsonl: one line of JSON for each project of a shard, written as soon as its result is known
- bundles/, logs/: one file for each project, named by its `slug`
- published.jsonl: the journal of deliveries (in the first of several folders)
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from new_ops_project.base import files, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.masking import masked_json
from new_ops_project.base.parsers import read_json
from new_ops_project.fleet import json_lines, json_types
from new_ops_project.fleet.json_types import INVALID
from new_ops_project.fleet.model import FORMAT, Delivery, FleetPlan, Result, ResultState, Task

PLAN = "plan.json"
JOURNAL = "published.jsonl"
WHOLE = (1, 1)  # the shard of a run that does the whole plan
_LONGEST = 60  # characters of a project's name in the names of its files


def slug(name: str) -> str:
    """A unique file name for a project, whatever its name holds."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name)[-_LONGEST:].strip("-.")
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:10]}".lstrip("-")


def log(name: str) -> str:
    """The path of a project's log below the results folder."""
    return f"logs/{slug(name)}.log"


def write_plan(plan: FleetPlan, path: Path) -> None:
    """Write the plan, completely or not at all; raises ToolError if it cannot be written."""
    files.save(path, f"{json.dumps(masked_json(plan.as_json()), indent=1)}\n".encode(), hint="Give another path.")


def read_plan(path: Path) -> FleetPlan:
    """The plan in a file; raises ToolError if the file cannot be read or does not hold a plan."""
    try:
        values = read_json(reading.read(path, largest=json_lines.LARGEST).decode())
        if (number := values.pop("format")) != FORMAT:
            raise ValueError(f"its format is {number!r}, and this tool reads {FORMAT}")
        return json_types.read(FleetPlan, values)
    except FileNotFoundError as error:
        raise ToolError(f"{path} does not exist.", "Make one with `new-ops-project fleet plan`.") from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run it again.") from error
    except INVALID as error:
        message = f"{path} is not a plan of this tool: {type(error).__name__}: {error}."
        raise ToolError(message, "Make one with `new-ops-project fleet plan`.") from error


class Store:
    """A results folder that one run writes to, one line at a time."""

    def __init__(self, folder: Path, *, shard: int = 1, shards: int = 1) -> None:
        self.folder = folder
        self._path = folder / f"results-{shard}-of-{shards}.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Reserve the folder for this run; raises ToolError if another run uses it or it cannot be written."""
        busy = ToolError(f"Another run writes to {self._path}.", "Wait for it, or give another --out.")
        with ExitStack() as stack:
            with files.explained(self.folder, "Give another --out."):
                for name in ("bundles", "logs"):
                    (self.folder / name).mkdir(parents=True, exist_ok=True)
                stack.enter_context(json_lines.locked(self._path, busy))
            yield

    def add(self, result: Result) -> None:
        """Write a result; it is on the disk when this returns. Raises ToolError if it cannot be written."""
        json_lines.append(self._path, result.as_json())

    def results(self) -> dict[str, Result]:
        """The last result of each project of this shard."""
        return {result.name: result for result in _read_results(self._path)}


def _read_results(path: Path) -> Iterator[Result]:
    """The results in a file, without incomplete or invalid lines."""
    for values in json_lines.read(path):
        with suppress(*INVALID):
            yield json_types.read(Result, values)


def deliveries(path: Path) -> dict[tuple[str, str], Delivery]:
    """The last delivery of each project in a journal, by the project's name and the plan's id."""
    last = {}
    for values in json_lines.read(path):
        with suppress(*INVALID):
            delivery = json_types.read(Delivery, values)
            last[delivery.name, delivery.plan] = delivery
    return last


def gather(folders: Iterable[Path]) -> tuple[FleetPlan, dict[str, tuple[Path, Result]]]:
    """The plan of several results folders, and the last result of each project with the folder that it is in.

    The folders belong to one plan and its retries. The plan that is returned is the first one, with each task as the
    plan of its last result pins it. A project without a result is deferred, since no run has reached it. Raises
    ToolError for a folder without a plan, and for folders that belong to different plans.
    """
    paths = [*folders]
    if not paths:
        raise ToolError("There is no folder of results.", "Give the --out DIR of `new-ops-project fleet update`.")
    plans = {folder: _plan_of(folder) for folder in paths}
    first = _first({plan.id: plan for plan in plans.values()}, paths)
    home = next(folder for folder in paths if plans[folder].id == first.id)
    last = {task.name: (home, task_result(task, first.id, reason="No run has come to it yet.")) for task in first.tasks}
    last |= {result.name: (home, result) for result in first.settled}
    for folder, result in _all_results(plans):
        if result.name in last and _time(last[result.name][1]) <= _time(result):
            last[result.name] = folder, result
    return _merged(first, plans.values(), last), last


def _plan_of(folder: Path) -> FleetPlan:
    if not (folder / PLAN).is_file():
        message = f"{folder / PLAN} does not exist, so {folder} is not a folder of results."
        raise ToolError(message, "Give the --out DIR of `new-ops-project fleet update`.")
    return read_plan(folder / PLAN)


def _first(plans: Mapping[str, FleetPlan], folders: list[Path]) -> FleetPlan:
    """The plan that all others retry; raises ToolError if there is none."""
    firsts = [plan for plan in plans.values() if plan.parent not in plans]
    if len(firsts) != 1:
        message = f"{', '.join(map(str, folders))} hold results of different plans."
        raise ToolError(message, "Give the folders of one plan, and of its retries.")
    return firsts[0]


def _all_results(plans: Mapping[Path, FleetPlan]) -> Iterator[tuple[Path, Result]]:
    """Every result of these plans with its folder, including what each plan settled.

    A line counts only in the file of its project's shard: each shard comes from its own machine, and none may
    overwrite the results of another.
    """
    shards = {plan.id: {task.name: (task.shard, plan.shards) for task in plan.tasks} for plan in plans.values()}
    for folder, plan in plans.items():
        yield from ((folder, result) for result in plan.settled)
    for folder in plans:
        for path in sorted(folder.glob("results-*.jsonl")):
            shard = _shard(path)
            yield from (
                (folder, result)
                for result in _read_results(path)
                if result.plan in shards and shard in {WHOLE, shards[result.plan].get(result.name)}
            )


def _shard(path: Path) -> tuple[int, int]:
    """The number of the shard of a results file, with the number of shards."""
    match = re.fullmatch(r"results-(\d+)-of-(\d+)", path.stem)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _time(result: Result) -> str:
    """The result's time as a sort key: without the Z, a whole second sorts before its fractions."""
    return result.at.removesuffix("Z")


def _merged(first: FleetPlan, plans: Iterable[FleetPlan], last: Mapping[str, tuple[Path, Result]]) -> FleetPlan:
    """The first plan, with the tasks and settled projects that the last results belong to."""
    pins = {(plan.id, task.name): task for plan in plans for task in plan.tasks}
    results = [result for _, result in last.values()]
    tasks = tuple(pins[result.plan, result.name] for result in results if (result.plan, result.name) in pins)
    settled = tuple(result for result in results if (result.plan, result.name) not in pins)
    return replace(first, tasks=tasks, settled=settled)


def task_result(task: Task, plan: str, **more: object) -> Result:
    """A result of a task, with the fields in `more`; deferred unless `more` has a state."""
    shared = (
        "name",
        "url",
        "folder",
        "owner",
        "group",
        "tier",
        "python",
        "branch",
        "base",
        "template",
        "before",
        "version",
        "shard",
    )
    result = Result(state=ResultState.DEFERRED, plan=plan, **{key: getattr(task, key) for key in shared})
    return replace(result, **more)  # type: ignore[arg-type]
