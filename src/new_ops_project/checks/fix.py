"""What --fix mends: rules' fixes become one Plan, which is shown, or written as a whole."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click

from new_ops_project.base import text
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.base.report import Voice
from new_ops_project.checks import fixpoint
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Rule
from new_ops_project.git import committed, journal, worktree
from new_ops_project.git.tree import PLAIN, Entry
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply, pending, summary, three_way
from new_ops_project.plan.model import Plan, Sides


@dataclass(frozen=True)
class FixTarget:
    """The project to mend: its repository, its folder in it, and the only files that may change (all, if none)."""

    repository: Repository
    prefix: str
    only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FixOutcome:
    """What was mended, or would be, and what --json says of the plan."""

    fixed: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_written(self) -> bool:
        """Whether it was mended."""
        return self.details.get("state") == "staged"


def mend(repo: Repo, target: FixTarget, rules: Sequence[Rule], voice: Voice, *, preview: bool) -> FixOutcome:
    """Mend what the rules can mend; with `preview`, only show it.

    A file with changes that are not committed is left as it is. Raises ToolError, with nothing moved, in a repository
    without a commit.
    """
    where = target.repository
    now = worktree.status(where)
    dirty = frozenset(path.removeprefix(target.prefix) for path in now.dirty if path.startswith(target.prefix))
    work = fixpoint.mended(repo, rules, lambda path: _is_free(path, dirty) and path in (target.only or {path}))
    held = [path for path in work.blocked if not _is_free(path, dirty)]
    for path in held:
        voice.say(f"not mended: {text.readable(path)} has changes that are not committed", fg="yellow")
    if not work.files:
        return FixOutcome(details={"state": "nothing", "files": [], "held": held})
    with three_way.planned(where, _sides(target, now, work.files)) as made:
        _require_sound(made)
        return FixOutcome(work.fixed, {**_hand_over(made, where, voice, preview=preview), "held": held})


def _is_free(path: str, dirty: frozenset[str]) -> bool:
    """Whether nothing that is not committed is at `path`; git names a new folder as a whole."""
    return path not in dirty and not any(path.startswith(one) for one in dirty if one.endswith("/"))


def settle(where: Repository) -> None:
    """Finish what a run that was killed has begun; call it before anything is read that shall be mended.

    Raises ToolError while a merge is under way, or another change waits in the work tree.
    """
    apply.require_no_merge(where)
    left = pending.find(where, worktree.status(where))
    if left is None:
        return
    if left.verb == "check":
        journal.conclude(left.change)
        return
    the = pending.noun(left.verb, "the").capitalize()
    command = f"new-ops-project {left.verb}"
    raise ToolError(f"{the} waits to be committed, so nothing is mended.", f"git commit, or: {command} --abort.")


def _sides(target: FixTarget, now: Status, files: Mapping[str, Entry]) -> Sides:
    """What is committed is base and ours; theirs is the same, mended, in the line ends that are committed."""
    base = committed.some(target.repository, now.head, target.prefix, files)
    theirs = {path: _as_committed(entry, base.get(path)) for path, entry in files.items()}
    return Sides(base, theirs, now.head, target.prefix)


def _as_committed(entry: Entry, was: Entry | None) -> Entry:
    if was is None:
        return replace(entry, mode=entry.mode or PLAIN)
    content = entry.content if b"\r\n" in was.content else entry.content.replace(b"\r\n", b"\n")
    return Entry(entry.mode or was.mode, content)


def _require_sound(made: Plan) -> None:
    """Raise ToolError where a mended file would not parse any more, which no fix should bring about."""
    for conflict in made.conflicts:
        raise ToolError(
            f"{conflict.path} would not be sound when mended: {conflict.reason}.",
            "Mend it by hand; nothing was written.",
        )


def _hand_over(made: Plan, where: Repository, voice: Voice, *, preview: bool) -> dict[str, Any]:
    if preview:
        summary.say(voice, made)
        if not voice.json:
            in_color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            click.echo(made.patch("--color=always" if in_color else "--color=never", "--abbrev=9"), nl=False)
            voice.say()
        return {"state": "previewed", **summary.as_json(made, texts=voice.json)}
    about = {
        "verb": "check",
        "path": str(where.root),
        "from": "",
        "to": "what the rules ask",
        "message": "",
        "head": made.commit,
        "commit": False,
        "conflicts": {},
        "parsed": [],
    }
    journal.conclude(apply.in_work_tree(made, about=about))
    return {"state": "staged", **summary.as_json(made, texts=False)}
