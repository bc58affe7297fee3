"""`check --fix`: the fixes of rules become one Plan."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.checks import fixpoint
from new_ops_project.checks.places import Scope
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Rule
from new_ops_project.git import committed, journal, worktree
from new_ops_project.git.tree import PLAIN, Entry
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply, pending, summary, three_way, wording
from new_ops_project.plan.model import Plan, Sides


@dataclass(frozen=True)
class FixTarget:
    """The project to fix: its repository, its folder in it, what in it may change, and which findings are fixed."""

    repository: Repository
    prefix: str
    scope: Scope
    applies: Callable[[Finding], bool]


@dataclass(frozen=True)
class FixOutcome:
    """The findings that were fixed, or would be, and the plan as --json prints it."""

    findings: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_written(self) -> bool:
        """Whether the fixes are in the work tree."""
        return self.details.get("state") == "staged"


def apply_fixes(
    repo: Repo,
    target: FixTarget,
    rules: Sequence[Rule],
    *,
    show: Callable[[Plan], None] | None = None,
    texts: bool = False,
) -> FixOutcome:
    """Fix what the rules can fix; if `show` is given, only pass it the plan.

    A file with uncommitted changes, or one that git ignores, is left as it is, and listed as `held`; `unseen` lists
    those that git ignores. `texts` asks for the difference of each file. Raises ToolError, with nothing moved, in a
    repository without a commit.
    """
    status = worktree.status(target.repository, filters=show is None)
    dirty = frozenset(path.removeprefix(target.prefix) for path in status.dirty if path.startswith(target.prefix))

    @cache
    def is_unseen(path: str) -> bool:
        return path not in repo.paths and bool(git.ignored(repo.folder, [path]))

    def is_free(path: str) -> bool:
        is_hidden = path not in repo.paths and os.path.lexists(repo.folder / path)
        return not is_hidden and not is_unseen(path) and _is_committed(path, dirty)

    work = fixpoint.fixed_files(repo, rules, lambda path: is_free(path) and target.scope.covers(path), target.applies)
    held = [path for path in work.blocked if not is_free(path) and target.scope.covers(path)]
    left = {"held": held, "unseen": [path for path in held if is_unseen(path)]}
    if not work.files:
        return FixOutcome(details={"state": "nothing", "files": [], **left})
    with three_way.plan_from_sides(target.repository, _sides(target, status, work.files)) as plan:
        _require_sound(plan)
        if show:
            show(plan)
            details = {"state": "previewed", **summary.as_json(plan, texts=texts)}
        else:
            _write(plan, target.repository)
            details = {"state": "staged", **summary.as_json(plan, texts=False)}
        return FixOutcome(work.fixed, {**details, **left})


def _is_committed(path: str, dirty: frozenset[str]) -> bool:
    """Whether nothing uncommitted is at `path`; git names a new folder as a whole."""
    return path not in dirty and not any(path.startswith(folder) for folder in dirty if folder.endswith("/"))


def settle(repository: Repository, prefix: str) -> None:
    """Finish what a killed run began; call it before reading anything that is to be fixed.

    Raises ToolError while a merge is under way, or another change is pending in the work tree.
    """
    apply.require_no_merge(repository)
    if left := pending.find(repository, worktree.status(repository, filters=True)):
        owner = wording.place(left.change)
        title = wording.title(left.change, owner.name if owner.prefix == prefix else "")
        raise ToolError(f"{title} is not committed yet, so nothing is fixed.", wording.way_out(left.change))


def _sides(target: FixTarget, status: Status, files: Mapping[str, Entry]) -> Sides:
    """Base and ours are the commit; theirs is the commit with the fixes, and with its line ends."""
    base = committed.read_files(target.repository, status.head, target.prefix, files)
    theirs = {path: _as_committed(entry, base.get(path)) for path, entry in files.items()}
    return Sides(base, theirs, status.head, target.prefix)


def _as_committed(entry: Entry, before: Entry | None) -> Entry:
    if before is None:
        return replace(entry, mode=entry.mode or PLAIN)
    content = entry.content if b"\r\n" in before.content else entry.content.replace(b"\r\n", b"\n")
    return Entry(entry.mode or before.mode, content)


def _require_sound(plan: Plan) -> None:
    """Raise ToolError where a fixed file would no longer parse, which no fix should cause."""
    for conflict in plan.conflicts:
        message = f"{conflict.path} would not be valid after the fix: {conflict.reason}."
        raise ToolError(message, "Fix it by hand; nothing was written.")


def _write(plan: Plan, repository: Repository) -> None:
    about = {
        "verb": "check",
        "prefix": plan.prefix,
        "path": str(repository.root),
        "from": "",
        "to": "what the rules ask",
        "message": "",
        "head": plan.commit,
        "commit": False,
        "conflicts": {},
        "parsed": [],
    }
    journal.conclude(apply.write_work_tree(plan, about=about))
