"""A change that is in the work tree and not committed yet: found again, concluded, or taken back."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.formats import validation
from new_ops_project.git import journal, markers, worktree
from new_ops_project.git.journal import Change
from new_ops_project.git.worktree import Repository, Status
from new_ops_project.plan import apply

_NOUNS = {"update": "update", "promote": "promotion", "adopt": "adoption", "check": "fix"}


def noun(verb: str, article: str = "") -> str:
    """What a verb makes, with an article: `an update`, `the promotion`."""
    name = _NOUNS.get(verb, verb)
    chosen = {"a": "an" if name[0] in "aeiou" else "a"}.get(article, article)
    return f"{chosen} {name}".strip()


@dataclass(frozen=True)
class Pending:
    """What an earlier run left: `was_finished` says that this run had to take its last steps."""

    change: Change
    was_finished: bool
    open_paths: tuple[str, ...]

    @property
    def verb(self) -> str:
        """The verb that left it."""
        return str(self.change.about.get("verb", "update"))


def find(where: Repository, now: Status) -> Pending | None:
    """What waits in the work tree; None where nothing does, or where somebody committed it or threw it away.

    Raises ToolError when a run that was killed cannot be finished.
    """
    change = journal.read_change(where.root, where.git_dir)
    if change is None:
        return None
    if change.phase == "forth" and not journal.is_complete(change) and now.head != change.about["head"]:
        journal.undo(change)  # its index is that of another commit
        return None
    was_finished = not journal.is_complete(change)
    if was_finished:
        journal.finish(change)
        now, change = worktree.status(where), journal.read_change(where.root, where.git_dir)
    if change is None:
        return None
    if not _is_there(change, now):
        journal.conclude(change)
        return None
    return Pending(change, was_finished, tuple(_open(where, change, now)))


def _is_there(change: Change, now: Status) -> bool:
    """Whether anything of the change is in the work tree and not committed; git names a new folder as a whole."""
    touched = {*change.after, *change.about["conflicts"]}
    return any(
        path in touched or (path.endswith("/") and any(one.startswith(path) for one in touched)) for path in now.dirty
    )


def _open(where: Repository, change: Change, now: Status) -> list[str]:
    """The paths that are unmerged still, or that hold markers."""
    marked = [path for path, why in _wrong(where, change) if "conflict markers" in why]
    return sorted({*(set(now.unmerged) & change.about["conflicts"].keys()), *marked})


def _wrong(where: Repository, change: Change) -> list[tuple[str, str]]:
    """What is still wrong with the files that were written: path, and what it is."""
    found = []
    for path in sorted({*change.about["conflicts"], *change.after}):
        file = where.root / path
        content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
        if line := markers.first_marker_line(content):
            found.append((path, f"has conflict markers, the first at line {line}"))
        elif content and path in change.about["parsed"] and (why := validation.problem(path, content)):
            found.append((path, why))
    return found


def undo(where: Repository, verb: str) -> tuple[Change, Path | None]:
    """Restore work tree and index as they were; the folder is where edits made since are kept, if there are any.

    Raises ToolError when nothing is under way.
    """
    change = _required(where, verb)
    return change, journal.undo(change)


def conclude(where: Repository, verb: str, *, commit: bool) -> tuple[Change, str, list[str]]:
    """Stage what was resolved, commit it if that was or is asked for, and forget the change.

    Returns the change, the commit, if there is one, and the paths in conflict that are just as they were before.

    Raises ToolError while a file holds conflict markers or does not parse, and when nothing is under way.
    """
    change = _required(where, verb)
    journal.finish(change)
    if wrong := _wrong(where, change):
        named = "".join(f"\n  {path} {why}" for path, why in wrong)
        message = f"Not every conflict is resolved:{named}"
        raise ToolError(message, "Mend that, then run --continue again, or --abort.")
    now = worktree.status(where)
    unmerged = now.unmerged
    wanted = commit or change.about["commit"]
    if wanted and (more := now.staged - {*change.after, *change.about["conflicts"]}):
        message = f"The commit would take along what else is staged here: {', '.join(sorted(more)[:5])}."
        raise ToolError(message, "Commit or unstage that first.")
    if others := [path for path in unmerged if path not in change.about["conflicts"]]:
        raise ToolError(f"git has other conflicts: {', '.join(others)}.", "Resolve and git add them first.")
    if unmerged:
        git.stage(where.root, list(unmerged))
    as_before = [path for path in unmerged if path not in change.after]
    made = apply.commit_staged(where, change.about["message"]) if wanted else ""
    journal.conclude(change)
    return change, made, as_before


def _required(where: Repository, verb: str) -> Change:
    """The change that is in the work tree; raises ToolError when there is none, or not any more."""
    change = journal.read_change(where.root, where.git_dir)
    if change is None:
        message = f"No {noun(verb)} is under way in {where.root}."
        raise ToolError(message, f"Start one with `new-ops-project {verb}`.")
    begun = str(change.about.get("verb", "update"))
    now, name = worktree.status(where), noun(begun)
    if begun != verb:
        message = f"It is {noun(begun, 'a')} that is under way in {where.root}, not {noun(verb, 'a')}."
        raise ToolError(message, f"new-ops-project {begun} --continue, or --abort.")
    if now.head == change.about["head"]:
        return change
    if not journal.is_complete(change):
        journal.undo(change)
        message = f"The {name} was stopped half-way, and HEAD has moved since."
        raise ToolError(message, "What it had written is taken back.")
    if not _is_there(change, now):
        journal.conclude(change)
        raise ToolError(f"The {name} was committed since.", "Take it back with git revert.")
    message = f"HEAD has moved since the {name} was written: it was {change.about['head'][:9]}, it is {now.head[:9]}."
    raise ToolError(
        message, "Go back there (git switch, or git reset --soft) to take it back or conclude it, or commit it."
    )
