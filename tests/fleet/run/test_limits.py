"""The limits of a wave."""

from dataclasses import replace

import pytest

from new_ops_project.fleet.model import FleetPlan, Result, ResultState, Task
from new_ops_project.fleet.run import limits


def wave(**counts: int) -> tuple[FleetPlan, list[Result]]:
    """A plan with its results: the given number of each state, ten lines each."""
    results = [
        Result(f"{state}{number}", ResultState(state), "p", lines=10)
        for state, count in counts.items()
        for number in range(count)
    ]
    tasks = tuple(Task(result.name, *[""] * 14) for result in results)  # type: ignore[arg-type]  # no cost, no shard
    return FleetPlan("p", "", "", "all", 1, tasks), results


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"updated": 38, "failed": 2}, ""),
        ({"updated": 37, "failed": 2}, "2 of 39 repositories failed"),
        ({"updated": 1, "failed": 1}, ""),
        ({"updated": 8, "conflict": 2}, ""),
        ({"updated": 7, "conflict": 2}, "2 of 9 repositories are in conflict"),
        ({"failed": 2, "deferred": 98}, "2 of 2 repositories failed"),
    ],
)
def test_stops_above_the_limits(counts: dict[str, int], reason: str) -> None:
    """More than 5 % failures or 20 % conflicts stop a wave; a single one does not; deferred projects do not count."""
    assert limits.WaveTally(*wave(**counts)).stop_reason[: len(reason) or None] == reason


def test_what_is_unknown_counts_as_well_done() -> None:
    """While a wave of a hundred runs, two failures among its first three do not stop it."""
    plan, results = wave(failed=2, updated=98)
    assert not limits.WaveTally(plan, results[:3]).stop_reason


def test_the_last_result_of_a_project_counts() -> None:
    """What failed and was tried again counts as what it came to, and once."""
    plan, results = wave(failed=2, updated=8)
    tally = limits.WaveTally(plan, results)
    assert tally.stop_reason
    tally.add(replace(results[0], state=ResultState.UPDATED))
    assert not tally.stop_reason


def test_what_failed_before_the_run_counts() -> None:
    """A project that could not be read has no task, but a wave in which such ones are many stops."""
    plan, results = wave(failed=2, updated=8)
    unread = replace(plan, tasks=plan.tasks[2:], settled=tuple(results[:2]))
    assert limits.WaveTally(unread).stop_reason.startswith("2 of 10 repositories failed")


def test_holds_what_is_far_larger() -> None:
    """A change waits above ten times the median; a hundred lines are always fine."""
    plan, results = wave(updated=9)
    large = [Result("large", ResultState.UPDATED, "p", lines=101), Result("usual", ResultState.UPDATED, "p", lines=100)]
    assert limits.outliers(plan, [*results, *large]) == {"large"}
