"""`fleet retry`: a plan for what was not done, of the same template versions and the repositories as they are now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.fleet import history, store
from new_ops_project.fleet.inventory import scan
from new_ops_project.fleet.inventory.repositories import Fleet, RepositoryPlace
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, Result, ResultState
from new_ops_project.fleet.run import planning
from new_ops_project.fleet.run.planning import PlanRequest

STATES = ("failed", "deferred", "conflict")


def retry(
    folders: Sequence[Path], only: Sequence[str], names: Sequence[str], out: Path, progress: Progress
) -> FleetPlan:
    """Plan the projects whose state is in `only`, and whose name is in `names` unless that is empty; write it to `out`.

    A commit whose delivery failed or was deferred counts with the state of the delivery. Raises ToolError if there is
    no such project, and if the folders are not results of one plan and its retries, or lack one of `names`.
    """
    git.require_on_path()
    before, last = store.gather(folders)
    for name in names:
        if name not in last:
            hint = nearest(name, [*last]) or "See `new-ops-project fleet report DIR --json`."
            raise ToolError(f"{name} is not in these results.", capitalize(hint))
    deliveries = {
        key: delivery for folder in folders for key, delivery in store.deliveries(folder / store.JOURNAL).items()
    }
    results = [
        result
        for _, result in last.values()
        if (not names or result.name in names) and _state(result, deliveries.get((result.name, result.plan))) in only
    ]
    if not results:
        states = " or ".join(only)
        raise ToolError(f"Nothing in these results is {states}.", f"--only takes {', '.join(STATES)}.")
    places = (RepositoryPlace(url="" if result.folder else result.url, folder=result.folder) for result in results)
    inspections = scan.inspect(dict.fromkeys(places), progress)
    fleet = Fleet((), {}, before.limits, before.author, before.forge)
    plan = planning.plan_inspected([*_projects(results, inspections)], fleet, _request(before, results))
    plan = replace(plan, parent=before.id if plan.id != before.id else before.parent)
    store.write_plan(plan, out)
    return plan


def _request(before: FleetPlan, results: Iterable[Result]) -> PlanRequest:
    """The same versions, wave and shards as before, for these projects."""
    pins = {
        result.template: result.version
        for result in before.settled
        if result.state != ResultState.CURRENT and result.version
    }
    pins |= {task.template: task.version for task in before.tasks}
    recorded = {result.name: result.before for result in results}
    return PlanRequest(
        wave=before.wave,
        shards=before.shards,
        names=frozenset(recorded),
        pins=pins,
        recorded=recorded,
        past=history.from_plan(before),
    )


def _projects(results: Iterable[Result], inspections: Iterable[Inspection]) -> Iterator[Inspection]:
    """The current inspection of each project, under the name that its result has."""
    current = [*inspections]
    by_name = {project.name: project for project in current}
    for result in results:
        project = by_name.get(result.name) or next(
            (entry for entry in current if _location(entry) == _location(result) and _can_replace(entry, result)), None
        )
        yield replace(project or _missing(result), name=result.name, owner=result.owner, group=result.group)


def _location(entry: Inspection | Result) -> str:
    return entry.folder or entry.url


def _can_replace(inspection: Inspection, result: Result) -> bool:
    """Whether an inspection of the same place is about the project of the result, although its name differs.

    The name changes when a clone becomes readable, since an unreadable clone has no remote to be named after; and when
    it becomes unreadable, since it then has one entry without projects.
    """
    return not inspection.template if "//" in result.name else not inspection.prefix


def _missing(result: Result) -> Inspection:
    reason = f"The project {result.name.rpartition('//')[2]} is no longer in {_location(result)}."
    return Inspection(
        result.name, result.url, result.folder, state=ResultState.FAILED, reason=reason, hint="Leave it out."
    )


def _state(result: Result, delivery: Delivery | None) -> str:
    """The state that `only` is compared with."""
    if result.state == ResultState.UPDATED and delivery and delivery.state in {Delivered.FAILED, Delivered.DEFERRED}:
        return str(delivery.state)
    return str(result.state)
