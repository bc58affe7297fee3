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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project.errors import ToolError
from new_ops_project.fleet.model import Delivery, Plan, Result, State, Task

PLAN = "plan.json"
JOURNAL = "published.jsonl"
_SHOWN = 60  # characters of a repository's name in the names of its files


def slug(name: str) -> str:
    """A file name for a repository of any name."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[-_SHOWN:]
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:10]}"


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan as a whole; raises ToolError when that is not possible."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(plan.as_json(), indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Give another place.") from error


def read_plan(path: Path) -> Plan:
    """The plan in a file; raises ToolError for one that cannot be read, or is none."""
    try:
        return Plan.read(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ToolError(f"{path} does not exist.", "Make one with `new-ops-project fleet plan`.") from error
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read: {error.strerror or error}.", "Mend that, then run it again."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{path} is no plan of this tool: {type(error).__name__}: {error}."
        raise ToolError(message, "Make one with `new-ops-project fleet plan`.") from error


class Store:
    """A folder of results that one run writes to, one line at a time."""

    def __init__(self, folder: Path, *, shard: int = 1, shards: int = 1) -> None:
        self.folder = folder
        self._path = folder / f"results-{shard}-of-{shards}.jsonl"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have the folder for this run alone; raises ToolError when another run has it, or it cannot be written."""
        from filelock import FileLock, Timeout

        try:
            for folder in (self.folder, self.folder / "bundles", self.folder / "logs"):
                folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=0):
                self._mend()
                yield
        except Timeout as error:
            raise ToolError(f"Another run writes to {self._path}.", "Wait for it, or give another --out.") from error

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
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            yield Result.read(found)


def objects(path: Path) -> Iterator[Any]:
    """What each whole line of a file of JSON lines holds; nothing for a file that is not there."""
    if path.exists():
        for line in path.read_bytes().split(b"\n")[:-1]:
            with suppress(ValueError):
                yield json.loads(line)


def deliveries(path: Path) -> dict[tuple[str, str], Delivery]:
    """The last delivery of each project, by its name and its plan, as a journal has it."""
    found = {}
    for line in objects(path):
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            one = Delivery.read(line)
            found[one.name, one.plan] = one
    return found


def gathered(folders: Iterable[Path]) -> tuple[Plan, dict[str, tuple[Path, Result]]]:
    """The plan of several folders, and the last result of each of its projects with the folder that it is in.

    A project without a line is deferred: no run has come to it. Raises ToolError for a folder without a plan, and for
    folders of different plans.
    """
    where = [*folders]
    plans = {one.id: one for one in (read_plan(folder / PLAN) for folder in where)}
    if len(plans) > 1:
        raise ToolError(f"{', '.join(map(str, where))} hold results of different plans.", "Give those of one plan.")
    if not plans:
        raise ToolError("There is no folder of results.", "Give the --out DIR of `new-ops-project fleet update`.")
    plan = next(iter(plans.values()))
    found = {one.name: (where[0], one) for one in plan.settled}
    known = {task.name for task in plan.tasks}
    lines = (
        (folder, one) for folder in where for path in sorted(folder.glob("results-*.jsonl")) for one in _lines(path)
    )
    for folder, one in lines:
        if one.plan == plan.id and one.name in known:
            before = found.get(one.name)
            if before is None or before[1].at <= one.at:
                found[one.name] = folder, one
    for task in plan.tasks:
        found.setdefault(task.name, (where[0], outcome(task, plan.id, reason="No run has come to it yet.")))
    return plan, found


def outcome(task: Task, plan: str, **more: object) -> Result:
    """A result of a task, deferred unless said otherwise."""
    shared = ("name", "url", "folder", "owner", "group", "tier", "python", "branch", "base", "template", "before",
              "version", "shard")  # fmt: skip
    made = Result(state=State.DEFERRED, plan=plan, **{key: getattr(task, key) for key in shared})
    return replace(made, **more)  # type: ignore[arg-type]
