"""The charts of the page as numbers for SVG."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, sqrt

from new_ops_project.fleet.reports.burndown import Burndown
from new_ops_project.fleet.reports.facts import Facts, Heat
from new_ops_project.fleet.reports.state import RepositoryState

WIDTH, HEIGHT = 1000, 240  # of the burn-down, in the units of its view box
LEVELS = 5  # of color in the heat map
FILES, OWNERS = 20, 12  # the most rows and columns of the heat map


@dataclass(frozen=True)
class Bar:
    """A bar, its width in percent of the longest; `before` is the width of a second, paler one."""

    name: str
    count: float
    width: float
    before_count: float
    before: float


def state_shares(facts: Facts) -> Iterator[tuple[RepositoryState, int, float, float]]:
    """The whole fleet as one bar, from current to failed: state, count, start and width in percent."""
    start, total = 0.0, max(1, len(facts.rows))
    for state in reversed(RepositoryState):
        width = 100 * facts.by_state[state] / total
        if width:
            yield state, facts.by_state[state], round(start, 3), round(width, 3)
        start += width


def bars(entries: Iterable[tuple[str, *tuple[float, ...]]]) -> list[Bar]:
    """A bar for each name with its count, or with its counts before and now."""
    shown = [(name, counts[-1], counts[0] if len(counts) > 1 else 0) for name, *counts in entries]
    most = max((max(counts) for _name, *counts in shown), default=0) or 1
    return [
        Bar(name, now, round(100 * now / most, 2), before, round(100 * before / most, 2)) for name, now, before in shown
    ]


def burndown_line(burndown: Burndown) -> str:
    """An SVG path in steps: the number stays the same until the next point."""
    points = burndown.points
    start = points[0].at
    span, top = (points[-1].at - start).total_seconds() or 1.0, max(1, points[0].left)
    heights = {
        round(WIDTH * (point.at - start).total_seconds() / span): round(HEIGHT * (1 - point.left / top), 1)
        for point in points
    }
    path = "".join(f"H{x}V{y}" for x, y in heights.items())
    return f"M0 {round(HEIGHT * (1 - points[0].left / top), 1)}{path}H{WIDTH}"


def heat_levels(heat: Heat) -> Mapping[tuple[str, str], int]:
    """The colors of the files and owners with most drift, from 0 for nothing to LEVELS for the most.

    A level grows with the root of the count, so that one high count does not make all others pale.
    """
    fields = product(heat.files[:FILES], heat.owners[:OWNERS])
    shown = {field: heat.cells.get(field, 0) for field in fields}
    most = max(shown.values(), default=0)
    return {field: ceil(LEVELS * sqrt(count / most)) if count else 0 for field, count in shown.items()}
