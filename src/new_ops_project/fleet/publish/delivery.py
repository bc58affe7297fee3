"""One commit goes where it is meant to go: a branch here, a branch there, or a pull request."""

from dataclasses import dataclass

from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.publish import forge, pull_request_text, pull_requests, to_branch, to_remote
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError, shown
from new_ops_project.fleet.publish.forge import Forge
from new_ops_project.fleet.publish.pull_requests import PullRequest, PullRequestContent
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.fleet.publish.to_remote import BranchState
from new_ops_project.git import remotes


@dataclass(frozen=True)
class DeliveryOptions:
    """How commits are delivered. `forge` is github, gitlab or '' for whichever is there; `preview` does nothing."""

    mode: str
    pace: RateLimiter
    forge: str = ""
    preview: bool = False


def deliver(parcel: Candidate, way: DeliveryOptions, *, insists: bool = False) -> Delivery:
    """Deliver it, and say how that went; whatever goes wrong is this project's alone.

    `insists`: a pull request that a person has closed is opened once more.
    """
    try:
        parcel.require_sense()
        if way.mode == "branch":
            return to_branch.place(parcel, preview=way.preview)
        return _pushed(parcel, way) if way.mode == "push" else _requested(parcel, way, insists=insists)
    except SkippedError as left:
        return parcel.delivery(way.mode, left.state, left.reason, left.hint)
    except (ToolError, ProcessError, OSError) as error:
        return parcel.delivery(way.mode, Delivered.FAILED, *_why(error))


def _why(error: ToolError | ProcessError | OSError) -> tuple[str, str]:
    """Reason and hint."""
    if isinstance(error, ToolError):
        return error.message, error.hint
    said = remotes.reason(error) if isinstance(error, ProcessError) else f"{error.filename}: {error.strerror or error}"
    return f"{shown(said)}.", "Mend that, then publish again."


def _pushed(parcel: Candidate, way: DeliveryOptions) -> Delivery:
    with to_remote.surveyed(parcel, way.pace) as ground:
        if not way.preview:
            to_remote.push(ground, is_counted=True)
        return parcel.delivery(way.mode, Delivered.PUSHED, "It was there already." if ground.is_done else "")


def _requested(parcel: Candidate, way: DeliveryOptions, *, insists: bool) -> Delivery:
    host, path = forge.address(parcel.task.url)
    there = Forge(forge.kind_of(host, way.forge), host, path, way.pace)
    with to_remote.surveyed(parcel, way.pace) as ground:
        pull = _under_way(parcel, there, insists=insists)
        if way.preview:
            state = Delivered.REFRESHED if pull else Delivered.OPENED
            return parcel.delivery(way.mode, state, request=pull.url if pull else "")
        to_remote.push(ground, is_counted=False)
        return _with_pull(parcel, there, ground, pull)


def _under_way(parcel: Candidate, there: Forge, *, insists: bool) -> PullRequest | None:
    """The pull request that is open. Raises LeftError for one that a person has closed."""
    known = pull_requests.of_branch(there, parcel.result.target)
    found = pull_requests.open_of(known)
    closed = next((one for one in known if one.state == "closed"), None)
    if closed and not found and not insists:
        raise SkippedError(
            Delivered.UNTOUCHED,
            f"{closed.url} was closed without being merged.",
            f"To open another: --only {shown(parcel.task.name)}",
        )
    return found


def _with_pull(parcel: Candidate, there: Forge, ground: BranchState, pull: PullRequest | None) -> Delivery:
    """Open or refresh the pull request, and close those of older versions that are ours."""
    result, older = parcel.result, _older(there, ground)
    left = [f"{name} {one.url if one else ''}".strip() for name, one in older.items() if not ground.older[name]]
    wanted = PullRequestContent(
        result.target,
        parcel.task.branch,
        pull_request_text.title(result),
        pull_request_text.text(result, left=left),
        bool(result.conflicts),
    )
    is_new = False
    if pull is None:
        pull, is_new = pull_requests.opened(there, wanted)
    if not is_new:
        pull_requests.refresh(there, pull, wanted)
    for name, one in older.items():
        if one and ground.older[name]:
            pull_requests.supersede(there, one, pull)
    return parcel.delivery("pr", Delivered.OPENED if is_new else Delivered.REFRESHED, request=pull.url)


def _older(there: Forge, ground: BranchState) -> dict[str, PullRequest | None]:
    """The branches of older versions, each with its open pull request."""
    return {name: pull_requests.open_of(pull_requests.of_branch(there, name)) for name in sorted(ground.older)}
