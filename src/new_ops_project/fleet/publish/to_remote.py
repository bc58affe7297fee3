"""Delivery to a branch of the remote, if the plan's base is there and no person's work is on that branch."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.fleet import branches
from new_ops_project.fleet.model import Delivered, Task
from new_ops_project.fleet.names import redacted_line, short_id
from new_ops_project.fleet.publish import ownership, remote
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.fleet.publish.remote import Heads, Remote


@dataclass(frozen=True)
class BranchState:
    """The remote as it was before a push.

    `commit` is that of the target branch, '' if there is no branch; `is_done`: it is what would be pushed. `older` are
    the branches of earlier versions of the template for the same project, and whether each is ours.
    """

    remote: Remote
    candidate: Candidate
    commit: str
    is_done: bool
    older: Mapping[str, bool]


@contextmanager
def inspected(candidate: Candidate, limiter: RateLimiter) -> Iterator[BranchState]:
    """The state of the remote; raises SkippedError where the commit should not be pushed, and ProcessError."""
    task, target = candidate.task, candidate.result.target
    with remote.opened(task.url, task.base, limiter) as repository:
        heads = repository.heads()
        _require_base(candidate, heads)
        _require_no_name_clash(target, heads.commits)
        older = [name for name in heads.commits if _is_older(name, candidate)]
        existing = [name for name in (target, *older) if name in heads.commits]
        # Only a branch that exists is judged by the commits below it; without one, one commit is much less to fetch.
        repository.fetch((task.branch, *existing), is_deep=bool(existing))
        upstream, commit = repository.fetched(task.branch), repository.fetched(target)
        candidate.require_base(upstream)
        is_done = candidate.is_at(repository.path, commit, upstream)
        yield BranchState(repository, candidate, commit, is_done, _older(repository, candidate, older, upstream))


def push(state: BranchState, *, is_counted: bool) -> None:
    """Push, unless that is done; raises SkippedError when the server refuses it or somebody was faster."""
    candidate, target = state.candidate, state.candidate.result.target
    if state.is_done:
        return
    candidate.unbundle(state.remote.path, state.remote.env)
    refusal = state.remote.push(candidate.result.commit, target, state.commit, is_counted=is_counted)
    if not refusal:
        return
    now = state.remote.heads().commits.get(target, "")
    if now == candidate.result.commit:  # an earlier try succeeded, and its answer was lost
        return
    if now != state.commit:
        before, after = short_id(state.commit), short_id(now)
        reason = f"{target} moved from {before} to {after} in the meantime: somebody else pushed to it."
        raise SkippedError(Delivered.DEFERRED, reason, "Look at what is there, then publish again.")
    raise SkippedError(Delivered.FAILED, f"The push was refused: {refusal.rstrip('.')}.", _refusal_hint(refusal))


def _refusal_hint(refusal: str) -> str:
    if "workflow" in refusal:
        return "The token may not write workflow files: give the GitHub App workflows:write (GITHUB_TOKEN cannot)."
    branch = f"{branches.NAMESPACE}*"
    return f"Check whether it is archived, and whether the account may push branches {branch}; then publish again."


def _require_base(candidate: Candidate, heads: Heads) -> None:
    """Raise SkippedError for a base that is not the last commit of the remote's default branch."""
    task, now = candidate.task, heads.commits.get(candidate.task.branch, "")
    if heads.default not in {"", task.branch}:
        reason = f"{task.branch} is not the default branch of the remote: {heads.default} is."
        hint = "In a clone, switch to that branch; then plan it again: new-ops-project fleet retry."
        raise SkippedError(Delivered.DEFERRED, redacted_line(reason), hint)
    if now and now != task.base and _is_unpushed(task, now):
        reason = f"{short_id(task.base)} is on {task.branch} of the clone, but has not been pushed."
        raise SkippedError(Delivered.DEFERRED, reason, "Push that branch, then publish again.")
    candidate.require_base(now)


def _is_unpushed(task: Task, now: str) -> bool:
    """Whether the clone on this machine has the base on top of the remote's commit `now`."""
    clone = Path(task.folder)
    with suppress(ProcessError):
        return bool(task.folder and git.resolve(clone, now)) and git.is_ancestor(clone, now, task.base)
    return False


def _require_no_name_clash(target: str, names: Iterable[str]) -> None:
    """Raise ToolError where another branch is called as a part of the target's path: git cannot have both."""
    other = next((name for name in names if target.startswith(f"{name}/") or name.startswith(f"{target}/")), "")
    if other:
        message = f"There is a branch {redacted_line(other)}, so git cannot create one called {redacted_line(target)}."
        raise ToolError(message, "Rename that branch, then publish again.")


def _older(repository: Remote, candidate: Candidate, names: Iterable[str], upstream: str) -> dict[str, bool]:
    """Branches of earlier versions, and whether each is ours: then the commit itself must name that version.

    A name alone does not tell: `template/1.0.dev.tools` is a branch of the folder `dev/tools`, and not version 1.0.dev
    of `tools`.
    """
    older = {}
    for name in names:
        commit = ownership.read(repository.path, repository.fetched(name))
        is_ours = ownership.is_ours(repository.path, commit, upstream)
        if not is_ours or commit.version == branches.version(name, candidate.task):
            older[name] = is_ours
    return older


def _is_older(name: str, candidate: Candidate) -> bool:
    """Whether a branch has the name of an earlier version of the template for the same project."""
    try:
        return Version(branches.version(name, candidate.task)) < Version(candidate.task.version)
    except ValueError:
        return False
