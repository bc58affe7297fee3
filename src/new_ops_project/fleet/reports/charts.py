"""The charts of the page as numbers for SVG."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from new_ops_project.fleet.reports.burndown import Burndown
from new_ops_project.fleet.reports.facts import Facts, Heat
from new_ops_project.fleet.reports.state import RepositoryState
from new_ops_project.template.pins.python_support import VersionUse

WIDTH, HEIGHT = 1000, 240  # of the burn-down, in the units of its view box
LEVELS = 5  # of color in the heat map
_FILES, _OWNERS = 20, 12  # the most rows and columns of the heat map
_BARS = 12


@dataclass(frozen=True)
class Share:
    """A part of the bar for the whole fleet; start and width in percent."""

    state: RepositoryState
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """A bar, its width in percent of the longest; `before` is the width of a second, paler one."""

    name: str
    count: float
    width: float
    before_count: int = 0
    before: float = 0.0


@dataclass(frozen=True)
class ChartLine:
    """The burn-down as SVG paths, with the labels of its axes."""

    path: str
    area: str
    top: int
    start: str
    end: str


@dataclass(frozen=True)
class Cell:
    """A field of the heat map: `level` goes from 0 for nothing to LEVELS for the most."""

    count: int
    level: int


@dataclass(frozen=True)
class HeatMap:
    """A column for each owner, a row (file, total, cells) for each file, the number of both that are left out."""

    owners: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[Cell]]]
    more_files: int
    more_owners: int


def state_shares(facts: Facts) -> Iterator[Share]:
    """The whole fleet as one bar, from current to failed."""
    start, total = 0.0, max(1, len(facts.rows))
    for state in reversed(RepositoryState):
        width = 100 * facts.by_state[state] / total
        if width:
            yield Share(state, facts.by_state[state], round(start, 3), round(width, 3))
        start += width


def version_bars(facts: Facts) -> list[Bar]:
    """The template versions, now and before."""
    most = max((max(version.before, version.now) for version in facts.versions), default=1)
    return [
        Bar(version.name, version.now, _percent(version.now, most), version.before, _percent(version.before, most))
        for version in facts.versions
    ]


def file_bars(counts: Iterable[tuple[str, int]]) -> list[Bar]:
    """The first counts of files."""
    shown = [*counts][:_BARS]
    most = max((count for _name, count in shown), default=1)
    return [Bar(name, count, _percent(count, most)) for name, count in shown]


def python_bars(facts: Facts) -> list[tuple[VersionUse, Bar]]:
    """The Python versions, each with its bar."""
    most = max((use.count for use in facts.python_versions), default=1)
    return [(use, Bar(use.name, use.count, _percent(use.count, most))) for use in facts.python_versions[:_BARS]]


def slowest_bars(facts: Facts) -> list[Bar]:
    """The repositories that took longest; the count is in seconds."""
    rows = facts.slowest[:8]
    return [
        Bar(row.result.name, row.result.seconds, _percent(row.result.seconds, rows[0].result.seconds)) for row in rows
    ]


def burndown_line(burndown: Burndown) -> ChartLine:
    """A line in steps: the number stays the same until the next point."""
    points = burndown.points
    start, end = points[0].at, points[-1].at
    span, top = (end - start).total_seconds() or 1.0, max(1, points[0].left)
    heights = {
        round(WIDTH * (point.at - start).total_seconds() / span): round(HEIGHT * (1 - point.left / top), 1)
        for point in points
    }
    path = "".join(f"H{x}V{y}" for x, y in heights.items())
    whole = f"M0 {round(HEIGHT * (1 - points[0].left / top), 1)}{path}H{WIDTH}"
    return ChartLine(whole, f"{whole}V{HEIGHT}H0Z", points[0].left, f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")


def heat_map(heat: Heat) -> HeatMap:
    """The files and owners with most drift; the field with most has the highest level."""
    owners, files = heat.owners[:_OWNERS], heat.files[:_FILES]
    most = max((heat.cells.get((file, owner), 0) for file in files for owner in owners), default=0)
    rows = [
        (file, heat.total(file), [_cell(heat.cells.get((file, owner), 0), most) for owner in owners]) for file in files
    ]
    return HeatMap(owners, rows, len(heat.files) - len(files), len(heat.owners) - len(owners))


def _cell(count: int, most: int) -> Cell:
    """A field; its level grows with the root of the count, so that one high count does not make all others pale."""
    return Cell(count, ceil(LEVELS * sqrt(count / most)) if count else 0)


def _percent(count: float, most: float) -> float:
    return round(100 * count / most, 2) if most else 0.0
