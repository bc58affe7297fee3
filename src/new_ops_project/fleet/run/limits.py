"""The safety limits of a wave."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from statistics import median

from new_ops_project.fleet.model import FleetPlan, Result, ResultState

_ALWAYS_FINE = 100  # lines


class WaveTally:
    """The states of a wave's projects, counted as they come, against its limits.

    Projects that were current when the plan was made do not count, nor do deferred ones. A project without a result
    counts as a success, so that a run can ask after each result.
    """

    def __init__(self, plan: FleetPlan, results: Iterable[Result] = ()) -> None:
        self._limits = plan.limits
        self._states: dict[str, ResultState | None] = dict.fromkeys((task.name for task in plan.tasks), None)
        self._counts: Counter[ResultState | None] = Counter()
        for result in (*plan.settled, *results):
            self.add(result)

    def add(self, result: Result) -> None:
        """Count a result, in place of an earlier one of the same project."""
        if result.name in self._states or result.state == ResultState.FAILED:
            self._counts[self._states.get(result.name)] -= 1
            self._counts[result.state] += 1
            self._states[result.name] = result.state

    @property
    def stop_reason(self) -> str:
        """The reason to stop the wave; '' if its limits are kept."""
        total = len(self._states) - self._counts[ResultState.DEFERRED]
        limits = self._limits
        for state, verb, percent in (
            (ResultState.FAILED, "failed", limits.failed),
            (ResultState.CONFLICT, "are in conflict", limits.conflicts),
        ):
            if exceeds(self._counts[state], total, percent):
                return f"{self._counts[state]} of {total} repositories {verb}, which is more than {percent:g} %."
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
