"""What a fleet is made of: a plan of tasks, and a result for each; all of it is JSON on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from new_ops_project.fleet import json_types

_FORMAT = 1  # of a plan's file


class ResultState(StrEnum):
    """How it went with one repository."""

    CURRENT = "current"
    """It has that version of the template already."""
    UPDATED = "updated"
    """There is a commit for it, without conflicts."""
    CONFLICT = "conflict"
    """There is a commit with conflict markers in it, which is delivered only when that is asked for."""
    DEFERRED = "deferred"
    """Not tried, for a reason that goes away: uncommitted work, a base that moved, a wave that stopped."""
    FAILED = "failed"
    """Tried, and it could not be done."""

    @property
    def is_final(self) -> bool:
        """Whether another run with the same plan would find the same."""
        return self in {ResultState.CURRENT, ResultState.UPDATED, ResultState.CONFLICT}


@dataclass(frozen=True)
class PathNote:
    """One path, and what of it: a kind of change (added, changed, moved, removed, conflict), a reason, a state."""

    path: str
    what: str

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The path of a JSON object; raises TypeError for what is none."""
        json_types.require(cls, found)
        return cls(**found)


@dataclass(frozen=True)
class Task:
    """One project of the fleet at a commit, and the version of its template to take it to.

    `name` is its identity: HOST/PATH of its address, else the path of the clone; with `//FOLDER` for a project below
    the repository's root. `url` has no credentials; `folder` is '' for what is known by its address only. `branch` is
    the one that `base` is the tip of. `cost` is in seconds, as last measured; `shard` counts from 1.
    """

    name: str
    url: str
    folder: str
    prefix: str
    answers_file: str
    owner: str
    group: str
    branch: str
    base: str
    template: str
    before: str
    version: str
    commit: str
    tier: str
    python: str
    cost: float = 0.0
    shard: int = 1

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The task of a JSON object; raises TypeError for what is none."""
        json_types.require(cls, found)
        return cls(**found)


@dataclass(frozen=True)
class Result:
    """What became of one project; one line of JSON in a folder of results.

    `before` and `version` are those of its template; `commit` is on the branch `target`, in the file `bundle` of the
    folder of results, and its only parent is `base`. `kept` are files that copier's own update would have deleted with
    somebody's work in them; `drift` are files that had been edited or deleted before. `lines` counts those added and
    removed. `news` is the template's changelog between both versions. `seconds` and `cpu` are what it took, `at` is
    when (ISO 8601, UTC).
    """

    name: str
    state: ResultState
    plan: str
    reason: str = ""
    hint: str = ""
    url: str = ""
    folder: str = ""
    owner: str = ""
    group: str = ""
    tier: str = ""
    python: str = ""
    branch: str = ""
    base: str = ""
    template: str = ""
    before: str = ""
    version: str = ""
    target: str = ""
    commit: str = ""
    tree: str = ""
    bundle: str = ""
    log: str = ""
    files: tuple[PathNote, ...] = ()
    conflicts: tuple[PathNote, ...] = ()
    kept: tuple[str, ...] = ()
    drift: tuple[PathNote, ...] = ()
    notes: tuple[str, ...] = ()
    news: str = ""
    lines: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    tries: int = 1
    shard: int = 1
    at: str = ""

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The result of a JSON object; raises KeyError, TypeError or ValueError for what is none."""
        json_types.require(cls, found)
        named = {key: tuple(map(PathNote.read, found.get(key, ()))) for key in ("files", "conflicts", "drift")}
        listed = {key: tuple(map(_text, found.get(key, ()))) for key in ("kept", "notes")}
        return cls(**{**found, **named, **listed, "state": ResultState(found["state"])})

    def as_json(self) -> dict[str, Any]:
        """The JSON object of it, without what is empty."""
        needed = {"name", "state", "plan"}
        return {key: value for key, value in asdict(self).items() if value not in ("", (), 0, 0.0) or key in needed}


@dataclass(frozen=True)
class Limits:
    """When a wave stops, in percent of its repositories, and which difference is far larger than the median."""

    failed: float = 5.0
    conflicts: float = 20.0
    larger: float = 10.0
    """times the median of the lines that change; less than a hundred lines are never too many"""

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The limits of a JSON object; raises TypeError for what are none."""
        json_types.require(cls, found)
        return cls(**found)


@dataclass(frozen=True)
class FleetPlan:
    """What shall be done, pinned: each run of it, on whichever machine, makes the same commits.

    `settled` are the projects that need nothing, or that could not be looked at. `author` is `NAME <ADDRESS>`, of every
    commit; `created` is their date (ISO 8601, UTC). `parent` is the id of the plan whose results this one tries again.
    """

    id: str
    created: str
    author: str
    wave: str
    shards: int
    tasks: tuple[Task, ...]
    settled: tuple[Result, ...] = ()
    limits: Limits = field(default_factory=Limits)
    forge: str = ""
    parent: str = ""

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The plan of a JSON object; raises KeyError, TypeError or ValueError for what is none."""
        if found["format"] != _FORMAT:
            raise ValueError(f"its format is {found['format']!r}, and this tool reads {_FORMAT}")
        json_types.require(cls, found)
        known = {key: value for key, value in found.items() if key != "format"}
        return cls(
            **{
                **known,
                "limits": Limits.read(known.get("limits", {})),
                "tasks": tuple(map(Task.read, known["tasks"])),
                "settled": tuple(map(Result.read, known["settled"])),
            }
        )

    def as_json(self) -> dict[str, Any]:
        """The JSON object of it."""
        return {"format": _FORMAT, **asdict(self), "settled": [one.as_json() for one in self.settled]}

    def of_shard(self, number: int) -> tuple[Task, ...]:
        """The tasks of a shard, counted from 1."""
        return tuple(task for task in self.tasks if task.shard == number)


class Delivered(StrEnum):
    """How far a commit has got."""

    BRANCH = "branch"
    """It is on a branch of the clone on this machine."""
    PUSHED = "pushed"
    """It is on a branch of the remote."""
    OPENED = "opened"
    """There is a new pull request for it."""
    REFRESHED = "refreshed"
    """A pull request that was open already has it."""
    UNTOUCHED = "untouched"
    """A person's commits are on the branch: nothing was done."""
    HELD = "held"
    """It changes far more than the others do, and waits for a person."""
    DEFERRED = "deferred"
    """Not now: its branch moved since the plan, or the wave was stopped."""
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether the commit has got to where it was meant to go."""
        return self in {Delivered.BRANCH, Delivered.PUSHED, Delivered.OPENED, Delivered.REFRESHED}


@dataclass(frozen=True)
class Delivery:
    """How the commit of one project was delivered; one line of JSON in a journal. `request` is a pull request's URL."""

    name: str
    plan: str
    state: Delivered
    mode: str
    commit: str = ""
    target: str = ""
    request: str = ""
    reason: str = ""
    hint: str = ""
    at: str = ""

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The delivery of a JSON object; raises KeyError, TypeError or ValueError for what is none."""
        json_types.require(cls, found)
        return cls(**{**found, "state": Delivered(found["state"])})

    def as_json(self) -> dict[str, Any]:
        """The JSON object of it."""
        return asdict(self)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no text")
    return value


def counts(results: Iterable[Result]) -> dict[ResultState, int]:
    """How many there are of each state; none is left out."""
    found = dict.fromkeys(ResultState, 0)
    for one in results:
        found[one.state] += 1
    return found
