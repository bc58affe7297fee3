"""A Plan as the JSON that programs read."""

from collections.abc import Iterable
from typing import Any

from new_ops_project.base.text import escape_undecodable
from new_ops_project.plan.model import Plan
from new_ops_project.template.answer_migration import AnswerChange


def answers_as_json(changes: Iterable[AnswerChange]) -> list[dict[str, Any]]:
    """The objects of `answers` in --json."""
    return [
        {"name": change.name, "from": change.before, "to": change.after, "reason": change.reason} for change in changes
    ]


def as_json(plan: Plan, *, texts: bool) -> dict[str, Any]:
    """What --json prints of the plan; with `texts`, each file's difference too."""
    diffs = _by_path(plan) if texts else {}
    files = []
    for change in plan.changes:
        file = {"path": escape_undecodable(change.path), "change": change.kind}
        file |= {"from": escape_undecodable(change.before)} if change.before else {}
        file |= {"diff": diffs.get(f"{plan.prefix}{change.path}", "")} if texts else {}
        files.append(file)
    return {
        "files": files,
        "conflicts": [
            {"path": escape_undecodable(conflict.path), "reason": conflict.reason} for conflict in plan.conflicts
        ],
        "ignored": [escape_undecodable(path) for path in plan.ignored],
        "notes": [escape_undecodable(note) for note in plan.notes],
    }


def _by_path(plan: Plan) -> dict[str, str]:
    """The difference of each file by its path: git writes them in one order, as a list and as text."""
    parts = iter(("\n" + plan.patch().decode(errors="replace")).split("\ndiff --git ")[1:])
    texts = {}
    for difference in plan.differences:
        count = 2 if difference.status == "T" else 1  # a file that becomes a link is removed, then added
        text = "".join(f"diff --git {next(parts)}".rstrip("\n") + "\n" for _ in range(count))
        texts[difference.path] = text
    return texts
