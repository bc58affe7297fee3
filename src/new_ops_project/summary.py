"""A Plan in words for people, and as JSON for programs."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from new_ops_project.carry import AnswerChange
from new_ops_project.plan import Change, Plan
from new_ops_project.report import Voice

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


def _line(change: Change, reasons: Mapping[str, str]) -> str:
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


_HALF = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")  # of a character of UTF-16, as JSON can have it: no byte of a name


def readable(text: str) -> str:
    """`text` with bytes that are no UTF-8 shown as escapes."""
    whole = _HALF.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return os.fsencode(whole).decode(errors="backslashreplace")


# What moves the cursor, colours or reorders what a terminal shows.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def shown(text: str) -> str:
    """`text` on one line of a terminal, whatever it holds: what would control the terminal is escaped."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), readable(text))
