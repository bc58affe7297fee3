"""The delivery of one commit: to a branch here, to a branch there, or as a pull request."""

from dataclasses import dataclass

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.publish import pull_request_text, pull_requests, to_branch, to_remote
from new_ops_project.fleet.publish.candidate import BaseMovedError, Candidate, SkippedError
from new_ops_project.fleet.publish.forge import Forge, host_and_path, kind_of
from new_ops_project.fleet.publish.messages import redacted_line
from new_ops_project.fleet.publish.pull_requests import PullRequest, PullRequestContent
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.fleet.publish.to_remote import BranchState
from new_ops_project.git import remotes


@dataclass(frozen=True)
class DeliveryOptions:
    """How commits are delivered: `mode` is branch, push or pr; `forge` is github, gitlab or '' to find out.

    With `preview` nothing is pushed or opened.
    """

    mode: str
    limiter: RateLimiter
    forge: str = ""
    preview: bool = False


@dataclass(frozen=True)
class Attempt:
    """A delivery, and whether it was deferred because the branch has moved since the plan."""

    delivery: Delivery
    base_moved: bool = False


def deliver(candidate: Candidate, options: DeliveryOptions, *, may_reopen: bool = False) -> Attempt:
    """Deliver the commit and return how that went; an error is a delivery that failed, and stops no other.

    `may_reopen`: open another pull request where a person has closed the last one.
    """
    try:
        candidate.require_planned()
        return Attempt(_deliver(candidate, options, may_reopen=may_reopen))
    except SkippedError as skipped:
        record = candidate.delivery(options.mode, skipped.state, skipped.reason, skipped.hint)
        return Attempt(record, isinstance(skipped, BaseMovedError))
    except (ToolError, ProcessError, OSError) as error:
        return Attempt(candidate.delivery(options.mode, Delivered.FAILED, *_reason_and_hint(error)))


def _deliver(candidate: Candidate, options: DeliveryOptions, *, may_reopen: bool) -> Delivery:
    if options.mode == "branch":
        return to_branch.deliver(candidate, preview=options.preview)
    if options.mode == "push":
        return _push(candidate, options)
    return _request(candidate, options, may_reopen=may_reopen)


def _reason_and_hint(error: ToolError | ProcessError | OSError) -> tuple[str, str]:
    if isinstance(error, ToolError):
        return error.message, error.hint
    reason = (
        remotes.failure_reason(error)
        if isinstance(error, ProcessError)
        else f"{error.filename}: {error.strerror or error}"
    )
    return f"{redacted_line(reason)}.", "Fix that, then publish again."


def _push(candidate: Candidate, options: DeliveryOptions) -> Delivery:
    with to_remote.inspected(candidate, options.limiter) as state:
        if not options.preview:
            to_remote.push(state, is_counted=True)
        return candidate.delivery(options.mode, Delivered.PUSHED, "It was there already." if state.is_done else "")


def _request(candidate: Candidate, options: DeliveryOptions, *, may_reopen: bool) -> Delivery:
    host, path = host_and_path(candidate.task.url)
    forge = Forge(kind_of(host, options.forge), host, path, options.limiter)
    with to_remote.inspected(candidate, options.limiter) as state:
        pull = _open_pull(candidate, forge, may_reopen=may_reopen)
        if options.preview:
            delivered = Delivered.REFRESHED if pull else Delivered.OPENED
            return candidate.delivery(options.mode, delivered, request=pull.url if pull else "")
        to_remote.push(state, is_counted=False)  # a push is not a request to the API, whose limit this is
        return _with_pull(candidate, forge, state, pull)


def _open_pull(candidate: Candidate, forge: Forge, *, may_reopen: bool) -> PullRequest | None:
    """The pull request that is open; raises SkippedError if a person has closed the last one."""
    pulls = pull_requests.of_branch(forge, candidate.result.target)
    pull = pull_requests.first_open(pulls)
    closed = next((pull for pull in pulls if pull.state == "closed"), None)
    if closed and not pull and not may_reopen:
        raise SkippedError(
            Delivered.UNTOUCHED,
            f"{closed.url} was closed without being merged.",
            f"To open another: --only {redacted_line(candidate.task.name)}",
        )
    return pull


def _with_pull(candidate: Candidate, forge: Forge, state: BranchState, pull: PullRequest | None) -> Delivery:
    """Open or refresh the pull request; close those of older versions, except where a person's commits are."""
    older = _older_pulls(forge, state)
    content = _content(candidate, state, older)
    is_new = False
    if pull is None:
        pull, is_new = pull_requests.create(forge, content)
    if not is_new:
        pull_requests.refresh(forge, pull, content)
    for branch, old in older.items():
        if old and state.older[branch]:
            pull_requests.supersede(forge, old, pull)
    return candidate.delivery("pr", Delivered.OPENED if is_new else Delivered.REFRESHED, request=pull.url)


def _older_pulls(forge: Forge, state: BranchState) -> dict[str, PullRequest | None]:
    """The branches of older versions, each with its open pull request."""
    return {branch: pull_requests.first_open(pull_requests.of_branch(forge, branch)) for branch in sorted(state.older)}


def _content(candidate: Candidate, state: BranchState, older: dict[str, PullRequest | None]) -> PullRequestContent:
    result = candidate.result
    others = [
        f"{branch} {pull.url if pull else ''}".strip() for branch, pull in older.items() if not state.older[branch]
    ]
    return PullRequestContent(
        result.target,
        candidate.task.branch,
        pull_request_text.title(result),
        pull_request_text.body(result, kept_branches=others),
        bool(result.conflicts),
    )
