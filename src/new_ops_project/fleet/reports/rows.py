"""One repository's row as plain values, for JSON, CSV or the page."""

from collections.abc import Mapping
from typing import Any

from new_ops_project.fleet import python_support
from new_ops_project.fleet.model import PathNote
from new_ops_project.fleet.names import shown
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import Row


def as_values(row: Row, facts: Facts) -> dict[str, Any]:
    """Every fact of a repository, with text in a form that can be shown; empty values included."""
    result, delivery = row.result, row.delivery
    return {
        "name": shown(result.name),
        "standing": row.state,
        "state": result.state,
        "reason": shown(row.reason),
        "hint": shown(row.hint),
        "owner": shown(result.owner),
        "group": shown(result.group),
        "tier": shown(result.tier),
        **_python(result.python, facts),
        "branch": shown(result.branch),
        "base": shown(result.base),
        "before": shown(result.before),
        "version": shown(result.version),
        "after": shown(row.after),
        "delivery": delivery.state if delivery else "",
        "mode": shown(delivery.mode) if delivery else "",
        "target": shown(result.target),
        "commit": shown(result.commit),
        "request": shown(row.request),
        "files": [*map(_note, result.files)],
        "conflicts": [*map(_note, result.conflicts)],
        "drift": [*map(_note, result.drift)],
        "kept": [*map(shown, result.kept)],
        "notes": [*map(shown, result.notes)],
        "lines": result.lines,
        "seconds": result.seconds,
        "cpu": result.cpu,
        "tries": result.tries,
        "shard": result.shard,
        "at": shown(delivery.at if delivery else result.at),
        "log": shown(str(row.folder / result.log)) if result.log else "",
        "command": advice.command_for_row(row, facts),
        "resolving": [*advice.resolve_steps(row)],
    }


def _python(name: str, facts: Facts) -> Mapping[str, str]:
    use = python_support.version_use(name, facts.today)
    return {"python": shown(name), "python_ends": use.ends, "python_support": use.support}


def _note(note: PathNote) -> dict[str, str]:
    return {"path": shown(note.path), "what": shown(note.what)}
