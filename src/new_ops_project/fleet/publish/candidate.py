"""A commit that is to be delivered, with the checks that it is the one that was planned."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import run
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.fleet import branches, commits
from new_ops_project.fleet.commits import CommitInfo
from new_ops_project.fleet.model import Delivered, Delivery, Result, ResultState, Task
from new_ops_project.fleet.names import redacted_line, short_id
from new_ops_project.fleet.publish import ownership
from new_ops_project.git import markers, remotes
from new_ops_project.git.objects import open_reader

PLAN_AGAIN = "Plan it again: new-ops-project fleet retry."
"""The hint for a commit whose base is no longer what it was."""
_PATIENCE = 300.0  # seconds for one bundle
_UPDATE_AGAIN = "Run `fleet update` with that plan again."


class SkippedError(ToolError):
    """A commit is not delivered, for a reason that is not a fault of the run."""

    def __init__(self, state: Delivered, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.state = state


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
            raise SkippedError(Delivered.DEFERRED, "HEAD was detached.", PLAN_AGAIN)
        if (result.base, result.branch) != (task.base, task.branch):
            message = f"The result is for {result.branch} at {short_id(result.base)}, which is not what was planned."
        elif (result.target, result.version) != (branches.name(task), task.version):
            message = f"{redacted_line(result.target or '(none)')} is not the branch that the plan names."
        elif not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", result.commit):
            message = "The result does not name a commit."
        else:
            return
        raise ToolError(message, _UPDATE_AGAIN)

    def require_base(self, now: str) -> None:
        """Raise SkippedError unless the base is the last commit of its branch, which is `now` ('' without a branch)."""
        branch, base = redacted_line(self.task.branch), short_id(self.task.base)
        if not now:
            raise SkippedError(Delivered.DEFERRED, f"The branch {branch} no longer exists.", PLAN_AGAIN)
        if now != self.task.base:
            message = f"{branch} moved from {base} to {short_id(now)} since the plan."
            raise SkippedError(Delivered.DEFERRED, message, PLAN_AGAIN)

    def is_at(self, repository: Path, commit: str, upstream: str) -> bool:
        """Whether the last commit of its target branch ('' without one) has its tree already, on the same base.

        Raises SkippedError if that is a person's commit; `upstream` is the last commit of the default branch.
        """
        owner = ownership.read(repository, commit) if commit else None
        if owner is None or owner.is_same(self.result.tree, self.task.base):
            return owner is not None
        if not ownership.is_ours(repository, owner, upstream):
            message = f"{self.result.target} has commits that this tool did not make."
            hint = "Merge or close that work; then delete the branch and publish again."
            raise SkippedError(Delivered.UNTOUCHED, message, hint)
        return False

    def unbundle(self, repository: Path, env: Mapping[str, str] | None = None) -> None:
        """Put the commit's objects into `repository`, which has its parent; no ref moves.

        A bundle may hold its files as differences from others. Git fetches those that are missing in one request.
        Raises ToolError when the bundle does not hold what the result says.
        """
        file, result = self.folder / self.result.bundle, self.result
        if not file.is_file() or not file.resolve().is_relative_to(self.folder.resolve()):
            raise ToolError("The result does not name a bundle in its folder.", _UPDATE_AGAIN)
        try:
            command, variables = git.confined(repository, env)
            unbundle = (*git.TEMPORARY, *remotes.NO_PROMPTS, "bundle", "unbundle", str(file.absolute()))
            run(*command, *unbundle, cwd=repository, env=variables, seconds=_PATIENCE)
            commit = ownership.read(repository, result.commit)
        except ProcessError as error:
            reason = redacted_line(remotes.failure_reason(error))
            message = f"{file} does not hold the commit {short_id(result.commit)}: {reason}."
            raise ToolError(message, _UPDATE_AGAIN) from error
        # The message and the author are part of the comparison: template code could otherwise put "Fixes #1" or another
        # person's name into a commit that is then pushed with this tool's rights.
        info = CommitInfo(commit.plan, self.author, commit.seconds)
        has_conflicts = result.state == ResultState.CONFLICT
        planned = commits.content(self.task, result.tree, info, has_conflicts=has_conflicts)
        written = git.git("cat-file", "commit", commit.id, at=repository).stdout
        if written != planned or not re.fullmatch(r"[\w-]{1,64}", commit.plan):
            message = f"The commit {short_id(commit.id)} in {file} is not the one that was planned."
            raise ToolError(message, _UPDATE_AGAIN)
        changed = _changed_files(repository, self.task.base, commit.id, env)
        if path := _impossible_path(repository, changed, env):
            raise ToolError(
                f"The commit in {file} has the path {redacted_line(path)}, which git refuses.", _UPDATE_AGAIN
            )
        if not has_conflicts and (path := _path_with_markers(repository, changed, env)):
            message = f"{redacted_line(path)} has conflict markers, but the result lists no conflicts."
            raise ToolError(message, "Look at that commit; then run `fleet update` with that plan again.")


def _changed_files(repository: Path, base: str, commit: str, env: Mapping[str, str] | None) -> dict[bytes, bytes]:
    """The files that a commit adds or changes, each with what `diff-tree` says of it: modes, ids, status."""
    command = ("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", base, commit)
    fields = git.git(*git.TEMPORARY, *command, at=repository, env=env).stdout.split(b"\0")
    return dict(zip(fields[1::2], fields[::2], strict=False))


def _impossible_path(repository: Path, changed: Mapping[bytes, bytes], env: Mapping[str, str] | None) -> str:
    """The first path that no index of git takes, such as `.git/config` or `../x`; '' if there is none.

    A push carries any tree, and not every server looks at its names.
    """
    lines = [b"%s %s\t%s\0" % (facts.split()[1], facts.split()[3], path) for path, facts in changed.items()]
    command = (*git.TEMPORARY, "-c", "core.protectHFS=true", "update-index", "-z", "--index-info")
    with temporary_folder() as folder:
        index = {**(env or {}), "GIT_INDEX_FILE": str(folder / "index")}
        git.git(*command, at=repository, env=index, stdin=b"".join(lines))  # it leaves out what it does not take
        taken = {*git.git("ls-files", "-z", at=repository, env=index).stdout.split(b"\0")}
    return next((os.fsdecode(path) for path in changed if path not in taken), "")


def _path_with_markers(repository: Path, changed: Mapping[bytes, bytes], env: Mapping[str, str] | None) -> str:
    """The first changed file that has our conflict markers in it; '' if there is none."""
    with open_reader(repository, env) as objects:
        for path, facts in changed.items():
            file = objects.get(facts.split()[3].decode())
            if file and file.kind == "blob" and markers.first_marker_line(file.content):
                return os.fsdecode(path)
    return ""
