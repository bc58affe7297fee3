"""A commit goes to a branch of the remote, if the plan's base is there and nobody's work is on that branch."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.fleet import branches
from new_ops_project.fleet.model import Delivered
from new_ops_project.fleet.publish import ownership, remote
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError, short, shown
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.fleet.publish.remote import Heads, Remote


@dataclass(frozen=True)
class BranchState:
    """What is known of the remote before a push.

    `tip` is the commit on the target branch, '' for none; `is_done`: it is what would be pushed. `older` are branches
    of earlier versions of the template for the same project, and whether each is ours.
    """

    remote: Remote
    parcel: Candidate
    tip: str
    is_done: bool
    older: Mapping[str, bool]


@contextmanager
def surveyed(parcel: Candidate, pace: RateLimiter) -> Iterator[BranchState]:
    """Look at the remote. Raises LeftError where the commit should not be pushed, and ProcessError."""
    task, target = parcel.task, parcel.result.target
    with remote.opened(task.url, task.base, pace) as there:
        heads = there.heads()
        _require_base(parcel, heads)
        _require_room(target, heads.tips)
        named = [name for name in heads.tips if _is_older(name, parcel)]
        found = [name for name in (target, *named) if name in heads.tips]
        there.fetch((task.branch, *found), is_deep=bool(found))
        upstream, tip = there.tip(task.branch), there.tip(target)
        if upstream != task.base:
            raise parcel.moved(upstream)
        is_done = bool(tip) and ownership.read(there.at, tip).is_same(parcel.result.tree, task.base)
        if tip and not is_done and not _is_ours(there, tip, upstream):
            raise parcel.somebodys(target)
        yield BranchState(there, parcel, tip, is_done, _older(there, parcel, named, upstream))


def push(ground: BranchState, *, is_counted: bool) -> None:
    """Push, unless that is done. Raises LeftError when the server refuses it or somebody was faster."""
    parcel, target = ground.parcel, ground.parcel.result.target
    if ground.is_done:
        return
    parcel.unbundle(ground.remote.at, ground.remote.env)
    refused = ground.remote.push(parcel.result.commit, target, ground.tip, is_counted=is_counted)
    if not refused:
        return
    now = ground.remote.heads().tips.get(target, "")
    if now == parcel.result.commit:  # the answer to an earlier try was lost on its way
        return
    if now != ground.tip:
        reason = f"{target} moved from {short(ground.tip)} to {short(now)} meanwhile: somebody else pushed to it."
        raise SkippedError(Delivered.DEFERRED, reason, "Look at what is there, then publish again.")
    raise SkippedError(Delivered.FAILED, f"The push was refused: {refused.rstrip('.')}.", _remedy(refused))


def _remedy(refused: str) -> str:
    if "workflow" in refused:
        return "The token may not write workflow files: give the GitHub App workflows:write (GITHUB_TOKEN cannot)."
    return (
        f"See whether it is archived, and whether the account may push branches {branches.BEGIN}*; then publish again."
    )


def _require_base(parcel: Candidate, heads: Heads) -> None:
    if heads.default not in {"", parcel.task.branch}:
        raise parcel.aside(heads.default)
    now = heads.tips.get(parcel.task.branch, "")
    if not now:
        raise parcel.absent()
    if now == parcel.task.base:
        return
    clone = Path(parcel.task.folder)
    if parcel.task.folder and git.resolve(clone, now) and _is_behind(clone, now, parcel.task.base):
        reason = f"{short(parcel.task.base)} is on {parcel.task.branch} of the clone only, and is not ours to push."
        raise SkippedError(Delivered.DEFERRED, reason, "Push that branch, then publish again.")
    raise parcel.moved(now)


def _require_room(target: str, names: Iterable[str]) -> None:
    """Raise ToolError where git cannot have the branch, because another one is called as a part of its path."""
    other = next((name for name in names if target.startswith(f"{name}/") or name.startswith(f"{target}/")), "")
    if other:
        message = f"There is a branch {shown(other)}, beside which git cannot have one called {shown(target)}."
        raise ToolError(message, "Rename that branch, then publish again.")


def _is_behind(clone: Path, now: str, base: str) -> bool:
    try:
        return git.is_ancestor(clone, now, base)
    except ProcessError:
        return False


def _is_ours(there: Remote, tip: str, upstream: str) -> bool:
    return ownership.is_ours(there.at, ownership.read(there.at, tip), upstream)


def _older(there: Remote, parcel: Candidate, named: Iterable[str], upstream: str) -> dict[str, bool]:
    """Branches of earlier versions, and whether each is ours: then the commit itself must name that version.

    A name alone does not tell: `template/1.0.dev.tools` is one of the folder `dev/tools`, and no 1.0.dev of `tools`.
    """
    found = {}
    for name in named:
        tip = ownership.read(there.at, there.tip(name))
        is_ours = ownership.is_ours(there.at, tip, upstream)
        if not is_ours or tip.version == branches.version(name, parcel.task):
            found[name] = is_ours
    return found


def _is_older(name: str, parcel: Candidate) -> bool:
    """Whether a branch is of an earlier version of the template for the same project, as far as its name tells."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(branches.version(name, parcel.task)) < Version(parcel.task.version)
    except InvalidVersion:
        return False
