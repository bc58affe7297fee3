"""A report as the JSON object of --json."""

from collections.abc import Iterable
from typing import Any

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.rows import as_values


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
        "versions": _versions(facts),
        "pythons": _pythons(facts),
        "burndown": _burndown(facts),
        "drift": _drift(facts),
        "conflicts": _by_file(facts.conflicts),
        "kept": {"total": facts.edits_kept, "files": _by_file(facts.kept_files)},
        "slowest": [
            {"name": escape_invisible(row.result.name), "seconds": row.result.seconds} for row in facts.slowest
        ],
        "seconds": round(sum(row.result.seconds for row in facts.rows), 3),
        "cpu": round(sum(row.result.cpu for row in facts.rows), 3),
        "next": [
            command
            for state in advice.UNFINISHED
            if facts.by_state[state] and (command := advice.command_for_state(state, facts))
        ],
        "repositories": [as_values(row, facts) for row in facts.rows],
    }


def _versions(facts: Facts) -> list[dict[str, Any]]:
    return [
        {"version": escape_invisible(version.name), "before": version.before, "now": version.now}
        for version in facts.versions
    ]


def _pythons(facts: Facts) -> list[dict[str, Any]]:
    return [
        {"python": escape_invisible(use.name), "count": use.count, "ends": use.ends, "support": use.support}
        for use in facts.python_versions
    ]


def _burndown(facts: Facts) -> dict[str, Any]:
    points = [{"at": point.at.isoformat(), "left": point.left} for point in facts.burndown.points]
    return {"by": "commits" if facts.burndown.by_commits else "deliveries", "points": points}


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
