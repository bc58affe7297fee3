"""One repository's row as plain values: what JSON and the page are made of."""

from collections.abc import Mapping
from typing import Any

from new_ops_project.fleet import python_support
from new_ops_project.fleet.model import PathNote
from new_ops_project.fleet.names import shown
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import Row


def as_values(row: Row, facts: Facts) -> dict[str, Any]:
    """Everything that is known of a repository, fit to be shown; what is empty is there, too."""
    one, delivery = row.result, row.delivery
    return {
        "name": shown(one.name),
        "standing": row.standing,
        "state": one.state,
        "reason": shown(row.reason),
        "hint": shown(row.hint),
        "owner": shown(one.owner),
        "group": shown(one.group),
        "tier": shown(one.tier),
        **_python(one.python, facts),
        "branch": shown(one.branch),
        "base": shown(one.base),
        "before": shown(one.before),
        "version": shown(one.version),
        "after": shown(row.after),
        "delivery": delivery.state if delivery else "",
        "mode": shown(delivery.mode) if delivery else "",
        "target": shown(one.target),
        "commit": shown(one.commit),
        "request": shown(row.request),
        "files": [*map(_named, one.files)],
        "conflicts": [*map(_named, one.conflicts)],
        "drift": [*map(_named, one.drift)],
        "kept": [*map(shown, one.kept)],
        "notes": [*map(shown, one.notes)],
        "lines": one.lines,
        "seconds": one.seconds,
        "cpu": one.cpu,
        "tries": one.tries,
        "shard": one.shard,
        "at": shown(delivery.at if delivery else one.at),
        "log": shown(str(row.folder / one.log)) if one.log else "",
        "command": advice.for_one(row, facts),
        "resolving": [*advice.resolving(row)],
    }


def _python(name: str, facts: Facts) -> Mapping[str, str]:
    use = python_support.use(name, facts.today)
    return {"python": shown(name), "python_ends": use.ends, "python_support": use.support}


def _named(one: PathNote) -> dict[str, str]:
    return {"path": shown(one.path), "what": shown(one.what)}
