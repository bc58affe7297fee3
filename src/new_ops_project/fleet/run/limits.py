"""The safety limits of a wave."""

from collections.abc import Iterable
from dataclasses import replace
from statistics import median

from new_ops_project.fleet.model import FleetPlan, Result, ResultState

_ALWAYS_FINE = 100  # lines


def stop_reason(plan: FleetPlan, results: Iterable[Result]) -> str:
    """The reason to stop the wave; '' if its limits are kept.

    Projects that were current when the plan was made do not count, nor do deferred ones. A project without a result
    counts as a success, so that a run can ask after each result.
    """
    names = {task.name for task in plan.tasks}
    counted = {
        result.name: result
        for result in (*plan.settled, *results)
        if result.name in names or result.state == ResultState.FAILED
    }
    states = [result.state for result in counted.values()]
    total = len(names | counted.keys()) - states.count(ResultState.DEFERRED)
    failed, conflicts = states.count(ResultState.FAILED), states.count(ResultState.CONFLICT)
    if exceeds(failed, total, plan.limits.failed):
        return f"{failed} of {total} repositories failed, which is more than {plan.limits.failed:g} %."
    if exceeds(conflicts, total, plan.limits.conflicts):
        return f"{conflicts} of {total} repositories are in conflict, which is more than {plan.limits.conflicts:g} %."
    return ""


def exceeds(count: int, total: int, percent: float) -> bool:
    """Whether `count` is more than `percent` of `total`; a single one is always within the limit."""
    return count > 1 and count * 100 > percent * total


def outliers(plan: FleetPlan, results: Iterable[Result]) -> frozenset[str]:
    """The names of the projects that change far more lines than the median of all updates without conflicts."""
    changed = [result for result in results if result.state in {ResultState.UPDATED, ResultState.CONFLICT}]
    usual = [result.lines for result in changed if result.state == ResultState.UPDATED]
    if not usual:
        return frozenset()
    most = max(plan.limits.larger * median(usual), _ALWAYS_FINE)
    return frozenset(result.name for result in changed if result.lines > most)


def with_limits(plan: FleetPlan, failed: float | None, conflicts: float | None) -> FleetPlan:
    """The plan with these limits of its wave, in percent; None keeps a limit."""
    given = {key: value for key, value in (("failed", failed), ("conflicts", conflicts)) if value is not None}
    return replace(plan, limits=replace(plan.limits, **given)) if given else plan
