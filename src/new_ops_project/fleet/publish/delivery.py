"""The delivery of one commit: to a branch here, to a branch there, or as a pull request."""

from dataclasses import dataclass

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.fleet.model import Delivered, Delivery
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish import pull_request_text, pull_requests, to_branch, to_remote
from new_ops_project.fleet.publish.candidate import Candidate, SkippedError
from new_ops_project.fleet.publish.forge import Forge, host_and_path, kind_of
from new_ops_project.fleet.publish.pull_requests import PullRequest
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


def deliver(candidate: Candidate, options: DeliveryOptions, *, may_reopen: bool = False) -> Delivery:
    """Deliver the commit and return how that went; an error is a delivery that failed, and stops no other.

    `may_reopen`: open another pull request where a person has closed the last one.
    """
    state, hint = Delivered.FAILED, "Fix that, then publish again."
    try:
        candidate.require_planned()
        if options.mode == "branch":
            return to_branch.deliver(candidate, preview=options.preview)
        if options.mode == "push":
            return _push(candidate, options)
        return _request(candidate, options, may_reopen=may_reopen)
    except ToolError as error:
        state = error.state if isinstance(error, SkippedError) else state
        reason, hint = error.message, error.hint
    except ProcessError as error:
        reason = f"{redacted_line(remotes.failure_reason(error))}."
    except OSError as error:
        reason = f"{redacted_line(f'{error.filename}: {error.strerror or error}')}."
    return candidate.delivery(options.mode, state, reason, hint)


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
        hint = f"To open another: --only {redacted_line(candidate.task.name)}"
        raise SkippedError(Delivered.UNTOUCHED, f"{closed.url} was closed without being merged.", hint)
    return pull


def _with_pull(candidate: Candidate, forge: Forge, state: BranchState, pull: PullRequest | None) -> Delivery:
    """Open or refresh the pull request; close those of older versions, except where a person's commits are."""
    older = {branch: pull_requests.first_open(pull_requests.of_branch(forge, branch)) for branch in sorted(state.older)}
    kept = [f"{branch} {old.url if old else ''}".strip() for branch, old in older.items() if not state.older[branch]]
    body = pull_request_text.body(candidate.result, kept_branches=kept)
    delivered = Delivered.REFRESHED
    if pull is None:
        pull, delivered = pull_requests.create(forge, candidate.result, body)
    if delivered is Delivered.REFRESHED:
        pull_requests.refresh(forge, pull, candidate.result, body)
    for branch, old in older.items():
        if old and state.older[branch]:
            pull_requests.supersede(forge, old, pull)
    return candidate.delivery("pr", delivered, request=pull.url)
