"""A report for a terminal, as renderables of rich that fit its width."""

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from new_ops_project.base.text import escape_invisible, list_first
from new_ops_project.fleet.names import cut
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import CountTable, Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

STYLES = {
    RepositoryState.FAILED: "red",
    RepositoryState.CONFLICT: "yellow",
    RepositoryState.HELD: "magenta",
    RepositoryState.DEFERRED: "bright_black",
    RepositoryState.UPDATED: "blue",
    RepositoryState.DELIVERED: "cyan",
    RepositoryState.CURRENT: "green",
}
_GROUPS = 8  # reasons of each state
_NAMES = 5  # repositories of each reason
_COUNTED = 8  # rows of each table
_LONGEST = 300  # characters of a reason or a name
_CONFLICTS = 3  # files of a repository


def document(facts: Facts, title: str) -> Iterator[RenderableType]:
    """The report, with what is left to do first.

    Print it as a group without cropping: commands stay on one line, however long, so that they can be copied.
    """
    yield Text(escape_invisible(title), "bold")
    yield Text(headline(facts))
    for state in advice.UNFINISHED:
        yield from _unfinished(facts, state)
    slowest = CountTable(("slowest", "seconds"), [(name, f"{seconds:.2f}") for name, seconds in facts.slowest])
    yield from map(_table, (*facts.tables, *([slowest] if slowest.rows else [])))


def headline(facts: Facts) -> str:
    """The counts in one sentence."""
    counts = ", ".join(f"{count} {state}" for state, count in facts.by_state.items() if count)
    version = f" at {escape_invisible(facts.version)}" if facts.version else ""
    return f"{facts.at_version} of {len(facts.rows)} repositories{version}: {counts or 'there are none'}."


def _unfinished(facts: Facts, state: RepositoryState) -> Iterator[RenderableType]:
    """The repositories in a state, grouped by reason, and the command for all of them."""
    rows = [row for row in facts.rows if row.state is state]
    if not rows:
        return
    style = STYLES[state]
    yield Text.assemble("\n", (f"{state.value.upper()}  {len(rows)}  ", f"bold {style}"), state.meaning)
    groups = _by_reason(rows) if state is not RepositoryState.UPDATED else ()
    for reason, names in groups[:_GROUPS]:
        yield from _group(reason, names, style)
    if left := sum(len(names) for _reason, names in groups[_GROUPS:]):
        yield Text(f"  and {left} more; --html, --csv and --json list all", "bright_black")
    if command := advice.command_for_state(state, facts):
        yield Text(f"  next: {command}", no_wrap=True, overflow="ignore")


def _by_reason(rows: Iterable[Row]) -> Sequence[tuple[str, list[str]]]:
    """The names for each reason, the most frequent reason first."""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(_reason(row), []).append(cut(row.result.name, _LONGEST))
    return sorted(names.items(), key=lambda group: -len(group[1]))


def _group(reason: str, names: Sequence[str], style: str) -> Iterator[RenderableType]:
    more = f"\nand {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    yield Padding(Text("\n".join(names[:_NAMES]) + more, style), (0, 0, 0, 2), expand=False)
    if reason:
        yield Padding(Text(reason), (0, 0, 0, 4), expand=False)


def _reason(row: Row) -> str:
    """The reason with its hint, for a conflict with its files."""
    files = [escape_invisible(note.path) for note in row.result.conflicts]
    conflicts = f"In conflict: {list_first(files, _CONFLICTS)}." if files else ""
    return cut(" ".join(filter(None, (row.reason, row.hint, conflicts))), _LONGEST)


def _table(counted: CountTable) -> Table:
    """A table of the first rows, with numbers on the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for place, head in enumerate(counted.heads):
        table.add_column(head, overflow="fold", justify="right" if place == 1 or head == "now" else "left")
    for row in counted.rows[:_COUNTED]:
        table.add_row(*(Text(escape_invisible(str(value))) for value in row))
    if len(counted.rows) > _COUNTED:
        table.add_row(Text(f"and {len(counted.rows) - _COUNTED} more", "bright_black"))
    return table
