"""What a verb that changes a project was asked for, and how it went: its options, its one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.report import Voice


@dataclass(frozen=True)
class Destination:
    """Where a plan goes, and of which verb it is; `branch` is '' for that verb's usual name, `patch` may be `-`."""

    verb: str
    preview: bool = False
    patch: str | None = None
    branch: str | None = None
    in_place: bool = False
    commit: bool = False

    @property
    def writes_work_tree(self) -> bool:
        """Whether the work tree is where the result goes."""
        return not (self.preview or self.patch is not None or self.branch is not None)

    @property
    def command(self) -> str:
        """The verb as it is typed."""
        return f"new-ops-project {self.verb}"


@dataclass(frozen=True)
class Outcome:
    """How a verb went: `state` is one word, `details` what --json adds to it, `next` the commands to go on with."""

    state: str
    code: Exit = Exit.DONE
    details: Mapping[str, Any] = field(default_factory=dict)
    next: tuple[str, ...] = ()


@dataclass(frozen=True)
class Purpose:
    """What a plan is for: `message` is that of the commit, `branch` the usual name, `details` the verb's facts."""

    message: str
    branch: str
    details: Mapping[str, Any]


def require_sense(way: Destination, *, as_json: bool, resume: bool, abort: bool, aims: Mapping[str, Any]) -> None:
    """Raise ToolError for options that contradict each other; `aims` are those that say what to do, by name."""
    chosen = {
        "--continue": resume,
        "--abort": abort,
        "--preview": way.preview,
        "--check": bool(aims.get("--check")),
        "--patch": way.patch is not None,
        "--branch": way.branch is not None,
        "--in-place": way.in_place,
        "--commit": way.commit,
    }
    given = [name for name, is_given in chosen.items() if is_given]
    if len(given) > 1 and given not in (
        ["--continue", "--commit"],
        ["--in-place", "--commit"],
        ["--preview", "--in-place"],
    ):
        raise ToolError(f"{' and '.join(given)} do not go together.", "Choose one.")
    if (resume or abort) and (useless := [name for name, value in aims.items() if value]):
        raise ToolError(f"{given[0]} takes no {' and no '.join(useless)}.", "Leave that out.")
    if way.patch == "-" and as_json:
        raise ToolError("--json and --patch - both write to stdout.", "Give --patch a file.")


def answer(outcome: Outcome, voice: Voice, *, as_json: bool) -> None:
    """Print the outcome: one JSON object, or what to do next."""
    if as_json:
        voice.answer({"state": outcome.state, **outcome.details, "next": list(outcome.next)})
    elif outcome.next:
        voice.say("\nNext:")
        for step in outcome.next:
            voice.say(f"  {step}")
