"""The making of a plan from a fleet."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from new_ops_project import __version__
from new_ops_project.base.errors import ToolError
from new_ops_project.base.masking import masked
from new_ops_project.base.progress import Progress
from new_ops_project.fleet import history, store
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.inventory import scan, templates
from new_ops_project.fleet.inventory.repositories import Fleet
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.inventory.templates import FleetTemplate
from new_ops_project.fleet.model import FleetPlan, Result, ResultState, Task, timestamp
from new_ops_project.fleet.run import shards, waves
from new_ops_project.git import identity


@dataclass(frozen=True)
class PlanRequest:
    """The options of a plan: a template version (None: the newest), a wave, the number of shards (0: automatic)."""

    to: str | None = None
    wave: str = waves.ALL
    shards: int = 0
    names: frozenset[str] | None = None
    """Only these projects, whatever the wave; None for all projects of the wave."""
    offline: bool = False
    seconds: float = scan.TIMEOUT
    """The time to inspect one repository."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """The target version of each template in an earlier plan, by recorded location."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """The version that each project recorded then; a project that still does goes to the pinned version, even back."""
    past: Mapping[str, PastRun] = field(default_factory=dict)
    """The runs that earlier plans and results report, in addition to the history on this machine."""


def plan(fleet: Fleet, request: PlanRequest, progress: Progress) -> FleetPlan:
    """Inspect every repository and pin the tasks.

    Raises ToolError without a repository, for an unknown wave, and for a version that no template of the fleet has.
    """
    return plan_inspected(scan.inspect(fleet.places, progress, request.seconds), fleet, request)


def plan_inspected(inspections: list[Inspection], fleet: Fleet, request: PlanRequest) -> FleetPlan:
    """The plan for projects that are inspected already; raises the same errors as `plan`."""
    if request.names is None:
        projects = waves.select(inspections, request.wave, fleet.waves)
    else:
        projects = [project for project in inspections if project.name in request.names]
    fleet_templates = templates.find(projects, to=request.to, pins=request.pins, offline=request.offline)
    if fleet_templates and all(template.error for template in fleet_templates.values()):
        raise next(template.error for template in fleet_templates.values() if template.error)
    past = {**history.read(), **request.past}
    entries = [
        _task_or_result(
            project,
            fleet_templates.get(project.template, FleetTemplate()),
            past.get(project.name, PastRun()),
            _requested_version(project, request),
        )
        for project in projects
    ]
    tasks = tuple(entry for entry in entries if isinstance(entry, Task))
    settled = tuple(entry for entry in entries if isinstance(entry, Result))
    number = request.shards or shards.count(task.cost for task in tasks)
    before = {name: past_run.shard for name, past_run in past.items() if past_run.shards == number}
    assigned = shards.assign({task.name: task.cost for task in tasks}, number, before)
    tasks = tuple(replace(task, shard=assigned[task.name]) for task in tasks)
    author = fleet.author or _author()
    return _with_id(FleetPlan("", timestamp(), author, request.wave, number, tasks, settled, fleet.limits, fleet.forge))


def _requested_version(project: Inspection, request: PlanRequest) -> str | None:
    """The version to go to even if the project is ahead of it; None if no version was requested."""
    is_unchanged = request.recorded.get(project.name) == project.before
    return request.to or (request.pins.get(masked(project.template)) if is_unchanged else None)


def _task_or_result(project: Inspection, template: FleetTemplate, past: PastRun, to: str | None) -> Task | Result:
    """The task of a project; or its result, if there is nothing to do."""
    after = template.after
    shared: dict[str, Any] = {
        "url": project.url,
        "folder": project.folder,
        "owner": project.owner,
        "group": project.group,
        "tier": project.tier,
        "python": project.python,
        "branch": project.branch,
        "base": project.base,
        "template": masked(project.template),
        "before": project.before,
        "version": str(after.version) if after else "",
    }
    settled = Result(project.name, ResultState.CURRENT, "", at=timestamp(), **shared)
    if project.state:
        return replace(settled, state=project.state, reason=project.reason, hint=project.hint)
    try:
        if not templates.is_behind(template, project.before, to=to):
            return replace(settled, version=project.before)
    except ToolError as error:
        return replace(settled, state=ResultState.FAILED, reason=error.message, hint=error.hint)
    return Task(
        project.name,
        prefix=project.prefix,
        answers_file=project.answers_file,
        commit=str(after and after.commit),
        cost=past.cost,
        has_credentials=masked(project.template) != project.template,
        **shared,
    )


def _author() -> str:
    """The identity that git has here; without one, as in CI, an identity of the tool."""
    return str(identity.author(Path.cwd()) or "new-ops-project <new-ops-project@localhost>")


def _with_id(plan: FleetPlan) -> FleetPlan:
    """The plan with an id computed from its pins: the same pins give the same id."""
    pins = {
        "tool": __version__,
        "author": plan.author,
        "tasks": [(task.name, *task.pins) for task in plan.tasks],
        "settled": [[result.name, str(result.state), result.base] for result in plan.settled],
    }
    plan_id = hashlib.sha256(json.dumps(pins).encode()).hexdigest()[:12]
    settled = tuple(replace(result, plan=plan_id) for result in plan.settled)
    return replace(plan, id=plan_id, settled=settled)


def counts(plan: FleetPlan) -> dict[str, int]:
    """The number of tasks, and the number of settled projects of each state."""
    return {"to do": len(plan.tasks), **Counter(str(result.state) for result in plan.settled)}


def past_runs(paths: Iterable[Path]) -> dict[str, PastRun]:
    """The costs and shards in earlier plans and results folders; raises ToolError for a path that is neither."""
    runs: dict[str, PastRun] = {}
    for path in paths:
        plan = store.read_plan(path / store.PLAN if path.is_dir() else path)
        runs |= history.from_plan(plan)
        if path.is_dir():
            runs = history.with_results(runs, (result for _, result in store.gather([path])[1].values()))
    return runs
