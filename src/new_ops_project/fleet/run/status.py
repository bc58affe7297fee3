"""How each project of a fleet stands: what it has, how far behind it is, and what should be done first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import shown
from new_ops_project.fleet import history
from new_ops_project.fleet.engines import renovate
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.inventory import templates
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.inventory.templates import KnownTemplate
from new_ops_project.fleet.model import PathNote, ResultState, Task
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.run.pool import Assignment
from new_ops_project.fleet.run.task import RunContext


@dataclass(frozen=True)
class StatusRow:
    """One row of `fleet status`.

    `state` is failed, behind, deferred or current; `behind` counts releases, `days` since that version was released
    (None: not known). `drift` is None where nobody has looked. `python_end` is '', soon or ended. `open` are its
    template branches; `renovate` says why Renovate could not refresh it, '' if it could.
    """

    name: str
    state: str
    reason: str = ""
    hint: str = ""
    owner: str = ""
    group: str = ""
    tier: str = ""
    python: str = ""
    python_end: str = ""
    template: str = ""
    version: str = ""
    newest: str = ""
    behind: int = 0
    days: int | None = None
    drift: tuple[PathNote, ...] | None = None
    open: tuple[str, ...] = ()
    last: PastRun = field(default_factory=PastRun)
    renovate: str = ""
    url: str = ""
    folder: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object of it in --json."""
        drift = None if self.drift is None else [{"path": one.path, "what": one.what} for one in self.drift]
        names = ("state", "reason", "version", "at")
        last = {key: getattr(self.last, key) for key in names} if self.last.state else None
        return {**self.__dict__, "drift": drift, "open": list(self.open), "last": last}


def standings(looks: Iterable[Inspection], known: Mapping[str, KnownTemplate], now: datetime) -> list[StatusRow]:
    """How every project stands; what needs doing comes first: failed, by releases behind, by Python's end, by age."""
    past = history.read()
    found = [
        _standing(one, known.get(one.template, KnownTemplate()), past.get(one.name, PastRun()), now) for one in looks
    ]
    return sorted(found, key=_order)


_FIRST = ("failed", "behind", "deferred", "current")
_ENDS = ("ended", "soon", "")


def _order(one: StatusRow) -> tuple[int, int, int, int, str]:
    return _FIRST.index(one.state), -one.behind, _ENDS.index(one.python_end), -(one.days or 0), one.name


def _standing(one: Inspection, known: KnownTemplate, last: PastRun, now: datetime) -> StatusRow:
    released = known.dates.get(one.before)
    start = StatusRow(
        one.name,
        "current",
        owner=one.owner,
        group=one.group,
        tier=one.tier,
        python=one.python,
        python_end=end_of_life(one.python, now.date()),
        template=one.template,
        version=one.before,
        newest=str(known.after.version) if known.after else "",
        days=(now - released).days if released else None,
        open=one.open,
        last=last,
        url=one.url,
        folder=one.folder,
        renovate=renovate.readiness(one.template, one.before) if one.template else "",
    )
    if one.state == ResultState.FAILED or not one.template:
        return replace(start, state=str(one.state or ResultState.FAILED), reason=one.reason, hint=one.hint)
    try:
        is_behind = templates.is_behind(known, one.before, to=None)
    except ToolError as error:
        return replace(start, state="failed", reason=error.message, hint=error.hint)
    behind = max(templates.releases_behind(known, one.before), 1) if is_behind else 0
    state = "behind" if is_behind else "current"
    # Somebody at work in a clone is worth saying, and no reason to leave out how far behind it is.
    return replace(start, state=state, behind=behind, reason=one.reason, hint=one.hint)


def end_of_life(python: str, today: date) -> str:
    """Whether the support of a Python version has ended (ended), ends within half a year (soon), or neither ('')."""
    from new_ops_project.fleet import python_support

    ends = {python_support.Support.ENDED: "ended", python_support.Support.SOON: "soon"}
    return ends.get(python_support.use(python, today).support, "")


def with_drift(
    found: list[StatusRow],
    looks: Iterable[Inspection],
    known: Mapping[str, KnownTemplate],
    jobs: int,
    told: Callable[[str, int, int], None],
) -> list[StatusRow]:
    """The same with the files of the template that each project has edited or deleted."""
    tasks = [task for one in looks if (task := _task(one, known.get(one.template, KnownTemplate())))]
    releases = {name: one.releases for name, one in known.items() if one.releases}
    work = Assignment("drift", RunContext("", "", "", Path()), releases, 120.0)
    drift: dict[str, tuple[PathNote, ...]] = {}
    failures: dict[str, tuple[str, str]] = {}
    with pool.answers(tasks, work, jobs) as answers:
        for number, answer in enumerate(answers, 1):
            said = answer.said or {"reason": answer.reason}
            if said.get("reason"):
                failures[answer.task.name] = str(said["reason"]), str(said.get("hint", ""))
            else:
                drift[answer.task.name] = tuple(PathNote(**one) for one in said["drift"])
            told(shown(answer.task.name), number, len(tasks))
    seen = [replace(one, drift=drift.get(one.name)) for one in found]
    return sorted((_failed(one, *failures[one.name]) if one.name in failures else one for one in seen), key=_order)


def _failed(one: StatusRow, reason: str, hint: str) -> StatusRow:
    return replace(one, state="failed", reason=reason, hint=hint)


def _task(one: Inspection, known: KnownTemplate) -> Task | None:
    """What a worker is asked of a project: its own version of the template."""
    at = templates.commit(known.releases, one.before) if known.releases else None
    if one.state == ResultState.FAILED or at is None:
        return None
    return Task(
        one.name,
        one.url,
        one.folder,
        one.prefix,
        one.answers_file,
        one.owner,
        one.group,
        one.branch,
        one.base,
        one.template,
        one.before,
        one.before,
        at,
        one.tier,
        one.python,
    )


def counts(found: Iterable[StatusRow]) -> dict[str, int]:
    """How many there are of each state."""
    total = dict.fromkeys(_FIRST, 0)
    for one in found:
        total[one.state] += 1
    return total
