"""Results that are none become another plan: the same version of the template, the repositories as they are now."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from new_ops_project.base.errors import ToolError, nearest, sentence
from new_ops_project.fleet import history, store
from new_ops_project.fleet.inventory import scan
from new_ops_project.fleet.inventory.repositories import Fleet, RepositoryPlace
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, Result, ResultState
from new_ops_project.fleet.run import planning
from new_ops_project.fleet.run.planning import PlanRequest


def plan(
    folders: Sequence[Path], only: Sequence[str], names: Sequence[str], told: Callable[[str, int, int], None]
) -> FleetPlan | None:
    """A plan of the projects that ended in one of the states `only`, and are among `names` if there are any.

    What was computed and could not be delivered counts as that. None when there is no such project; raises ToolError
    for folders that are no results of one plan and its retries, and for a name that they do not have.
    """
    before, found = store.gathered(folders)
    for name in names:
        if name not in found:
            hint = nearest(name, [*found]) or "See `new-ops-project fleet report DIR --json`."
            raise ToolError(f"{name} is not in these results.", sentence(hint))
    delivered = {key: one for folder in folders for key, one in store.deliveries(folder / store.JOURNAL).items()}
    wanted = [
        one
        for _, one in found.values()
        if (not names or one.name in names) and _state(one, delivered.get((one.name, one.plan))) in only
    ]
    if not wanted:
        return None
    looks = scan.look(dict.fromkeys(map(_place, wanted)), told)
    fleet = Fleet((), {}, before.limits, before.author, before.forge)
    made = planning.of_looks([*_again(wanted, looks)], fleet, _wanted(before, wanted))
    return replace(made, parent=before.id if made.id != before.id else before.parent)


def _wanted(before: FleetPlan, results: Iterable[Result]) -> PlanRequest:
    """The same versions, wave and shards as before, for these projects."""
    pins = {one.template: one.version for one in before.settled if one.state != ResultState.CURRENT and one.version}
    pins |= {one.template: one.version for one in before.tasks}
    had = {one.name: one.before for one in results}
    return PlanRequest(
        wave=before.wave, shards=before.shards, names=frozenset(had), pins=pins, again=had, last=history.of_plan(before)
    )


def _place(result: Result) -> RepositoryPlace:
    """Where to look again: the clone, where there is one."""
    return RepositoryPlace(folder=result.folder) if result.folder else RepositoryPlace(url=result.url)


def _again(results: Iterable[Result], looks: Iterable[Inspection]) -> Iterator[Inspection]:
    """How each of these projects is now, under the name that it had."""
    seen = [*looks]
    named = {one.name: one for one in seen}
    for result in results:
        there = [one for one in seen if _at(one) == _at(result)]
        found = named.get(result.name) or next((one for one in there if _is_whole(one, result)), None)
        yield replace(found or _gone(result), name=result.name, owner=result.owner, group=result.group)


def _at(one: Inspection | Result) -> str:
    return one.folder or one.url


def _is_whole(one: Inspection, result: Result) -> bool:
    """Whether what was found speaks for a project of that place, though it has another name.

    A clone that could not be read has no remote to be named by; one that cannot be read now has no projects.
    """
    return not one.template if "//" in result.name else not one.prefix


def _gone(result: Result) -> Inspection:
    reason = f"There is no project {result.name.rpartition('//')[2]} in {_at(result)} any more."
    return Inspection(
        result.name, result.url, result.folder, state=ResultState.FAILED, reason=reason, hint="Leave it out."
    )


def _state(result: Result, delivery: Delivery | None) -> str:
    """The state that a retry goes by."""
    if result.state == ResultState.UPDATED and delivery and delivery.state in {Delivered.FAILED, Delivered.DEFERRED}:
        return str(delivery.state)
    return str(result.state)
