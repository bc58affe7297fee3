"""Pull requests on GitHub, which GitLab calls merge requests; never two for one branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.publish.forge import Forge
from new_ops_project.fleet.publish.messages import redacted_line

_CONFLICTING = frozenset({409, 422})  # what forges answer when there is a pull request already


@dataclass(frozen=True)
class PullRequest:
    """One pull request; `state` is open, closed or merged."""

    number: int
    url: str
    state: str
    title: str
    body: str


@dataclass(frozen=True)
class PullRequestContent:
    """What a pull request should be, from the branch `head` into `base`."""

    head: str
    base: str
    title: str
    body: str
    is_draft: bool


@dataclass(frozen=True)
class _Api:
    """What one forge's API calls things: its endpoints, and the keys of a pull request in JSON."""

    pulls: str
    query: str
    comments: str
    change: str
    closed: Mapping[str, str]
    number: str
    url: str
    body: str
    head: str
    base: str


_APIS = {
    "github": _Api(
        "repos/{path}/pulls",
        "state=all&head={owner}%3A{branch}",
        "repos/{path}/issues/{number}/comments",
        "PATCH",
        {"state": "closed"},
        "number",
        "html_url",
        "body",
        "head",
        "base",
    ),
    "gitlab": _Api(
        "projects/{id}/merge_requests",
        "source_branch={branch}",
        "projects/{id}/merge_requests/{number}/notes",
        "PUT",
        {"state_event": "close"},
        "iid",
        "web_url",
        "description",
        "source_branch",
        "target_branch",
    ),
}


def of_branch(forge: Forge, branch: str) -> list[PullRequest]:
    """Every pull request of a branch, the newest first; those of forks are left out."""
    api = _APIS[forge.kind]
    query = api.query.format(owner=forge.path.partition("/")[0], branch=quote(branch, safe=""))
    pulls = forge.ask("GET", f"{_endpoint(forge, api.pulls)}?{query}&per_page=100")
    return [_read(forge, pull) for pull in pulls or () if _is_own(forge, pull, branch)]


def first_open(pulls: list[PullRequest]) -> PullRequest | None:
    """The first one that is open, if there is one."""
    return next((pull for pull in pulls if pull.state == "open"), None)


def create(forge: Forge, content: PullRequestContent) -> tuple[PullRequest, bool]:
    """Open a pull request; return it and whether it is new: an earlier try may have opened it and lost the answer.

    Raises ToolError when the forge refuses it.
    """
    api = _APIS[forge.kind]
    pull = {**_text(forge, content), api.head: content.head, api.base: content.base}
    pull |= {"draft": content.is_draft} if forge.kind == "github" else {"remove_source_branch": True}
    answer = forge.request("POST", _endpoint(forge, api.pulls), pull)
    if answer.status in _CONFLICTING and "draft" in answer.reason.lower():  # not every plan of GitHub has drafts
        answer = forge.request("POST", _endpoint(forge, api.pulls), {**pull, "draft": False})
    if answer.is_good:
        return _read(forge, answer.body), True
    if answer.status in _CONFLICTING and (existing := first_open(of_branch(forge, content.head))):
        return existing, False
    hint = f"Look at {forge.host}/{forge.path}, then publish again."
    if "not permitted to create" in answer.reason:
        hint = "Let Actions create pull requests, or use a GitHub App: Settings, Actions, Workflow permissions."
    raise ToolError(f"The pull request was not opened: {answer.reason}.", hint)


def refresh(forge: Forge, pull: PullRequest, content: PullRequestContent) -> None:
    """Give it the title and the text of `content`, unless it has them; raises ToolError when the forge refuses."""
    text = _text(forge, content)
    if [pull.title, _plain(pull.body)] != [*map(_plain, text.values())]:
        _change(forge, pull, text)


def supersede(forge: Forge, pull: PullRequest, newer: PullRequest) -> None:
    """Close it with a comment that names the newer one; a repeated call does not repeat the comment."""
    comments = _endpoint(forge, _APIS[forge.kind].comments, pull.number)
    there = forge.ask("GET", f"{comments}?per_page=100")
    if not any(newer.url in str(comment.get("body", "")) for comment in there or ()):
        forge.ask("POST", comments, {"body": f"A newer version of the template replaces it: {newer.url}"})
    _change(forge, pull, _APIS[forge.kind].closed)


def _change(forge: Forge, pull: PullRequest, values: Mapping[str, str]) -> None:
    api = _APIS[forge.kind]
    forge.ask(api.change, _endpoint(forge, f"{api.pulls}/{{number}}", pull.number), values)


def _endpoint(forge: Forge, pattern: str, number: int = 0) -> str:
    return pattern.format(path=forge.path, id=quote(forge.path, safe=""), number=number)


def _text(forge: Forge, content: PullRequestContent) -> dict[str, Any]:
    """Title and text, as the forge has them; GitLab marks a draft in its title."""
    draft = "Draft: " if forge.kind == "gitlab" and content.is_draft else ""
    return {"title": f"{draft}{content.title}", _APIS[forge.kind].body: content.body}


def _read(forge: Forge, pull: Any) -> PullRequest:
    api = _APIS[forge.kind]
    try:
        state = "merged" if pull.get("merged_at") else {"opened": "open", "locked": "open"}.get(pull["state"])
        return PullRequest(
            int(pull[api.number]),
            redacted_line(str(pull[api.url])),
            state or str(pull["state"]),
            str(pull.get("title") or ""),
            str(pull.get(api.body) or ""),
        )
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


def _plain(body: str) -> str:
    """A body for comparison: forges return it with other line ends, or without white space around it."""
    return body.replace("\r\n", "\n").strip()
