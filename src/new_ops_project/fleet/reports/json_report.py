"""A report as plain values: the JSON object of --json, and the row of one repository in it."""

from collections.abc import Iterable
from typing import Any

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.model import PathNote
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import Row
from new_ops_project.template.pins import python_support


def document(facts: Facts) -> dict[str, Any]:
    """The object: numbers by state, lists by version, file and owner, a row for each repository."""
    plan = facts.plan
    return {
        "plan": {"id": plan.id, "created": plan.created, "wave": plan.wave, "shards": plan.shards},
        "template": escape_invisible(facts.template),
        "version": escape_invisible(facts.version),
        "today": facts.today.isoformat(),
        "total": len(facts.rows),
        "at_version": facts.at_version,
        "standings": facts.by_state,
        "states": facts.by_result,
        "deliveries": facts.by_delivery,
        "versions": [
            {"version": escape_invisible(name), "before": before, "now": now} for name, before, now in facts.versions
        ],
        "pythons": [
            {"python": escape_invisible(use.name), "count": use.count, "ends": use.ends, "support": use.support}
            for use in facts.python_versions
        ],
        "burndown": {
            "by": "commits" if facts.burndown.by_commits else "deliveries",
            "points": [{"at": point.at.isoformat(), "left": point.left} for point in facts.burndown.points],
        },
        "drift": _drift(facts),
        "conflicts": _by_file(facts.conflicts),
        "kept": {"total": facts.edits_kept, "files": _by_file(facts.kept_files)},
        "slowest": [{"name": escape_invisible(name), "seconds": seconds} for name, seconds in facts.slowest],
        "seconds": round(sum(row.result.seconds for row in facts.rows), 3),
        "cpu": round(sum(row.result.cpu for row in facts.rows), 3),
        "next": [
            command
            for state in advice.UNFINISHED
            if facts.by_state[state] and (command := advice.command_for_state(state, facts))
        ],
        "repositories": [as_values(row, facts) for row in facts.rows],
    }


def _drift(facts: Facts) -> list[dict[str, Any]]:
    heat = facts.heat
    return [
        {
            "path": escape_invisible(file),
            "total": heat.total(file),
            "owners": {
                escape_invisible(owner): heat.cells[file, owner] for owner in heat.owners if (file, owner) in heat.cells
            },
        }
        for file in heat.files
    ]


def _by_file(counts: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"path": escape_invisible(path), "repositories": count} for path, count in counts]


def as_values(row: Row, facts: Facts) -> dict[str, Any]:
    """Every fact of a repository, with text in a form that can be shown; empty values included."""
    result, delivery, use = row.result, row.delivery, python_support.version_use(row.result.python, facts.today)
    return {
        "name": escape_invisible(result.name),
        "standing": row.state,
        "state": result.state,
        "reason": escape_invisible(row.reason),
        "hint": escape_invisible(row.hint),
        "owner": escape_invisible(result.owner),
        "group": escape_invisible(result.group),
        "tier": escape_invisible(result.tier),
        "python": escape_invisible(result.python),
        "python_ends": use.ends,
        "python_support": use.support,
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


def _note(note: PathNote) -> dict[str, str]:
    return {"path": escape_invisible(note.path), "what": escape_invisible(note.what)}
