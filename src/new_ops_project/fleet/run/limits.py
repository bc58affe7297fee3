"""When a wave is stopped, and which of its changes wait for a person."""

from collections.abc import Iterable
from statistics import median

from new_ops_project.fleet.model import FleetPlan, Result, ResultState

_MANY = 100  # lines; fewer are never far too many


def stopped(plan: FleetPlan, results: Iterable[Result]) -> str:
    """Why nothing of the plan shall be published now; '' when there is no reason.

    What is not due (current when the plan was made) and what was not tried (deferred) do not count. A project that
    has no result yet counts as one that went well, so that a run can ask after each result.
    """
    due = {task.name for task in plan.tasks}
    known = {one.name: one for one in (*plan.settled, *results) if one.name in due or one.state == ResultState.FAILED}
    states = [one.state for one in known.values()]
    total = len(due | known.keys()) - states.count(ResultState.DEFERRED)
    failed, conflicts = states.count(ResultState.FAILED), states.count(ResultState.CONFLICT)
    if exceeds(failed, total, plan.limits.failed):
        return f"{failed} of {total} repositories failed, which is more than {plan.limits.failed:g} %."
    if exceeds(conflicts, total, plan.limits.conflicts):
        return f"{conflicts} of {total} repositories are in conflict, which is more than {plan.limits.conflicts:g} %."
    return ""


def exceeds(count: int, total: int, percent: float) -> bool:
    """Whether `count` of `total` is more than a limit; one alone never is."""
    return count > 1 and count * 100 > percent * total


def held(plan: FleetPlan, results: Iterable[Result]) -> frozenset[str]:
    """The names of those that change far more lines than the median of what was updated without conflicts."""
    changed = [one for one in results if one.state in {ResultState.UPDATED, ResultState.CONFLICT}]
    usual = [one.lines for one in changed if one.state == ResultState.UPDATED]
    if not usual:
        return frozenset()
    most = max(plan.limits.larger * median(usual), _MANY)
    return frozenset(one.name for one in changed if one.lines > most)
