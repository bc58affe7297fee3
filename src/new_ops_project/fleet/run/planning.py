"""A fleet becomes a plan: the template's version and commit, and every repository's base, pinned; shards balanced."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from new_ops_project import __version__
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet import history, store
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.inventory import scan, templates
from new_ops_project.fleet.inventory.repositories import Fleet
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.inventory.templates import KnownTemplate
from new_ops_project.fleet.model import FleetPlan, Result, ResultState, Task
from new_ops_project.fleet.run import shards, waves

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PlanRequest:
    """What is asked for: a version (the newest, unless told), a wave, how many shards (0: as many as are worth it)."""

    to: str | None = None
    wave: str = waves.ALL
    shards: int = 0
    names: frozenset[str] | None = None
    """Only these projects, whatever the wave; None for all of it."""
    offline: bool = False
    seconds: float = scan.LIMIT
    """for each repository to be looked at"""
    pins: Mapping[str, str] = field(default_factory=dict)
    """The version of each template, by its recorded location, that an earlier plan went to."""
    again: Mapping[str, str] = field(default_factory=dict)
    """What each project had then: if it has that still, it goes to the pinned version, be that older."""
    last: Mapping[str, PastRun] = field(default_factory=dict)
    """What earlier plans and results say besides what is remembered here."""


def plan(fleet: Fleet, wanted: PlanRequest, told: Told) -> FleetPlan:
    """Look at every repository and pin what shall be done.

    Raises ToolError for a wave that there is not, and for a version that no template of the fleet has.
    """
    looks = scan.look(fleet.places, told, wanted.seconds)
    if not looks:
        raise ToolError("There is no repository in these sources.", "Give a folder of clones, a list, or a URL.")
    return of_looks(looks, fleet, wanted)


def of_looks(looks: list[Inspection], fleet: Fleet, wanted: PlanRequest) -> FleetPlan:
    """The same for repositories that were looked at."""
    if wanted.names is None:
        found = waves.chosen(looks, wanted.wave, fleet.waves)
    else:
        found = [one for one in looks if one.name in wanted.names]
    known = templates.find(found, to=wanted.to, pins=wanted.pins, offline=wanted.offline)
    if known and all(one.error for one in known.values()):
        raise next(one.error for one in known.values() if one.error)
    past = {**history.read(), **wanted.last}
    made = [
        _judged(one, known.get(one.template, KnownTemplate()), past.get(one.name, PastRun()), _asked(one, wanted))
        for one in found
    ]
    tasks = tuple(one for one in made if isinstance(one, Task))
    settled = tuple(one for one in made if isinstance(one, Result))
    number = wanted.shards or shards.count(task.cost for task in tasks)
    before = {name: one.shard for name, one in past.items() if one.shards == number}
    where = shards.assign({task.name: task.cost for task in tasks}, number, before)
    tasks = tuple(replace(task, shard=where[task.name]) for task in tasks)
    return _identified(
        FleetPlan("", _now(), fleet.author or _author(), wanted.wave, number, tasks, settled, fleet.limits, fleet.forge)
    )


def _asked(one: Inspection, wanted: PlanRequest) -> str | None:
    """The version that is asked for, even if the project is ahead of it."""
    return wanted.to or (wanted.pins.get(one.template) if wanted.again.get(one.name) == one.before else None)


def _judged(one: Inspection, known: KnownTemplate, past: PastRun, to: str | None) -> Task | Result:
    """What there is to do for one project; or why there is nothing."""
    after = known.after
    shared: dict[str, Any] = {
        "url": one.url,
        "folder": one.folder,
        "owner": one.owner,
        "group": one.group,
        "tier": one.tier,
        "python": one.python,
        "branch": one.branch,
        "base": one.base,
        "template": one.template,
        "before": one.before,
        "version": str(after.version) if after else "",
    }
    settled = Result(one.name, ResultState.CURRENT, "", at=_now(), **shared)
    if one.state:
        return replace(settled, state=one.state, reason=one.reason, hint=one.hint)
    try:
        if not templates.is_behind(known, one.before, to=to):
            return replace(settled, version=one.before)
    except ToolError as error:
        return replace(settled, state=ResultState.FAILED, reason=error.message, hint=error.hint)
    return Task(
        one.name,
        prefix=one.prefix,
        answers_file=one.answers_file,
        commit=str(after and after.commit),
        cost=past.cost,
        **shared,
    )


def _author() -> str:
    """Whoever git knows here; a name of the tool's own where it knows nobody, as in CI."""
    from new_ops_project import git

    if git.has_identity(Path.cwd()):
        return git.git("var", "GIT_AUTHOR_IDENT").text.rpartition(">")[0] + ">"
    return "new-ops-project <new-ops-project@localhost>"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identified(plan: FleetPlan) -> FleetPlan:
    """The plan with an id that is made of what it pins: the same pins, the same id."""
    pins = {
        "tool": __version__,
        "author": plan.author,
        "tasks": [_pins(task) for task in plan.tasks],
        "settled": [[one.name, str(one.state), one.base] for one in plan.settled],
    }
    name = hashlib.sha256(json.dumps(pins).encode()).hexdigest()[:12]
    settled = tuple(replace(one, plan=name) for one in plan.settled)
    return replace(plan, id=name, settled=settled)


def _pins(task: Task) -> list[Any]:
    return [task.name, task.base, task.template, task.before, task.version, task.commit]


def summary(plan: FleetPlan) -> dict[str, int]:
    """How many projects there are to do, and how many of each state are settled."""
    found = {"to do": len(plan.tasks)}
    for one in plan.settled:
        found[str(one.state)] = found.get(str(one.state), 0) + 1
    return found


def with_limits(plan: FleetPlan, failed: float | None, conflicts: float | None) -> FleetPlan:
    """The plan with other limits of its wave, in percent, where they are given."""
    limits = plan.limits
    more = {key: value for key, value in (("failed", failed), ("conflicts", conflicts)) if value is not None}
    return replace(plan, limits=replace(limits, **more)) if more else plan


def remembered(places: Iterable[Path]) -> dict[str, PastRun]:
    """What earlier plans, and results in folders, say of costs and shards; raises ToolError for what is neither."""
    found: dict[str, PastRun] = {}
    for place in places:
        plan = store.read_plan(place / store.PLAN if place.is_dir() else place)
        found |= history.of_plan(plan)
        if place.is_dir():
            found = history.of_results(found, (one for _, one in store.gathered([place])[1].values()))
    return found
