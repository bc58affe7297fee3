"""When a wave stops, and what is held: percentages and medians."""

import pytest

from new_ops_project.fleet.model import FleetPlan, Result, ResultState, Task
from new_ops_project.fleet.run import limits


def task(name: str) -> Task:
    """A task of that name, of which nothing else matters."""
    text = dict.fromkeys(
        (
            "url",
            "folder",
            "prefix",
            "answers_file",
            "owner",
            "group",
            "branch",
            "base",
            "template",
            "before",
            "version",
            "commit",
            "tier",
            "python",
        ),
        "",
    )
    return Task(name=name, **text)  # type: ignore[arg-type]


def wave(**counts: int) -> tuple[FleetPlan, list[Result]]:
    """A plan and its results: so many of each state, ten lines each."""
    results = [
        Result(f"{state}{number}", ResultState(state), "p", lines=10)
        for state, count in counts.items()
        for number in range(count)
    ]
    return FleetPlan("p", "", "", "all", 1, tuple(task(one.name) for one in results)), results


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
    """More than 5 % failures or 20 % conflicts stop a wave; one alone does not; what was not tried does not count."""
    assert limits.stopped(*wave(**counts))[: len(reason) or None] == reason


def test_what_is_unknown_counts_as_well_done() -> None:
    """While a wave runs, two failures of the first three do not stop it when it has a hundred."""
    plan, results = wave(failed=2, updated=98)
    assert not limits.stopped(plan, results[:3])


def test_holds_what_is_far_larger() -> None:
    """Ten times the median is the most, and a hundred lines are never too many."""
    plan, results = wave(updated=9)
    large = [Result("large", ResultState.UPDATED, "p", lines=101), Result("usual", ResultState.UPDATED, "p", lines=100)]
    assert limits.held(plan, [*results, *large]) == {"large"}
