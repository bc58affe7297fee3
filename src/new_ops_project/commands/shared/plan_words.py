"""A Plan in words for people."""

import os
from collections.abc import Iterable, Mapping

from new_ops_project.commands.shared import diff_words
from new_ops_project.commands.shared.voice import Voice
from new_ops_project.plan.model import FileChange, Plan
from new_ops_project.template.answer_migration import AnswerChange

_COLORS = {"added": "green", "removed": "red", "moved": "cyan", "conflict": "yellow"}
_ORDER = ("changed", "added", "moved", "removed", "conflict")


def say(voice: Voice, plan: Plan, *, in_full: bool) -> None:
    """What the plan does to each file, and what else a person should know about it.

    With `in_full` also every change as git shows it, unless stdout carries JSON.
    """
    reasons = {conflict.path: conflict.reason for conflict in plan.conflicts}
    for change in sorted(plan.changes, key=lambda change: (_ORDER.index(change.kind), change.path)):
        voice.say(_line(change, reasons), fg=_COLORS.get(change.kind))
    if not plan.changes:
        voice.say("  no file changes")
    for path in plan.ignored:
        voice.say(f"  not written: {path}, which is ignored here, or in a submodule", fg="bright_black")
    for note in plan.notes:
        voice.say(f"  note: {note}")
    if in_full and not voice.json:
        voice.say()
        diff_words.say(voice, os.fsdecode(plan.patch("--color=never", "--abbrev=9")).removesuffix("\n").split("\n"))


def _line(change: FileChange, reasons: Mapping[str, str]) -> str:
    if change.kind == "moved":
        return f"  moved     {change.before} -> {change.path}"
    why = f": {reasons[change.path]}" if change.path in reasons else ""
    moved = f" (was {change.before})" if change.before else ""
    return f"  {change.kind:<9} {change.path}{moved}{why}"


def say_answers(voice: Voice, changes: Iterable[AnswerChange]) -> None:
    """Each answer that changes, with the reason."""
    for change in changes:
        voice.say(f"  answer    {change.clause}")
