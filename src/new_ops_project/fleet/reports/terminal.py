"""A report at a terminal: what needs doing, why, and what to type; then what is counted."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from new_ops_project.base.report import Voice
from new_ops_project.fleet.names import cut, shown
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

STYLES = {
    RepositoryState.FAILED: "red",
    RepositoryState.CONFLICT: "yellow",
    RepositoryState.HELD: "magenta",
    RepositoryState.DEFERRED: "bright_black",
    RepositoryState.UPDATED: "blue",
    RepositoryState.DELIVERED: "cyan",
    RepositoryState.CURRENT: "green",
}
_GROUPS = 8  # reasons of each standing
_NAMES = 5  # repositories of each reason
_COUNTED = 8  # rows of each count
_LONGEST = 300  # characters of a reason or a name
_NAMED = 3  # conflicts of a repository


def say(facts: Facts, title: str, voice: Voice) -> None:
    """Print everything, what needs doing first."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=voice.json, highlight=False)
    console.print(Text(shown(title), "bold"))
    console.print(Text(headline(facts)))
    for standing in advice.NEEDS_PERSON:
        _todo(facts, standing, console)
    for table in _tables(facts):
        console.print(table)


def headline(facts: Facts) -> str:
    """The counts in one sentence."""
    told = ", ".join(f"{count} {standing}" for standing, count in facts.standings.items() if count)
    to = f" at {shown(facts.version)}" if facts.version else ""
    return f"{facts.at_version} of {len(facts.rows)} repositories{to}: {told or 'there are none'}."


def _todo(facts: Facts, standing: RepositoryState, console: "Console") -> None:
    """The repositories that stand there, those of one reason together, and the command that goes on with them."""
    rows = [row for row in facts.rows if row.standing is standing]
    if not rows:
        return
    from rich.text import Text

    style = STYLES[standing]
    console.print(Text.assemble("\n", (f"{standing.value.upper()}  {len(rows)}  ", f"bold {style}"), standing.meaning))
    groups = _grouped(rows) if standing is not RepositoryState.UPDATED else ()
    for why, names in groups[:_GROUPS]:
        _group(why, names, style, console)
    if left := sum(len(names) for _why, names in groups[_GROUPS:]):
        console.print(Text(f"  and {left} more; --html, --csv and --json name all", "bright_black"))
    if command := advice.for_all(standing, facts):
        console.print(Text(f"  next: {command}"), soft_wrap=True)


def _grouped(rows: Iterable[Row]) -> Sequence[tuple[str, list[str]]]:
    """The names for each reason, the most frequent first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(_why(row), []).append(cut(row.result.name, _LONGEST))
    return sorted(found.items(), key=lambda one: -len(one[1]))


def _group(why: str, names: Sequence[str], style: str, console: "Console") -> None:
    from rich.padding import Padding
    from rich.text import Text

    more = f"\nand {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    console.print(Padding(Text("\n".join(names[:_NAMES]) + more, style), (0, 0, 0, 2), expand=False))
    if why:
        console.print(Padding(Text(why), (0, 0, 0, 4), expand=False))


def _why(row: Row) -> str:
    """The reason and its next step; of a conflict its files."""
    files = [shown(one.path) for one in row.result.conflicts]
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    told = (row.reason, row.hint, f"In conflict: {', '.join(files[:_NAMED])}{more}." if files else "")
    return cut(" ".join(filter(None, told)), _LONGEST)


def _tables(facts: Facts) -> Iterator["RenderableType"]:
    if facts.rows:
        versions = ((one.name, one.before, one.now) for one in facts.versions)
        yield _table(("template", "before", "now"), versions)
        yield _table(("Python", "repositories", "support"), ((one.name, one.count, one.mark) for one in facts.pythons))
    if facts.heat.files:
        drift = ((file, facts.heat.total(file)) for file in facts.heat.files)
        yield _table(("edited before the update", "repositories"), drift)
    for title, counted in (("in conflict", facts.conflicts), ("edits kept", facts.kept)):
        if counted:
            yield _table((title, "repositories"), counted)
    if facts.slowest:
        yield _table(("slowest", "seconds"), ((row.result.name, f"{row.result.seconds:.2f}") for row in facts.slowest))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> "Table":
    """The first rows; numbers to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(head, overflow="fold", justify="right" if place == 1 or head == "now" else "left")
    listed = [*rows]
    for row in listed[:_COUNTED]:
        table.add_row(*(Text(shown(str(value))) for value in row))
    if len(listed) > _COUNTED:
        table.add_row(Text(f"and {len(listed) - _COUNTED} more", "bright_black"))
    return table
