"""A report as Markdown for a step summary of GitHub Actions."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from new_ops_project.checks.output.markdown import escaped
from new_ops_project.fleet.names import cut
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

LIMIT = 1024 * 1024  # bytes of UTF-8 that GitHub allows a step ("Workflow commands", "Adding a job summary")
WORST = 200
_MOST = 20  # rows of every other table
_LONGEST = 200  # characters of a cell
_RESERVE = 200  # bytes for the line that says what was left out


def document(facts: Facts, title: str) -> str:
    """The counts, then as many of the worst rows as fit the limit."""
    tables = (_table(table.heads, (map(_cell, map(str, row)) for row in table.rows)) for table in facts.tables)
    head = f"## {_cell(title)}\n\n{''.join(chain(_states(facts), *tables))}"
    heads = ("repository", "state", "owner", "template", "Python", "reason")
    lines = ["\n### Repositories, the worst first\n\n", *_table(heads, ())]
    room = LIMIT - _RESERVE - len("".join((head, *lines)).encode())
    fitting = [*_first_fitting(map(_repository, facts.rows[:WORST]), room)]
    left = len(facts.rows) - len(fitting)
    rest = f"\n{left} more are not shown here; they are in the report's HTML, CSV and JSON.\n" if left else ""
    return "".join((head, *lines, *fitting, rest))


def _first_fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    """The first lines, as long as they fit into `room` bytes together."""
    for line in lines:
        room -= len(line.encode())
        if room < 0:
            return
        yield line


def _states(facts: Facts) -> Iterator[str]:
    edits = f" {facts.edits_kept} files with edits kept." if facts.edits_kept else ""
    yield f"{facts.at_version} of {len(facts.rows)} repositories are at {_cell(facts.version or 'it')}.{edits}\n"
    counted = ((state, count) for state, count in facts.by_state.items() if count)
    rows = ((state, count, _command(advice.command_for_state(state, facts))) for state, count in counted)
    yield from _table(("state", "repositories", "next"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table of the first rows, whose cells are Markdown already."""
    all_rows = [*rows]
    yield f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"
    for row in all_rows[:_MOST]:
        yield f"| {' | '.join(map(str, row))} |\n"
    if len(all_rows) > _MOST:
        yield f"\nand {len(all_rows) - _MOST} more\n"


def _repository(row: Row) -> str:
    result = row.result
    versions = (
        _cell(result.before) if result.before == row.after else f"{_cell(result.before)} → {_cell(result.version)}"
    )
    name = f"[{_cell(result.name)}]({_address(row.request)})" if _address(row.request) else _cell(result.name)
    cells = (name, row.state, _cell(result.owner), versions, _cell(result.python), _reason(row))
    return f"| {' | '.join(cells)} |\n"


def _reason(row: Row) -> str:
    """The reason, for a conflict with its files."""
    files = ", ".join(note.path for note in row.result.conflicts)
    return _cell(f"{row.reason} {files}".strip()) if row.state is RepositoryState.CONFLICT else _cell(row.reason)


def _address(request: str) -> str:
    """The address of a pull request if it can be a link target unescaped; '' for any other."""
    return request if re.fullmatch(r"https?://[A-Za-z0-9./_~:%?=-]{1,300}", request) else ""


def _command(text: str) -> str:
    """A command as code, or as text if it has characters that end code or a cell."""
    return f"`{text}`" if text and not set("`|\\") & set(text) and len(text) <= _LONGEST else _cell(text)


def _cell(text: str) -> str:
    return escaped(cut(text, _LONGEST))
