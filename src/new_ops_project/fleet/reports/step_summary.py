"""A report as Markdown for a step summary: what is counted, and the worst rows; never more than GitHub takes."""

import re
from collections.abc import Iterable, Iterator

from new_ops_project.fleet.names import cut
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row

LIMIT = 1024 * 1024  # bytes of UTF-8 that GitHub takes of one step ("Workflow commands", "Adding a job summary")
WORST = 200
_MOST = 20  # rows of each other table
_LONGEST = 200  # characters of a cell
_RESERVE = 200  # bytes for the line that says what was left out


def document(facts: Facts, title: str) -> str:
    """The report, with as many of the worst rows as there is room for."""
    head = f"## {_cell(title)}\n\n{_summary(facts)}\n{''.join(_tables(facts))}"
    lines = ["\n### Repositories, the worst first\n\n", *_table("repository|state|owner|template|Python|reason", ())]
    room = LIMIT - _RESERVE - len("".join((head, *lines)).encode())
    fitting = [*_fitting(map(_repository, facts.rows[:WORST]), room)]
    left = len(facts.rows) - len(fitting)
    rest = f"\n{left} more are not shown here; they are in the report's HTML, CSV and JSON.\n" if left else ""
    return "".join((head, *lines, *fitting, rest))


def _fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    """The first lines that have room together."""
    for line in lines:
        room -= len(line.encode())
        if room < 0:
            return
        yield line


def _summary(facts: Facts) -> str:
    kept = f" {facts.edits_kept} files with edits kept." if facts.edits_kept else ""
    return f"{facts.at_version} of {len(facts.rows)} repositories are at {_cell(facts.version or 'it')}.{kept}\n"


def _tables(facts: Facts) -> Iterator[str]:
    """The counts, each as a table; those of files with most first."""
    yield from _table(
        "state|repositories|next",
        (
            (standing, count, _command(advice.for_all(standing, facts)))
            for standing, count in facts.standings.items()
            if count
        ),
    )
    yield from _table("template|before|now", ((_cell(one.name), one.before, one.now) for one in facts.versions))
    yield from _table("Python|repositories|support", ((_cell(one.name), one.count, one.mark) for one in facts.pythons))
    yield from _table(
        "edited before|repositories", ((_cell(file), facts.heat.total(file)) for file in facts.heat.files)
    )
    for what, counted in (("in conflict", facts.conflicts), ("edits kept", facts.kept)):
        yield from _table(f"{what}|repositories", ((_cell(path), count) for path, count in counted))


def _table(head: str, rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """A table of what is Markdown already; of too many rows the first."""
    names, shown = head.split("|"), [*rows]
    yield f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
    for row in shown[:_MOST]:
        yield f"| {' | '.join(map(str, row))} |\n"
    if len(shown) > _MOST:
        yield f"\nand {len(shown) - _MOST} more\n"


def _repository(row: Row) -> str:
    one = row.result
    versions = _cell(one.before) if one.before == row.after else f"{_cell(one.before)} → {_cell(one.version)}"
    name = f"[{_cell(one.name)}]({_address(row.request)})" if _address(row.request) else _cell(one.name)
    told = (name, row.standing, _cell(one.owner), versions, _cell(one.python), _reason(row))
    return f"| {' | '.join(told)} |\n"


def _reason(row: Row) -> str:
    """The reason; of a conflict its files."""
    files = ", ".join(one.path for one in row.result.conflicts)
    return _cell(f"{row.reason} {files}".strip()) if row.standing is RepositoryState.CONFLICT else _cell(row.reason)


def _address(request: str) -> str:
    """A pull request's address that can stand in a link as it is; '' for any other."""
    return request if re.fullmatch(r"https?://[A-Za-z0-9./_~:%?=-]{1,300}", request) else ""


def _command(text: str) -> str:
    """A command as code; as text, where it holds what code cannot."""
    return f"`{text}`" if text and not set("`|\\") & set(text) and len(text) <= _LONGEST else _cell(text)


def _cell(text: str) -> str:
    from new_ops_project.checks.output.markdown import cell

    return cell(cut(text, _LONGEST))
