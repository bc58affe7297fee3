"""A Plan in words for people, and as JSON for programs."""

from collections.abc import Iterable, Mapping
from typing import Any

from new_ops_project.base.report import Voice
from new_ops_project.base.text import readable
from new_ops_project.plan.model import FileChange, Plan
from new_ops_project.template.answer_migration import AnswerChange

_COLORS = {"added": "green", "removed": "red", "moved": "cyan", "conflict": "yellow"}
_ORDER = ("changed", "added", "moved", "removed", "conflict")


def say(voice: Voice, plan: Plan) -> None:
    """What the plan does to each file, and what else a person should know of it."""
    reasons = {conflict.path: conflict.reason for conflict in plan.conflicts}
    for change in sorted(plan.changes, key=lambda change: (_ORDER.index(change.kind), change.path)):
        voice.say(_line(change, reasons), fg=_COLORS.get(change.kind))
    if not plan.changes:
        voice.say("  no file changes")
    for path in plan.ignored:
        voice.say(f"  not written: {readable(path)}, which the project's ignore rules keep out", fg="bright_black")
    for note in plan.notes:
        voice.say(f"  note: {readable(note)}")


def _line(change: FileChange, reasons: Mapping[str, str]) -> str:
    if change.kind == "moved":
        return f"  moved     {readable(change.before)} -> {readable(change.path)}"
    why = f": {reasons[change.path]}" if change.path in reasons else ""
    moved = f" (was {readable(change.before)})" if change.before else ""
    return f"  {change.kind:<9} {readable(change.path)}{moved}{why}"


def say_answers(voice: Voice, changes: Iterable[AnswerChange]) -> None:
    """Each answer that changes, with the reason."""
    for change in changes:
        voice.say(f"  answer    {change.clause}")


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
        shown = {"path": readable(change.path), "change": change.kind}
        shown |= {"from": readable(change.before)} if change.before else {}
        shown |= {"diff": diffs.get(f"{plan.prefix}{change.path}", "")} if texts else {}
        files.append(shown)
    return {
        "files": files,
        "conflicts": [{"path": readable(one.path), "reason": one.reason} for one in plan.conflicts],
        "ignored": [readable(path) for path in plan.ignored],
        "notes": [readable(note) for note in plan.notes],
    }


def _by_path(plan: Plan) -> dict[str, str]:
    """The difference of each file by its path: git writes them in one order, as a list and as text."""
    parts = iter(("\n" + plan.patch().decode(errors="replace")).split("\ndiff --git ")[1:])
    texts = {}
    for one in plan.differences:
        count = 2 if one.status == "T" else 1  # a file that becomes a link goes and comes
        texts[one.path] = "".join(f"diff --git {next(parts)}".rstrip("\n") + "\n" for _ in range(count))
    return texts
