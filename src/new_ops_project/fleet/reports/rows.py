"""One repository's row as plain values, for JSON, CSV or the page."""

from collections.abc import Mapping
from typing import Any

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.model import PathNote
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import Row
from new_ops_project.template.pins import python_support


def as_values(row: Row, facts: Facts) -> dict[str, Any]:
    """Every fact of a repository, with text in a form that can be shown; empty values included."""
    result, delivery = row.result, row.delivery
    return {
        "name": escape_invisible(result.name),
        "standing": row.state,
        "state": result.state,
        "reason": escape_invisible(row.reason),
        "hint": escape_invisible(row.hint),
        "owner": escape_invisible(result.owner),
        "group": escape_invisible(result.group),
        "tier": escape_invisible(result.tier),
        **_python(result.python, facts),
        "branch": escape_invisible(result.branch),
        "base": escape_invisible(result.base),
        "before": escape_invisible(result.before),
        "version": escape_invisible(result.version),
        "after": escape_invisible(row.after),
        "delivery": delivery.state if delivery else "",
        "mode": escape_invisible(delivery.mode) if delivery else "",
        "target": escape_invisible(result.target),
        "commit": escape_invisible(result.commit),
        "request": escape_invisible(row.request),
        "files": [*map(_note, result.files)],
        "conflicts": [*map(_note, result.conflicts)],
        "drift": [*map(_note, result.drift)],
        "kept": [*map(escape_invisible, result.kept)],
        "notes": [*map(escape_invisible, result.notes)],
        "lines": result.lines,
        "seconds": result.seconds,
        "cpu": result.cpu,
        "tries": result.tries,
        "shard": result.shard,
        "at": escape_invisible(delivery.at if delivery else result.at),
        "log": escape_invisible(str(row.folder / result.log)) if result.log else "",
        "command": advice.command_for_row(row, facts),
        "resolving": [*advice.resolve_steps(row)],
    }


def _python(name: str, facts: Facts) -> Mapping[str, str]:
    use = python_support.version_use(name, facts.today)
    return {"python": escape_invisible(name), "python_ends": use.ends, "python_support": use.support}


def _note(note: PathNote) -> dict[str, str]:
    return {"path": escape_invisible(note.path), "what": escape_invisible(note.what)}
