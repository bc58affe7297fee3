"""The data of a fleet run, as its JSON files hold it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

FORMAT = 1  # of plan.json


class ResultState(StrEnum):
    """The outcome of the update of one project."""

    CURRENT = "current"
    """It has the version already."""
    UPDATED = "updated"
    """There is a commit without conflicts."""
    CONFLICT = "conflict"
    """There is a commit with conflict markers, which is delivered only on request."""
    DEFERRED = "deferred"
    """Not tried, for a reason that goes away: uncommitted work, a base that moved, a wave that stopped."""
    FAILED = "failed"
    """Tried, and impossible."""

    @property
    def is_final(self) -> bool:
        """Whether another run of the same plan would give the same result."""
        return self in {ResultState.CURRENT, ResultState.UPDATED, ResultState.CONFLICT}


@dataclass(frozen=True)
class PathNote:
    """A path with a note: a kind of change (added, changed, moved, removed, conflict), a reason or a state."""

    path: str
    what: str


@dataclass(frozen=True)
class Task:
    """One project at a pinned commit, with the template version that it is updated to.

    `name` identifies it: HOST/PATH of its address, else the path of the clone; then `//FOLDER` for a project below the
    repository's root, or `//FILE`, its answers file, where its folder follows several templates. `url` has no
    credentials; `folder` is '' for a project known only by its address. `branch` ended at the commit `base` when the
    plan was made. `before` is the version that the project records; `commit` is the template's commit of `version`.
    `template` is its address as recorded, but masked; with `has_credentials`, what is missing in it is read from the
    project when it is needed. `cost` is in seconds, as last measured; `shard` counts from 1.
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
    has_credentials: bool = False

    @property
    def pins(self) -> tuple[str, ...]:
        """What decides its commit. The template's commit is part of it, since a tag can be moved."""
        return self.base, self.template, self.before, self.version, self.commit


@dataclass(frozen=True)
class Result:
    """The result of one project; one line of JSON in a results folder.

    `before` and `version` are versions of its template. `commit` is on the branch `target`, in the file `bundle` of
    the results folder, and its only parent is `base`. `kept` lists files with somebody's work that copier's own update
    would have deleted; `drift` lists files that had been edited or deleted before. `lines` counts added and removed
    lines. `news` is the template's changelog between both versions. `seconds` is elapsed time, `cpu` processor time;
    `at` is when it was known (ISO 8601, UTC).
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

    def as_json(self) -> dict[str, Any]:
        """The JSON object, without empty values."""
        required = {"name", "state", "plan"}
        return {key: value for key, value in asdict(self).items() if value not in ("", (), 0, 0.0) or key in required}


@dataclass(frozen=True)
class Limits:
    """The limits of a wave: it stops above `failed` or `conflicts` percent of its repositories."""

    failed: float = 5.0
    conflicts: float = 20.0
    larger: float = 10.0
    """A change waits for a person if it has more lines than this many times the median; 100 lines are always fine."""


@dataclass(frozen=True)
class FleetPlan:
    """The pinned tasks of a fleet: every run of the plan, on any machine, makes the same commits.

    `settled` holds the projects that need nothing or could not be inspected. `author` is `NAME <ADDRESS>` of every
    commit; `created` is their date (ISO 8601, UTC). `parent` is the id of the plan that this one retries.
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

    def as_json(self) -> dict[str, Any]:
        """The JSON object."""
        return {"format": FORMAT, **asdict(self), "settled": [result.as_json() for result in self.settled]}

    def of_shard(self, number: int) -> tuple[Task, ...]:
        """The tasks of a shard; the first shard is 1."""
        return tuple(task for task in self.tasks if task.shard == number)


@dataclass(frozen=True)
class RunContext:
    """What all tasks of a plan share: its id, author and date, and the results folder `out`."""

    plan: str
    author: str
    created: str
    out: Path
    work: Path | None = None
    """The folder for temporary files; None for the system's."""
    trust: bool = False
    """Whether templates may run code."""
    checks_base: bool = False
    """Whether to defer a project whose branch moved since the plan."""


class Delivered(StrEnum):
    """How far a commit was delivered."""

    BRANCH = "branch"
    """It is on a branch of the clone on this machine."""
    PUSHED = "pushed"
    """It is on a branch of the remote."""
    OPENED = "opened"
    """There is a new pull request for it."""
    REFRESHED = "refreshed"
    """It was added to a pull request that was open already."""
    UNTOUCHED = "untouched"
    """The branch has a person's commits, so nothing was done."""
    HELD = "held"
    """It changes far more than the others do, so it waits for a person."""
    DEFERRED = "deferred"
    """Not now: its branch moved since the plan, or the wave was stopped."""
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether the commit reached its destination."""
        return self in {Delivered.BRANCH, Delivered.PUSHED, Delivered.OPENED, Delivered.REFRESHED}


@dataclass(frozen=True)
class Delivery:
    """The delivery of one project's commit; one line of JSON in a journal. `request` is the URL of a pull request."""

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


def timestamp() -> str:
    """The current time in the format of results."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def counts(results: Iterable[Result]) -> dict[ResultState, int]:
    """The number of results of each state; states without results have 0."""
    totals = dict.fromkeys(ResultState, 0)
    for result in results:
        totals[result.state] += 1
    return totals
