"""A commit that is to be delivered, with the checks that it is the one that was planned."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import run
from new_ops_project.fleet import branches, commits
from new_ops_project.fleet.model import Delivered, Delivery, Result, ResultState, Task
from new_ops_project.fleet.publish import ownership
from new_ops_project.fleet.publish.messages import redacted_line, short_id
from new_ops_project.fleet.publish.ownership import CommitDetails
from new_ops_project.git import markers, remotes
from new_ops_project.git.objects import open_reader

_PATIENCE = 300.0  # seconds for one bundle
_UPDATE_AGAIN = "Run `fleet update` with that plan again."
_PLAN_AGAIN = "Plan it again: new-ops-project fleet retry."


class SkippedError(Exception):
    """A commit is not delivered, for a reason that is not a fault of the run."""

    def __init__(self, state: Delivered, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
        self.hint = hint


class BaseMovedError(SkippedError):
    """A commit is not delivered because its branch has moved since the plan."""


@dataclass(frozen=True)
class Candidate:
    """The commit of one project.

    The plan's task decides where it goes. The result only has to agree: the job that wrote it also ran the template's
    code, so nothing in it is trusted.
    """

    task: Task
    result: Result
    folder: Path
    """the folder of results that `result.bundle` is in"""
    author: str
    """of the plan's commits, as `NAME <ADDRESS>`"""

    def delivery(self, mode: str, state: Delivered, reason: str = "", hint: str = "", *, request: str = "") -> Delivery:
        """A record of how it was delivered."""
        result = self.result
        return Delivery(result.name, result.plan, state, mode, result.commit, result.target, request, reason, hint)

    def require_planned(self) -> None:
        """Raise ToolError for a result that does not match the plan's task, or that no run of this tool writes.

        Raises SkippedError when the task's base was not on a branch.
        """
        task, result = self.task, self.result
        if not task.branch:
            raise self.branch_missing()
        if (result.base, result.branch) != (task.base, task.branch):
            raise ToolError(
                f"The result is for {result.branch} at {short_id(result.base)}, which is not what was planned.",
                _UPDATE_AGAIN,
            )
        if (result.target, result.version) != (branches.name(task), task.version) or not all(
            map(_is_branch_name, (result.target, task.branch))
        ):
            branch = redacted_line(result.target or "(none)")
            raise ToolError(f"{branch} is not the branch that the plan names.", _UPDATE_AGAIN)
        if not all(map(_is_object_id, (result.commit, result.tree, result.base))):
            raise ToolError("The result does not name a commit.", _UPDATE_AGAIN)

    def unbundle(self, repository: Path, env: Mapping[str, str] | None = None) -> None:
        """Put the commit's objects into `repository`, which has its parent; no ref moves.

        A bundle may hold its files as differences from others. Git fetches those that are missing in one request.
        Raises ToolError when the bundle does not hold what the result says.
        """
        file = self.folder / self.result.bundle
        if not self.result.bundle or not file.resolve().is_relative_to(self.folder.resolve()):
            raise ToolError("The result does not name a bundle in its folder.", _UPDATE_AGAIN)
        try:
            command = ("git", *git.TEMPORARY, *remotes.NO_PROMPTS, "bundle", "unbundle", str(file.absolute()))
            run(*command, cwd=repository, env=env, seconds=_PATIENCE)
            commit = ownership.read(repository, self.result.commit)
        except ProcessError as error:
            reason = redacted_line(remotes.failure_reason(error))
            message = f"{file} does not hold the commit {short_id(self.result.commit)}: {reason}."
            raise ToolError(message, _UPDATE_AGAIN) from error
        if not (commit.is_same(self.result.tree, self.task.base) and self._is_as_planned(repository, commit)):
            raise ToolError(
                f"The commit {short_id(commit.id)} in {file} is not the one that was planned.", _UPDATE_AGAIN
            )
        self._require_no_markers(repository, env)

    def _require_no_markers(self, repository: Path, env: Mapping[str, str] | None) -> None:
        if self.result.state == ResultState.CONFLICT:
            return
        if path := _path_with_markers(repository, self.task.base, self.result.commit, env):
            message = f"{redacted_line(path)} has conflict markers, but the result lists no conflicts."
            raise ToolError(message, "Look at that commit; then run `fleet update` with that plan again.")

    def _is_as_planned(self, repository: Path, commit: CommitDetails) -> bool:
        """Whether the commit is byte for byte the one that the plan gives for its tree.

        The message and the author are part of that: template code could otherwise put "Fixes #1" or another person's
        name into a commit that is then pushed with this tool's rights.
        """
        if not re.fullmatch(r"[\w-]{1,64}", commit.plan):
            return False
        has_conflicts = self.result.state == ResultState.CONFLICT
        info = commit.info(self.author)
        expected = commits.content(self.task, commit.tree, info, has_conflicts=has_conflicts)
        return git.git("cat-file", "commit", commit.id, at=repository).stdout == expected

    def base_moved(self, now: str) -> BaseMovedError:
        """Its base is no longer the commit of its branch, which is `now`."""
        branch, base = self.task.branch, short_id(self.task.base)
        return BaseMovedError(
            Delivered.DEFERRED, f"{branch} moved from {base} to {short_id(now)} since the plan.", _PLAN_AGAIN
        )

    def branch_missing(self) -> SkippedError:
        """The branch of its base does not exist."""
        branch = redacted_line(self.task.branch)
        reason = f"The branch {branch} no longer exists." if branch else "HEAD was detached."
        return SkippedError(Delivered.DEFERRED, reason, _PLAN_AGAIN)

    def not_on_default_branch(self, default: str) -> SkippedError:
        """Its base is on a branch that is not the remote's default one, so that work on it may not be merged."""
        reason = (
            f"{redacted_line(self.task.branch)} is not the default branch of the remote: {redacted_line(default)} is."
        )
        hint = "In a clone, switch to that branch; then plan it again: new-ops-project fleet retry."
        return SkippedError(Delivered.DEFERRED, reason, hint)

    def branch_has_other_commits(self, branch: str) -> SkippedError:
        """A person has committed to this tool's branch."""
        return SkippedError(
            Delivered.UNTOUCHED,
            f"{branch} has commits that this tool did not make.",
            "Merge or close that work; then delete the branch and publish again.",
        )


def _path_with_markers(repository: Path, base: str, commit: str, env: Mapping[str, str] | None) -> str:
    """The first file that the commit changes and that has our conflict markers in it; '' if there is none."""
    command = ("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", base, commit)
    fields = git.git(*git.TEMPORARY, *command, at=repository, env=env).stdout.split(b"\0")
    with open_reader(repository, env) as objects:
        for modes_and_ids, path in zip(fields[::2], fields[1::2], strict=False):
            file = objects.get(modes_and_ids.split()[3].decode())
            if file and file.kind == "blob" and markers.first_marker_line(file.content):
                return os.fsdecode(path)
    return ""


def _is_branch_name(name: str) -> bool:
    return not git.git("check-ref-format", f"refs/heads/{name}", codes=(0, 1)).exit_code


def _is_object_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text))
