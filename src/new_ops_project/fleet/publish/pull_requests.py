"""Pull requests on GitHub, which GitLab calls merge requests; never two for one branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.model import Delivered, Result
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish import pull_request_text
from new_ops_project.fleet.publish.forge import Forge

_CONFLICTING = frozenset({409, 422})  # what forges answer when there is a pull request already
# What each forge's API calls things: its endpoints, and the keys of a pull request in JSON.
_APIS = {
    "github": {
        "pulls": "repos/{path}/pulls",
        "query": "state=all&head={owner}%3A{branch}",
        "comments": "repos/{path}/issues/{number}/comments",
        "change": "PATCH",
        "state": "state",
        "closed": "closed",
        "number": "number",
        "url": "html_url",
        "body": "body",
        "head": "head",
        "base": "base",
    },
    "gitlab": {
        "pulls": "projects/{id}/merge_requests",
        "query": "source_branch={branch}",
        "comments": "projects/{id}/merge_requests/{number}/notes",
        "change": "PUT",
        "state": "state_event",
        "closed": "close",
        "number": "iid",
        "url": "web_url",
        "body": "description",
        "head": "source_branch",
        "base": "target_branch",
    },
}


@dataclass(frozen=True)
class PullRequest:
    """One pull request; `state` is open, closed or merged."""

    number: int
    url: str
    state: str
    title: str
    body: str


def of_branch(forge: Forge, branch: str) -> list[PullRequest]:
    """Every pull request of a branch, the newest first; those of forks are left out."""
    query = _named(forge, "query").format(owner=forge.path.partition("/")[0], branch=quote(branch, safe=""))
    pulls = forge.ask("GET", f"{_endpoint(forge, 'pulls')}?{query}&per_page=100")
    return [_read(forge, pull) for pull in pulls or () if _is_own(forge, pull, branch)]


def first_open(pulls: list[PullRequest]) -> PullRequest | None:
    """The first one that is open, if there is one."""
    return next((pull for pull in pulls if pull.state == "open"), None)


def create(forge: Forge, result: Result, body: str) -> tuple[PullRequest, Delivered]:
    """Open a pull request; return it and whether it is new: an earlier try may have opened it and lost the answer.

    Raises ToolError when the forge refuses it.
    """
    pull = {**_text(forge, result, body), _named(forge, "head"): result.target, _named(forge, "base"): result.branch}
    pull |= {"draft": bool(result.conflicts)} if forge.kind == "github" else {"remove_source_branch": True}
    answer = forge.request("POST", _endpoint(forge, "pulls"), pull)
    if answer.status in _CONFLICTING and "draft" in answer.reason.lower():  # not every plan of GitHub has drafts
        answer = forge.request("POST", _endpoint(forge, "pulls"), {**pull, "draft": False})
    if answer.is_good:
        return _read(forge, answer.body), Delivered.OPENED
    if answer.status in _CONFLICTING and (existing := first_open(of_branch(forge, result.target))):
        return existing, Delivered.REFRESHED
    hint = f"Look at {forge.host}/{forge.path}, then publish again."
    if "not permitted to create" in answer.reason:
        hint = "Let Actions create pull requests, or use a GitHub App: Settings, Actions, Workflow permissions."
    raise ToolError(f"The pull request was not opened: {answer.reason}.", hint)


def refresh(forge: Forge, pull: PullRequest, result: Result, body: str) -> None:
    """Give it the result's title and that text, unless it has them; raises ToolError when the forge refuses."""
    text = _text(forge, result, body)
    # Forges return a text with other line ends, or without white space around it.
    if [pull.title, pull.body.replace("\r\n", "\n").strip()] != [value.strip() for value in text.values()]:
        forge.ask(_named(forge, "change"), f"{_endpoint(forge, 'pulls')}/{pull.number}", text)


def supersede(forge: Forge, pull: PullRequest, newer: PullRequest) -> None:
    """Close it with a comment that names the newer one; a repeated call does not repeat the comment."""
    comments = _endpoint(forge, "comments", pull.number)
    there = forge.ask("GET", f"{comments}?per_page=100")
    if not any(newer.url in str(comment.get("body", "")) for comment in there or ()):
        forge.ask("POST", comments, {"body": f"A newer version of the template replaces it: {newer.url}"})
    closed = {_named(forge, "state"): _named(forge, "closed")}
    forge.ask(_named(forge, "change"), f"{_endpoint(forge, 'pulls')}/{pull.number}", closed)


def _named(forge: Forge, key: str) -> str:
    return _APIS[forge.kind][key]


def _endpoint(forge: Forge, key: str, number: int = 0) -> str:
    return _named(forge, key).format(path=forge.path, id=quote(forge.path, safe=""), number=number)


def _text(forge: Forge, result: Result, body: str) -> dict[str, Any]:
    """Title and text, as the forge has them; GitLab marks a draft in its title."""
    draft = "Draft: " if forge.kind == "gitlab" and result.conflicts else ""
    return {"title": f"{draft}{pull_request_text.title(result)}", _named(forge, "body"): body}


def _read(forge: Forge, pull: Any) -> PullRequest:
    try:
        state = "merged" if pull.get("merged_at") else {"opened": "open", "locked": "open"}.get(pull["state"])
        number, url = int(pull[_named(forge, "number")]), redacted_line(str(pull[_named(forge, "url")]))
        body = str(pull.get(_named(forge, "body")) or "")
        return PullRequest(number, url, state or str(pull["state"]), str(pull.get("title") or ""), body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{forge.host} answered with something that is not a pull request."
        raise ToolError(message, f"Look at {forge.host}/{forge.path}.") from error


def _is_own(forge: Forge, pull: Mapping[str, Any], branch: str) -> bool:
    """Whether it is of that branch of the repository itself: the filters of both forges find forks, too."""
    if forge.kind == "gitlab":
        return (pull.get("source_project_id"), pull.get("source_branch")) == (pull.get("target_project_id"), branch)
    head = pull.get("head") or {}
    repository = (head.get("repo") or {}).get("full_name", "")
    return str(repository).lower() == forge.path.lower() and head.get("ref") == branch
