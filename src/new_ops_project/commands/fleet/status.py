"""`fleet status`: who is behind, and by how much."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base.errors import Exit
from new_ops_project.base.report import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from new_ops_project.base.progress import Progress
    from new_ops_project.fleet.run.status import StatusRow

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
@click.argument("source", nargs=-1, metavar="[SOURCE]...")
@click.option("--drift", is_flag=True, help="Render each project's version, and count edited and deleted files.")
@click.option("--jobs", type=click.IntRange(1), help="Projects rendered at the same time.  [default: one per core]")
@click.option("--offline", is_flag=True, help="Use what is known of the template here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; words for people go to stderr.")
def command(*, source: tuple[str, ...], drift: bool, jobs: int | None, offline: bool, as_json: bool) -> None:
    """Say how each repository of the SOURCEs stands; what needs doing comes first.

    A SOURCE is a folder of clones, a file or - with one path or URL a line, a URL, or a fleet.toml.
    """
    from datetime import UTC, datetime

    from new_ops_project import git
    from new_ops_project.base import interrupts
    from new_ops_project.base.errors import ToolError
    from new_ops_project.fleet.inventory import repositories, scan, templates
    from new_ops_project.fleet.run import execution, status

    git.require_found()
    voice = Voice(as_json)
    with interrupts.temporary_folder():
        fleet = repositories.read(source)
        with _progress(voice) as told:
            looks = scan.look(fleet.places, told)
        if not looks:
            raise ToolError("There is no repository in these sources.", "Give a folder of clones, a list, or a URL.")
        known = templates.find(looks, offline=offline)
        found = status.standings(looks, known, datetime.now(UTC))
        if drift:
            with _progress(voice) as told:
                found = status.with_drift(found, looks, known, jobs or execution.cores(), told)
    counts = status.counts(found)
    if as_json:
        voice.answer({"counts": counts, "repositories": [one.as_json() for one in found]})
    else:
        _say(found, counts, voice)
        if counts["behind"]:
            voice.say(f"\nNext:\n  {_next(source)}")
    code = Exit.FAILED if counts["failed"] else Exit.FINDINGS if counts["behind"] else Exit.DONE
    click.get_current_context().exit(code)


@contextmanager
def _progress(voice: Voice) -> "Iterator[Progress]":
    """Told the name of each project that is done."""
    with voice.progress() as told:
        yield lambda name, done, total: told(_short(name), done, total)


# ---- what is printed -------------------------------------------------------------------------------------------------

_COLORS = {"failed": "red", "behind": "yellow", "deferred": "bright_black", "current": ""}
_MARKS = {"ended": ("†", "its support has ended"), "soon": ("!", "its support ends within half a year")}
# The other columns, the most wanted first: a narrow terminal has room for some of them.
_MORE = ("Python", "age", "drift", "branch", "last", "tier", "owner")
_ORDER = ("repository", "owner", "tier", "Python", "version", "behind", "age", "drift", "branch", "last")
_NAME = 24  # characters that a repository's name gets at least, if it is as long


def _say(found: "Sequence[StatusRow]", counts: dict[str, Any], voice: Voice) -> None:
    known = [one for one in found if one.version]
    if known:
        _say_table(known)
    _say_alike((((one.state, one.reason, one.hint), one.name) for one in found if one.reason), voice)
    unready = ((("", f"Not ready for Renovate: {one.renovate}.", ""), one.name) for one in known if one.renovate)
    _say_alike(unready, voice)
    ends = {one.python_end for one in known}
    if marks := [f"{sign} {text}" for end, (sign, text) in _MARKS.items() if end in ends]:
        voice.say(f"Python: {'; '.join(marks)}.")
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    voice.say(f"\n{len(found)} {'repository' if len(found) == 1 else 'repositories'}: {said}.")


def _next(source: tuple[str, ...]) -> str:
    """The command that does what is due; one that can be run as it is, unless its sources are many."""
    import shlex

    from new_ops_project.base.text import shown

    given = [shown(shlex.quote(one)) for one in source] if len(source) < 4 and "-" not in source else ["SOURCE..."]  # noqa: PLR2004
    return " ".join(["new-ops-project fleet update", *given, "--out DIR"])


def _say_alike(said: "Iterable[tuple[tuple[str, str, str], str]]", voice: Voice) -> None:
    """What there is to say of some (state, reason, hint), once for all of which it is true."""
    from new_ops_project.base.text import shown

    alike: dict[tuple[str, str, str], list[str]] = {}
    for key, name in said:
        alike.setdefault(key, []).append(shown(_short(name)))
    for (state, reason, hint), names in alike.items():
        some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
        voice.say(f"{some}: {shown(reason)}", fg=_COLORS.get(state) or "bright_black")
        if hint:
            voice.say(f"  {shown(hint)}")


def _say_table(found: "Sequence[StatusRow]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    cells = [_cells(one) for one in found]
    names, left = _columns(cells, console.width)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        right = name in {"behind", "age", "drift"}
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "repository", overflow="fold")
    for one, row in zip(found, cells, strict=True):
        shown = {**row, "repository": row["alone"]} if "owner" in names else row
        table.add_row(*(Text(shown[name], _style(one, name)) for name in names))
    console.print(table)
    if left:
        console.print(f"Too narrow for: {', '.join(left)}.", style="bright_black")
    console.print()


def _columns(cells: "Sequence[dict[str, str]]", width: int) -> tuple[list[str], list[str]]:
    """The columns that have something to show, in `width` characters: those there is room for, and those left out."""
    from rich.cells import cell_len

    wide = {name: max(map(cell_len, (name, *(row[name] for row in cells)))) + 2 for name in _ORDER}
    taken = min(wide["repository"], _NAME) + wide["version"] + wide["behind"]
    names, left = {"repository", "version", "behind"}, []
    for name in (name for name in _MORE if any(row[name] for row in cells)):
        if taken + wide[name] > width:
            left.append(name)
            continue
        names.add(name)
        taken += wide[name]
    return [name for name in _ORDER if name in names], left


def _style(one: "StatusRow", name: str) -> str:
    if name == "Python":
        return {"ended": "red", "soon": "yellow"}.get(one.python_end, "")
    return _COLORS[one.state] if name in {"repository", "version", "behind"} else ""


def _cells(one: "StatusRow") -> dict[str, str]:
    """What each column shows of a project, without what controls a terminal; `alone` is its name without its owner."""
    from new_ops_project.base.text import shown

    short = _short(one.name)
    owner, _, alone = short.partition("/")
    cells = {
        "repository": short,
        "alone": alone if alone and owner == one.owner else short,
        "owner": one.owner,
        "tier": one.tier,
        "Python": f"{one.python} {_MARKS.get(one.python_end, ('',))[0]}".rstrip(),
        "version": one.version,
        "behind": str(one.behind or ""),
        "age": "" if one.days is None else f"{one.days} d",
        "drift": "" if one.drift is None else str(len(one.drift)),
        "last": one.last.state,
        "branch": f"{one.open[0]} +{len(one.open) - 1}".removesuffix(" +0") if one.open else "",
    }
    return {name: shown(text) for name, text in cells.items()}


def _short(name: str) -> str:
    """A project's name without its host; a path as it is seen from here."""
    from pathlib import Path

    path, here = Path(name), Path.cwd()
    if not path.is_absolute():
        return name.partition("/")[2] or name
    return str(path.relative_to(here)) if here in path.parents else name
