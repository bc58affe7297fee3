"""One commit that is to be delivered: checked against the plan before anything is done with it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, run_within
from new_ops_project.base.text import readable
from new_ops_project.fleet import branches, commits
from new_ops_project.fleet.model import Delivered, Delivery, Result, ResultState, Task
from new_ops_project.fleet.publish import ownership
from new_ops_project.git import markers, remotes, urls
from new_ops_project.git.objects import reader

_PATIENCE = 300.0  # seconds for one bundle
_SHOWN = 300  # characters of what git or a server says


class SkippedError(Exception):
    """A commit stays where it is, for a reason that is no fault of the run."""

    def __init__(self, state: Delivered, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True)
class Candidate:
    """The commit of one project. Where it goes is what the plan's task says, whatever the result says of that."""

    task: Task
    result: Result
    folder: Path
    """of results, which `result.bundle` is in"""
    author: str
    """of the plan's commits, as `NAME <ADDRESS>`"""

    def delivery(self, mode: str, state: Delivered, reason: str = "", hint: str = "", *, request: str = "") -> Delivery:
        """How it was delivered."""
        one = self.result
        return Delivery(one.name, one.plan, state, mode, one.commit, one.target, request, reason, hint)

    def require_sense(self) -> None:
        """Raise ToolError for a result that does not belong to the plan's task, or names what no run of ours does.

        Raises LeftError when the task's base was on no branch.
        """
        task, one = self.task, self.result
        if not task.branch:
            raise self.absent()
        if (one.base, one.branch) != (task.base, task.branch):
            raise ToolError(
                f"The result is for {one.branch} at {short(one.base)}, which is not what was planned.",
                "Run `fleet update` with that plan again.",
            )
        if (one.target, one.version) != (branches.of(task), task.version) or not all(
            map(_is_branch, (one.target, task.branch))
        ):
            raise ToolError(
                f"{shown(one.target or '(none)')} is no branch that the plan names.",
                "Run `fleet update` with that plan again.",
            )
        if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) for name in (one.commit, one.tree, one.base)):
            raise ToolError("The result names no commit.", "Run `fleet update` with that plan again.")

    def unbundle(self, repository: Path, env: Mapping[str, str] | None = None) -> None:
        """Put the commit's objects into `repository`, which has its parent; no ref moves.

        A bundle may hold differences from files: git fetches those, where they are not there, all at once.
        Raises ToolError when the bundle is not what the result says.
        """
        file = self.folder / self.result.bundle
        if not self.result.bundle or not file.resolve().is_relative_to(self.folder.resolve()):
            raise ToolError("The result names no bundle in its folder.", "Run `fleet update` with that plan again.")
        try:
            command = ("git", *git.TEMPORARY, *remotes.QUIET, "bundle", "unbundle", str(file.absolute()))
            run_within(_PATIENCE, *command, cwd=repository, env=env)
            tip = ownership.read(repository, self.result.commit)
        except ProcessError as error:
            message = f"{file} does not hold the commit {short(self.result.commit)}: {shown(remotes.reason(error))}."
            raise ToolError(message, "Run `fleet update` with that plan again.") from error
        if not (tip.is_same(self.result.tree, self.task.base) and self._is_planned(repository, tip)):
            raise ToolError(
                f"The commit {short(tip.id)} in {file} is not the one that the plan makes.",
                "Run `fleet update` with that plan again.",
            )
        if self.result.state != ResultState.CONFLICT and (marked := _marked(repository, self.task.base, tip.id, env)):
            message = f"{shown(marked)} has conflict markers, and the result says that nothing is in conflict."
            raise ToolError(message, "Look at that commit; then run `fleet update` with that plan again.")

    def _is_planned(self, repository: Path, tip: ownership.BranchTip) -> bool:
        """Whether the commit is what comes of its tree: the words and the author are the plan's, too."""
        if not re.fullmatch(r"[\w-]{1,64}", tip.plan):
            return False
        has_conflicts = self.result.state == ResultState.CONFLICT
        about = tip.about(self.author)
        expected = commits.content(self.task, tip.tree, about, has_conflicts=has_conflicts)
        return git.git("cat-file", "commit", tip.id, at=repository).stdout == expected

    def moved(self, now: str) -> SkippedError:
        """Its base is no longer where its branch is."""
        branch, base = self.task.branch, short(self.task.base)
        return SkippedError(
            Delivered.DEFERRED,
            f"{branch} moved from {base} to {short(now)} since the plan.",
            "Plan it again: new-ops-project fleet retry.",
        )

    def absent(self) -> SkippedError:
        """The branch that its base is on is not there."""
        reason = f"There is no branch {shown(self.task.branch)} any more." if self.task.branch else "HEAD was detached."
        return SkippedError(Delivered.DEFERRED, reason, "Plan it again: new-ops-project fleet retry.")

    def aside(self, default: str) -> SkippedError:
        """Its base is on a branch of somebody's that is not merged, or that was the default one."""
        reason = f"{shown(self.task.branch)} is not the default branch of the remote: {shown(default)} is."
        hint = "In a clone, switch to that one; then plan it again: new-ops-project fleet retry."
        return SkippedError(Delivered.DEFERRED, reason, hint)

    def somebodys(self, branch: str) -> SkippedError:
        """There is work of a person on our branch."""
        return SkippedError(
            Delivered.UNTOUCHED,
            f"{branch} has commits that are not this tool's.",
            "Merge or close what is there; then delete that branch and publish again.",
        )


def _marked(repository: Path, base: str, commit: str, env: Mapping[str, str] | None) -> str:
    """A file that the commit changes and that has our conflict markers in it; '' for none."""
    command = ("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", base, commit)
    words = git.git(*git.TEMPORARY, *command, at=repository, env=env).stdout.split(b"\0")
    with reader(repository, env) as reading:
        for about, path in zip(words[::2], words[1::2], strict=False):
            found = reading.get(about.split()[3].decode())
            if found and found.kind == "blob" and markers.first_marker(found.content):
                return os.fsdecode(path)
    return ""


def _is_branch(name: str) -> bool:
    return not git.git("check-ref-format", f"refs/heads/{name}", codes=(0, 1)).code


def short(commit: str) -> str:
    """A commit's id as people read it."""
    return commit[:7] or "nothing"


def shown(text: str) -> str:
    """What git, a server or a file name says, on one line, without credentials and control characters."""
    plain = " ".join(urls.without_secrets(readable(text)).split())
    safe = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in plain)
    return f"{safe[:_SHOWN]}..." if len(safe) > _SHOWN else safe
