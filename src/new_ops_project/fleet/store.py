"""A folder of results: the plan, one line of JSON for each repository the moment it is known, bundles and logs.

- plan.json: the plan, whole
- results-1-of-4.jsonl: one line for each repository of a shard, in the order in which they came
- bundles/, logs/: one file for each repository, by its `slug`
- published.jsonl: how each commit was delivered (in the first of several folders)
"""

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.model import Delivery, FleetPlan, Result, ResultState, Task

PLAN = "plan.json"
JOURNAL = "published.jsonl"
WHOLE = (1, 1)  # the shard of a run that is not one of several
_NONE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)  # what JSON that is something else raises when it is read
_SHOWN = 60  # characters of a repository's name in the names of its files


def slug(name: str) -> str:
    """A file name for a repository of any name."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name)[-_SHOWN:].strip("-.")
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:10]}".lstrip("-")


def write_plan(plan: FleetPlan, path: Path) -> None:
    """Write the plan as a whole; raises ToolError when that is not possible."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(plan.as_json(), indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Give another place.") from error


def read_plan(path: Path) -> FleetPlan:
    """The plan in a file; raises ToolError for one that cannot be read, or is none."""
    try:
        return FleetPlan.read(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ToolError(f"{path} does not exist.", "Make one with `new-ops-project fleet plan`.") from error
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read: {error.strerror or error}.", "Mend that, then run it again."
        ) from error
    except _NONE as error:
        message = f"{path} is no plan of this tool: {type(error).__name__}: {error}."
        raise ToolError(message, "Make one with `new-ops-project fleet plan`.") from error


def _memory(folder: Path, shard: int, shards: int) -> Path | None:
    """A place in memory for what is small and soon gone: on a disk, removing folders takes longer than all the rest.

    None where the system has none, or somebody else has one of that name there. Its name tells a later run of this user
    with the same folder what to take away.
    """
    place = Path("/dev/shm")  # noqa: S108 - the name has the user in it, and a folder of another one is left alone
    if not hasattr(os, "getuid") or not os.access(place, os.W_OK):
        return None
    name = hashlib.sha256(os.fsencode(f"{folder.absolute()}\0{shard}\0{shards}")).hexdigest()[:16]
    found = place / f"new-ops-project-{os.getuid()}-{name}"
    try:
        about = found.lstat()
    except FileNotFoundError:
        return found
    return found if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() else None


class Store:
    """A folder of results that one run writes to, one line at a time."""

    def __init__(self, folder: Path, *, shard: int = 1, shards: int = 1) -> None:
        self.folder = folder
        self._path = folder / f"results-{shard}-of-{shards}.jsonl"
        self.work = _memory(folder, shard, shards) or folder / f".work-{shard}-of-{shards}"
        """for what is temporary: gone at the end, and at the beginning what a run that was killed has left there"""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have the folder for this run alone; raises ToolError when another run has it, or it cannot be written."""
        with ExitStack() as stack:
            self._take(stack)
            yield

    def _take(self, stack: ExitStack) -> None:
        from filelock import FileLock, Timeout

        try:
            for folder in (self.folder, self.folder / "bundles", self.folder / "logs"):
                folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(self._path.with_suffix(".lock"), timeout=0))
            self._mend()
            shutil.rmtree(self.work, ignore_errors=True)
            self.work.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, self.work, ignore_errors=True)
        except Timeout as error:
            raise ToolError(f"Another run writes to {self._path}.", "Wait for it, or give another --out.") from error
        except OSError as error:
            message = f"{self.folder} cannot be written: {error.strerror or error}."
            raise ToolError(message, "Give another --out.") from error

    def _mend(self) -> None:
        """Take away the half line that a run which was killed may have left."""
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            with self._path.open("r+b") as file:
                file.truncate(len(whole))

    def add(self, result: Result) -> None:
        """Write a result; it is on the disk when this returns. Raises ToolError when the disk does not take it."""
        line = json.dumps(result.as_json(), separators=(",", ":")).encode() + b"\n"
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            message = f"{self._path} cannot be written: {error.strerror or error}."
            raise ToolError(message, "What is in it is kept; free the disk, then run this again.") from error

    def results(self) -> dict[str, Result]:
        """The last result of each project of this shard."""
        return {one.name: one for one in _lines(self._path)}


def _lines(path: Path) -> Iterator[Result]:
    """The results of one file; a line that is none, or not whole, is left out."""
    for found in objects(path):
        with suppress(*_NONE):
            yield Result.read(found)


def objects(path: Path) -> Iterator[Any]:
    """What each whole line of a file of JSON lines holds; nothing for a file that is not there."""
    if path.exists():
        for line in path.read_bytes().split(b"\n")[:-1]:
            with suppress(ValueError, RecursionError):
                yield json.loads(line)


def deliveries(path: Path) -> dict[tuple[str, str], Delivery]:
    """The last delivery of each project, by its name and its plan, as a journal has it."""
    found = {}
    for line in objects(path):
        with suppress(*_NONE):
            one = Delivery.read(line)
            found[one.name, one.plan] = one
    return found


def gathered(folders: Iterable[Path]) -> tuple[FleetPlan, dict[str, tuple[Path, Result]]]:
    """The plan of several folders, and the last result of each of its projects with the folder that it is in.

    The folders are those of one plan and of its retries. The plan is the first one, with each project as the plan
    of its last result pins it. A project without a line is deferred: no run has come to it. Raises ToolError for a
    folder without a plan, and for folders of plans that are no retries of one.
    """
    where = [*folders]
    if not where:
        raise ToolError("There is no folder of results.", "Give the --out DIR of `new-ops-project fleet update`.")
    plans = {folder: _plan_of(folder) for folder in where}
    first = _first({one.id: one for one in plans.values()}, where)
    home = next(folder for folder in where if plans[folder].id == first.id)
    found = {task.name: (home, outcome(task, first.id, reason="No run has come to it yet.")) for task in first.tasks}
    found |= {one.name: (home, one) for one in first.settled}
    for folder, one in _said(plans):
        if one.name in found and _when(found[one.name][1]) <= _when(one):
            found[one.name] = folder, one
    return _merged(first, plans.values(), found), found


def _plan_of(folder: Path) -> FleetPlan:
    if not (folder / PLAN).is_file():
        message = f"{folder / PLAN} does not exist, so {folder} is no folder of results."
        raise ToolError(message, "Give the --out DIR of `new-ops-project fleet update`.")
    return read_plan(folder / PLAN)


def _first(plans: Mapping[str, FleetPlan], where: list[Path]) -> FleetPlan:
    """The plan that all the others try again; raises ToolError when there is none."""
    firsts = [one for one in plans.values() if one.parent not in plans]
    if len(firsts) != 1:
        message = f"{', '.join(map(str, where))} hold results of different plans."
        raise ToolError(message, "Give the folders of one plan, and of its retries.")
    return firsts[0]


def _said(plans: Mapping[Path, FleetPlan]) -> Iterator[tuple[Path, Result]]:
    """Every result of these plans with its folder; what a retry found to be settled is one, too."""
    shards = {plan.id: {task.name: (task.shard, plan.shards) for task in plan.tasks} for plan in plans.values()}
    for folder, plan in plans.items():
        yield from ((folder, one) for one in plan.settled)
    for folder in plans:
        for path in sorted(folder.glob("results-*.jsonl")):
            mine = _shard(path)
            yield from (
                (folder, one)
                for one in _lines(path)
                if one.plan in shards and mine in {WHOLE, shards[one.plan].get(one.name)}
            )


def _shard(path: Path) -> tuple[int, int]:
    """Which shard of how many a file of results is of: the lines of others in it do not count."""
    found = re.fullmatch(r"results-(\d+)-of-(\d+)", path.stem)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _when(result: Result) -> str:
    """When it was known, in the order of time: with or without parts of a second."""
    return result.at.removesuffix("Z")


def _merged(first: FleetPlan, plans: Iterable[FleetPlan], found: Mapping[str, tuple[Path, Result]]) -> FleetPlan:
    """The first plan with each project's task, or with its being settled, as its last result has it."""
    pins = {(plan.id, task.name): task for plan in plans for task in plan.tasks}
    results = [one for _, one in found.values()]
    tasks = tuple(pins[one.plan, one.name] for one in results if (one.plan, one.name) in pins)
    settled = tuple(one for one in results if (one.plan, one.name) not in pins)
    return replace(first, tasks=tasks, settled=settled)


def outcome(task: Task, plan: str, **more: object) -> Result:
    """A result of a task, deferred unless said otherwise."""
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
    made = Result(state=ResultState.DEFERRED, plan=plan, **{key: getattr(task, key) for key in shared})
    return replace(made, **more)  # type: ignore[arg-type]
