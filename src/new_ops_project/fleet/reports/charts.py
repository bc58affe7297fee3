"""What the page draws: shares, bars, a line and a heat map, as numbers that SVG takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from new_ops_project.fleet.python_support import Use
from new_ops_project.fleet.reports.burndown import Burndown
from new_ops_project.fleet.reports.facts import Facts, Heat
from new_ops_project.fleet.reports.state import RepositoryState

WIDTH, HEIGHT = 1000, 240  # of the line's own coordinates
LEVELS = 5  # of heat
_FILES, _OWNERS = 20, 12  # of the heat map
_BARS = 12


@dataclass(frozen=True)
class Share:
    """A part of the whole bar; places in percent."""

    standing: RepositoryState
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """A bar of its chart, in percent of the longest; `other` is that of a second, paler one."""

    name: str
    count: float
    width: float
    other_count: int = 0
    other: float = 0.0


@dataclass(frozen=True)
class ChartLine:
    """The burn-down as an SVG path, with what its axes say."""

    path: str
    area: str
    top: int
    start: str
    end: str


@dataclass(frozen=True)
class Cell:
    """A field of the heat map: `level` is from 0, nothing, to LEVELS, the most."""

    count: int
    level: int


@dataclass(frozen=True)
class HeatMap:
    """The owners on top, a row of cells for each file, and how many of both there is no room for."""

    owners: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[Cell]]]
    more_files: int
    more_owners: int


def shares(facts: Facts) -> Iterator[Share]:
    """The whole fleet as one bar; those who are there come first, the worst last."""
    start, total = 0.0, max(1, len(facts.rows))
    for standing in reversed(RepositoryState):
        width = 100 * facts.standings[standing] / total
        if width:
            yield Share(standing, facts.standings[standing], round(start, 3), round(width, 3))
        start += width


def versions(facts: Facts) -> list[Bar]:
    """The template's versions, now and before."""
    most = max((max(one.before, one.now) for one in facts.versions), default=1)
    return [
        Bar(one.name, one.now, _percent(one.now, most), one.before, _percent(one.before, most))
        for one in facts.versions
    ]


def bars(counted: Iterable[tuple[str, int]]) -> list[Bar]:
    """The first of what was counted."""
    shown = [*counted][:_BARS]
    most = max((count for _name, count in shown), default=1)
    return [Bar(name, count, _percent(count, most)) for name, count in shown]


def pythons(facts: Facts) -> list[tuple[Use, Bar]]:
    """The versions of Python, each with its bar."""
    most = max((one.count for one in facts.pythons), default=1)
    return [(one, Bar(one.name, one.count, _percent(one.count, most))) for one in facts.pythons[:_BARS]]


def slowest(facts: Facts) -> list[Bar]:
    """The repositories that took longest; the count is in seconds."""
    rows = facts.slowest[:8]
    return [
        Bar(row.result.name, row.result.seconds, _percent(row.result.seconds, rows[0].result.seconds)) for row in rows
    ]


def line(burndown: Burndown) -> ChartLine:
    """A line in steps: what is left stays until the next moment."""
    points = burndown.points
    start, end = points[0].at, points[-1].at
    span, top = (end - start).total_seconds() or 1.0, max(1, points[0].left)
    places = {
        round(WIDTH * (point.at - start).total_seconds() / span): round(HEIGHT * (1 - point.left / top), 1)
        for point in points
    }
    path = "".join(f"H{x}V{y}" for x, y in places.items())
    whole = f"M0 {round(HEIGHT * (1 - points[0].left / top), 1)}{path}H{WIDTH}"
    return ChartLine(whole, f"{whole}V{HEIGHT}H0Z", points[0].left, f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")


def heat_map(heat: Heat) -> HeatMap:
    """The files and owners with most drift; levels are by the hottest field."""
    owners, files = heat.owners[:_OWNERS], heat.files[:_FILES]
    most = max((heat.cells.get((file, owner), 0) for file in files for owner in owners), default=0)
    rows = [
        (file, heat.total(file), [_cell(heat.cells.get((file, owner), 0), most) for owner in owners]) for file in files
    ]
    return HeatMap(owners, rows, len(heat.files) - len(files), len(heat.owners) - len(owners))


def _cell(count: int, most: int) -> Cell:
    """By the root of the count, so that one very hot file does not make all others pale."""
    return Cell(count, ceil(LEVELS * sqrt(count / most)) if count else 0)


def _percent(count: float, most: float) -> float:
    return round(100 * count / most, 2) if most else 0.0
