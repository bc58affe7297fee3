"""`fleet status`: shows how far each repository is behind."""

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.commands.shared.fleet_options import offered
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from new_ops_project.base.progress import Progress
    from new_ops_project.fleet.verbs.status import StatusRow

EXAMPLES = """\b
Examples:
  new-ops-project fleet status                   fleet.toml, or clones here
  new-ops-project fleet status ~/clones --drift  edited and deleted files, too
  gh repo list ORG --json sshUrl -q '.[].sshUrl' |
    new-ops-project fleet status -

\b
Exit codes: 0 all are current; 1 some are behind; 2 some could not be read.
"""


@click.command(epilog=EXAMPLES)
@offered("sources", "offline", "json")
@click.option("--drift", is_flag=True, help="Render each project's version, and count edited and deleted files.")
@click.option("--jobs", type=click.IntRange(1), help="Projects rendered at the same time.  [default: one per core]")
def command(*, source: tuple[str, ...], drift: bool, jobs: int | None, offline: bool, as_json: bool) -> None:
    """Show the state of each repository of the SOURCEs; the worst come first.

    A SOURCE is a folder of clones, a file or - with one path or URL a line, a URL, or a fleet.toml.
    """
    from new_ops_project.fleet.verbs.status import status

    voice = Voice(as_json)
    fleet = status(source, partial(_progress, voice), drift=drift, jobs=jobs, offline=offline)
    if as_json:
        voice.print_json({"counts": fleet.counts, "repositories": [row.as_json() for row in fleet.rows]})
    else:
        _say(fleet.rows, fleet.counts, voice)
        if fleet.counts["behind"]:
            voice.say("Next:", apart=True)
            voice.say(f"  {_next(source)}")
    click.get_current_context().exit(fleet.exit_code)


@contextmanager
def _progress(voice: Voice) -> "Iterator[Progress]":
    """Show the short name of each project that is done."""
    with voice.progress() as show:
        yield lambda name, done, total: show(_short(name), done, total)


# ---- what is printed -------------------------------------------------------------------------------------------------

_COLORS = {"failed": "red", "behind": "yellow", "deferred": "bright_black", "current": ""}
_MARKS = {"ended": ("†", "its support has ended"), "soon": ("!", "its support ends within half a year")}
# The other columns, the most useful first: a narrow terminal has room for some of them.
_MORE = ("Python", "age", "drift", "branch", "last", "tier", "owner")
_ORDER = ("repository", "owner", "tier", "Python", "version", "behind", "age", "drift", "branch", "last")
_NUMBERS = {"behind", "age", "drift"}
_NAMES = 3  # repositories that are named with one reason
_FEW = 4  # so many sources are not repeated in the next command
_NAME = 24  # characters that the name of a repository gets at least, if it is that long


def _say(rows: "Sequence[StatusRow]", counts: dict[str, Any], voice: Voice) -> None:
    read = [row for row in rows if row.version]
    if read:
        _say_table(read, voice)
    _say_grouped((((row.state, row.reason, row.hint), row.name) for row in rows if row.reason), voice)
    unready = ((("", f"Not ready for Renovate: {row.renovate}.", ""), row.name) for row in read if row.renovate)
    _say_grouped(unready, voice)
    ends = {row.python_end for row in read}
    if marks := [f"{sign} {text}" for end, (sign, text) in _MARKS.items() if end in ends]:
        voice.say(f"Python: {'; '.join(marks)}.")
    summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    voice.say(f"{len(rows)} {'repository' if len(rows) == 1 else 'repositories'}: {summary}.", apart=True)


def _next(source: tuple[str, ...]) -> str:
    """The command that updates what is behind, with the sources unless they are many or come from stdin."""
    import shlex

    sources = ["SOURCE..."]
    if len(source) < _FEW and "-" not in source:
        sources = [*map(shlex.quote, source)]
    return " ".join(["new-ops-project fleet update", *sources, "--out DIR"])


def _say_grouped(messages: "Iterable[tuple[tuple[str, str, str], str]]", voice: Voice) -> None:
    """Print each (state, reason, hint) once, for all of its names."""
    from new_ops_project.base.text import list_first

    groups: dict[tuple[str, str, str], list[str]] = {}
    for key, name in messages:
        groups.setdefault(key, []).append(_short(name))
    for (state, reason, hint), names in groups.items():
        voice.say(f"{list_first(names, _NAMES)}: {reason}", fg=_COLORS.get(state) or "bright_black")
        if hint:
            voice.say(f"  {hint}")


def _say_table(rows: "Sequence[StatusRow]", voice: Voice) -> None:
    """Print a line for each row; rich's own table takes more time than reading a clone, and keeps all of its lines."""
    from rich.cells import chop_cells

    from new_ops_project.base.styled import styled
    from new_ops_project.commands.shared.drawing import console

    cells = [_cells(row) for row in rows]
    widths, left = _columns(cells, console(sys.stdout).width)
    voice.say("  ".join(_padded(name, name, width) for name, width in widths.items()).rstrip(), bold=True)
    voice.say("─" * (sum(widths.values()) + 2 * len(widths) - 2))
    for row, texts in zip(rows, cells, strict=True):
        shown = {**texts, "repository": texts["alone"]} if "owner" in widths else texts
        first, *rest = chop_cells(shown["repository"], widths["repository"])
        shown = {**shown, "repository": first}
        columns = (styled(_padded(shown[name], name, widths[name]), fg=_style(row, name) or None) for name in widths)
        parts = [part for column in columns for part in ("  ", column)]
        voice.say(*parts[1:])
        for more in rest:
            voice.say(more, fg=_style(row, "repository") or None)
    if left:
        voice.say(f"Too narrow for: {', '.join(left)}.", fg="bright_black")
    voice.say()


def _padded(text: str, name: str, width: int) -> str:
    """The text of a column, as wide as the column."""
    from rich.cells import cell_len

    space = " " * (width - cell_len(text))
    return f"{space}{text}" if name in _NUMBERS else f"{text}{space}"


def _columns(cells: "Sequence[dict[str, str]]", width: int) -> tuple[dict[str, int], list[str]]:
    """The columns that fit into `width` characters, with theirs, and those left out; empty columns are in neither."""
    from rich.cells import cell_len

    wide = {name: max(map(cell_len, (name, *(row[name] for row in cells)))) for name in (*_ORDER, "alone")}
    taken = min(wide["repository"] + 2, _NAME) + wide["version"] + wide["behind"] + 4
    names, left = {"repository", "version", "behind"}, []
    for name in (name for name in _MORE if any(row[name] for row in cells)):
        if taken + wide[name] + 2 > width:
            left.append(name)
            continue
        names.add(name)
        taken += wide[name] + 2
    widths = {name: wide[name] for name in _ORDER if name in names}
    longest = max(wide["alone"], len("repository")) if "owner" in names else wide["repository"]
    rest = width - sum(widths.values()) + widths["repository"] - 2 * (len(widths) - 1)
    return {**widths, "repository": max(min(longest, rest), 1)}, left


def _style(row: "StatusRow", name: str) -> str:
    if name == "Python":
        return {"ended": "red", "soon": "yellow"}.get(row.python_end, "")
    return _COLORS[row.state] if name in {"repository", "version", "behind"} else ""


def _cells(row: "StatusRow") -> dict[str, str]:
    """The text of each column, escaped for the terminal; `alone` is the name without the owner."""
    from new_ops_project.base.text import escape_invisible

    short = _short(row.name)
    owner, _, alone = short.partition("/")
    cells = {
        "repository": short,
        "alone": alone if alone and owner == row.owner else short,
        "owner": row.owner,
        "tier": row.tier,
        "Python": f"{row.python} {_MARKS.get(row.python_end, ('',))[0]}".rstrip(),
        "version": row.version,
        "behind": str(row.behind or ""),
        "age": "" if row.days is None else f"{row.days} d",
        "drift": "" if row.drift is None else str(len(row.drift)),
        "last": row.last.state,
        "branch": f"{row.open[0]} +{len(row.open) - 1}".removesuffix(" +0") if row.open else "",
    }
    return {name: escape_invisible(text) for name, text in cells.items()}


def _short(name: str) -> str:
    """A project's name without its host; a path relative to the current folder."""
    from pathlib import Path

    path, here = Path(name), Path.cwd()
    if not path.is_absolute():
        return name.partition("/")[2] or name
    return str(path.relative_to(here)) if here in path.parents else name
