"""`fleet status`: who is behind, and by how much."""

from typing import TYPE_CHECKING, Any

import click

from new_ops_project.errors import Exit
from new_ops_project.report import Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from new_ops_project.fleet.standing import Standing

EXAMPLES = """\b
Examples:
  new-ops-project fleet status                     fleet.toml, or the clones here
  new-ops-project fleet status ~/clones --drift    edited and deleted files, too
  gh repo list ORG --json sshUrl -q '.[].sshUrl' | new-ops-project fleet status -

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

    from new_ops_project import git, interrupts
    from new_ops_project.errors import ToolError
    from new_ops_project.fleet import listing, looking, running, standing, templates

    git.require_found()
    voice = Voice(as_json)
    with interrupts.temporary_folder():
        fleet = listing.read(source)
        with voice.progress() as told:
            looks = looking.look(fleet.places, told)
        if not looks:
            raise ToolError("There is no repository in these sources.", "Give a folder of clones, a list, or a URL.")
        known = templates.find(looks, offline=offline)
        found = standing.standings(looks, known, datetime.now(UTC))
        if drift:
            with voice.progress() as told:
                found = standing.with_drift(found, looks, known, jobs or running.cores(), told)
    counts = standing.counts(found)
    if as_json:
        voice.answer({"counts": counts, "repositories": [one.as_json() for one in found]})
    else:
        _say(found, counts, voice)
    code = Exit.FAILED if counts["failed"] else Exit.FINDINGS if counts["behind"] else Exit.DONE
    click.get_current_context().exit(code)


# ---- what is printed -------------------------------------------------------------------------------------------------


def _say(found: "Sequence[Standing]", counts: dict[str, Any], voice: Voice) -> None:
    from rich.console import Console

    known = [one for one in found if one.version]
    if known:
        Console(highlight=False).print(_table(known))
    for one in found:
        if one.reason:
            voice.say(f"{one.name}: {one.reason}", fg="red" if one.state == "failed" else "yellow")
            if one.hint:
                voice.say(f"  {one.hint}")
    _say_renovate(known, voice)
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    voice.say(f"\n{len(found)} repositories: {said}.")
    if counts["behind"]:
        voice.say("\nNext:\n  new-ops-project fleet update SOURCE... --out DIR")


def _say_renovate(found: "Sequence[Standing]", voice: Voice) -> None:
    """Name those that Renovate could not refresh, by what they have in common."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        if one.renovate:
            reasons.setdefault(one.renovate, []).append(one.name)
    for reason, names in reasons.items():
        some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
        voice.say(f"Not ready for Renovate: {some} ({reason}).", fg="bright_black")


def _table(found: "Sequence[Standing]") -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("repository", ratio=1, overflow="fold")
    for name in ("owner", "tier", "Python", "version", "behind", "age", "drift", "branch", "last"):
        if any(_cells(one)[name] for one in found):
            right = name in {"behind", "age", "drift"}
            table.add_column(name, justify="right" if right else "left", no_wrap=name != "last", overflow="ellipsis")
    names = [str(column.header) for column in table.columns]
    for one in found:
        cells = _cells(one)
        table.add_row(*(Text(cells[name], _style(one, name)) for name in names))
    return table


_STATES = {"failed": "red", "behind": "yellow", "deferred": "bright_black", "current": ""}


def _style(one: "Standing", name: str) -> str:
    if name == "Python":
        return {"ended": "red", "soon": "yellow"}.get(one.python_end, "")
    return _STATES[one.state] if name in {"repository", "version", "behind"} else ""


def _cells(one: "Standing") -> dict[str, str]:
    """What each column shows of a project, without what controls a terminal."""
    from new_ops_project.summary import shown

    short = _short(one.name)
    parts = short.split("/")
    python = one.python + {"ended": " †", "soon": " !"}.get(one.python_end, "")
    cells = {
        "repository": "/".join(parts[1:]) if one.owner == parts[0] and len(parts) > 1 else short,
        "owner": one.owner, "tier": one.tier, "Python": python, "version": one.version,
        "behind": str(one.behind) if one.behind else "", "age": f"{one.days} d" if one.days is not None else "",
        "drift": "" if one.drift is None else str(len(one.drift)), "branch": ", ".join(one.open),
        "last": one.last.state,
    }  # fmt: skip
    return {name: shown(text) for name, text in cells.items()}


def _short(name: str) -> str:
    """A project's name without its host; a path as it is seen from here."""
    from pathlib import Path

    path, here = Path(name), Path.cwd()
    if not path.is_absolute():
        return name.partition("/")[2] or name
    return str(path.relative_to(here)) if here in path.parents else name
