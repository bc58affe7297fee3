"""A report as the one JSON object of --json: rows, the worst first, and what is counted over them."""

from collections.abc import Iterable
from typing import Any

from new_ops_project.fleet.names import shown
from new_ops_project.fleet.reports import advice
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.rows import as_values


def answer(facts: Facts) -> dict[str, Any]:
    """The object: `counts` by standing, state and delivery, lists by version, file and owner, `repositories`."""
    plan = facts.plan
    return {
        "plan": {"id": plan.id, "created": plan.created, "wave": plan.wave, "shards": plan.shards},
        "template": shown(facts.template),
        "version": shown(facts.version),
        "today": facts.today.isoformat(),
        "total": len(facts.rows),
        "at_version": facts.at_version,
        "standings": facts.standings,
        "states": facts.states,
        "deliveries": facts.deliveries,
        "versions": _versions(facts),
        "pythons": _pythons(facts),
        "burndown": _burndown(facts),
        "drift": _drift(facts),
        "conflicts": _by_file(facts.conflicts),
        "kept": {"total": facts.edits_kept, "files": _by_file(facts.kept)},
        "slowest": [{"name": shown(row.result.name), "seconds": row.result.seconds} for row in facts.slowest],
        "seconds": round(sum(row.result.seconds for row in facts.rows), 3),
        "cpu": round(sum(row.result.cpu for row in facts.rows), 3),
        "next": [
            command
            for standing in advice.NEEDS_PERSON
            if facts.standings[standing] and (command := advice.for_all(standing, facts))
        ],
        "repositories": [as_values(row, facts) for row in facts.rows],
    }


def _versions(facts: Facts) -> list[dict[str, Any]]:
    return [{"version": shown(one.name), "before": one.before, "now": one.now} for one in facts.versions]


def _pythons(facts: Facts) -> list[dict[str, Any]]:
    return [
        {"python": shown(one.name), "count": one.count, "ends": one.ends, "support": one.support}
        for one in facts.pythons
    ]


def _burndown(facts: Facts) -> dict[str, Any]:
    points = [{"at": point.at.isoformat(), "left": point.left} for point in facts.burndown.points]
    return {"by": "commits" if facts.burndown.by_commits else "deliveries", "points": points}


def _drift(facts: Facts) -> list[dict[str, Any]]:
    heat = facts.heat
    return [
        {
            "path": shown(file),
            "total": heat.total(file),
            "owners": {shown(owner): heat.cells[file, owner] for owner in heat.owners if (file, owner) in heat.cells},
        }
        for file in heat.files
    ]


def _by_file(counted: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"path": shown(path), "repositories": count} for path, count in counted]
