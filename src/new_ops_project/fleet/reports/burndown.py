"""The burn-down of a rollout: how many repositories do not have the version yet, over time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from new_ops_project.fleet.model import FleetPlan
from new_ops_project.fleet.reports.state import RepositoryState, Row


@dataclass(frozen=True)
class Point:
    """How many repositories were left from a moment on."""

    at: datetime
    left: int


@dataclass(frozen=True)
class Burndown:
    """Points in order of time. `by_commits`: nothing was delivered yet, so computed commits count instead."""

    points: tuple[Point, ...]
    by_commits: bool


def compute(plan: FleetPlan, rows: Sequence[Row]) -> Burndown:
    """The burn-down of a plan from its creation."""
    start = _moment(plan.created) or _first(rows)
    by_commits = not any(row.delivery and row.delivery.state.is_final for row in rows)
    done = Counter(max(start, _moment(text) or start) for text in _times_of_arrival(rows, by_commits=by_commits))
    left, points = len(rows), [Point(start, len(rows))]
    for moment in sorted(done):
        left -= done[moment]
        points.append(Point(moment, left))
    return Burndown(tuple(points), by_commits)


def _first(rows: Iterable[Row]) -> datetime:
    """The time of the first result, for a plan that does not say when it was created."""
    times = (_moment(row.result.at) for row in rows)
    return min(filter(None, times), default=datetime.fromtimestamp(0, UTC))


def _times_of_arrival(rows: Iterable[Row], *, by_commits: bool) -> Iterator[str]:
    """When each repository that has the version got it."""
    for row in rows:
        if row.state is RepositoryState.CURRENT or (by_commits and row.state is RepositoryState.UPDATED):
            yield row.result.at
        elif row.state is RepositoryState.DELIVERED and row.delivery:
            yield row.delivery.at


def _moment(text: str) -> datetime | None:
    """A time in ISO 8601, in UTC unless it has an offset; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
