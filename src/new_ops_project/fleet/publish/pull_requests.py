"""Pull requests on GitHub, which GitLab calls merge requests; never two for one branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.publish.forge import Forge, ForgeResponse
from new_ops_project.fleet.publish.messages import redacted_line

DRAFT = "Draft: "  # how GitLab marks a draft
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


def of_branch(forge: Forge, branch: str) -> list[PullRequest]:
    """Every pull request of a branch, the newest first; those of forks are left out."""
    if forge.kind == "github":
        owner = forge.path.partition("/")[0]
        head = quote(f"{owner}:{branch}", safe="")
        pulls = forge.read(f"{_pulls(forge)}?state=all&head={head}&per_page=100")
        return [_from_github(pull) for pull in pulls or () if _is_own_github(pull, forge, branch)]
    pulls = forge.read(f"{_pulls(forge)}?source_branch={quote(branch, safe='')}&per_page=100")
    return [_from_gitlab(pull) for pull in pulls or () if _is_own_gitlab(pull, branch)]


def first_open(pulls: list[PullRequest]) -> PullRequest | None:
    """The first one that is open, if there is one."""
    return next((pull for pull in pulls if pull.state == "open"), None)


def create(forge: Forge, content: PullRequestContent) -> tuple[PullRequest, bool]:
    """Open a pull request; return it and whether it is new: an earlier try may have opened it and lost the answer.

    Raises ToolError when the forge refuses it.
    """
    answer = forge.request("POST", _pulls(forge), _new(forge, content))
    if answer.status in _CONFLICTING and "draft" in answer.reason.lower():  # not every plan of GitHub has drafts
        answer = forge.request("POST", _pulls(forge), {**_new(forge, content), "draft": False})
    if answer.is_good:
        return _parse(forge, answer.body), True
    if answer.status in _CONFLICTING and (existing := first_open(of_branch(forge, content.head))):
        return existing, False
    raise ToolError(f"The pull request was not opened: {answer.reason}.", _hint(forge, answer))


def refresh(forge: Forge, pull: PullRequest, content: PullRequestContent) -> None:
    """Give it the title and the text of `content`, unless it has them; raises ToolError when the forge refuses."""
    title = _title(forge, content)
    if (pull.title, _plain(pull.body)) != (title, _plain(content.body)):
        text = {"title": title, "body" if forge.kind == "github" else "description": content.body}
        forge.write(_change_method(forge), _endpoint(forge, pull), text)


def supersede(forge: Forge, pull: PullRequest, newer: PullRequest) -> None:
    """Close it with a comment that names the newer one; a repeated call does not repeat the comment."""
    comments = _comments(forge, pull)
    if not any(newer.url in str(comment.get("body", "")) for comment in forge.read(f"{comments}?per_page=100") or ()):
        forge.write("POST", comments, {"body": f"A newer version of the template replaces it: {newer.url}"})
    closed = {"state": "closed"} if forge.kind == "github" else {"state_event": "close"}
    forge.write(_change_method(forge), _endpoint(forge, pull), closed)


# ---- the API of each forge --------------------------------------------------------------------------------------


def _pulls(forge: Forge) -> str:
    if forge.kind == "github":
        return f"repos/{forge.path}/pulls"
    return f"projects/{quote(forge.path, safe='')}/merge_requests"


def _endpoint(forge: Forge, pull: PullRequest) -> str:
    return f"{_pulls(forge)}/{pull.number}"


def _comments(forge: Forge, pull: PullRequest) -> str:
    if forge.kind == "github":
        return f"repos/{forge.path}/issues/{pull.number}/comments"
    return f"{_endpoint(forge, pull)}/notes"


def _change_method(forge: Forge) -> str:
    return "PATCH" if forge.kind == "github" else "PUT"


def _title(forge: Forge, content: PullRequestContent) -> str:
    return f"{DRAFT}{content.title}" if forge.kind == "gitlab" and content.is_draft else content.title


def _new(forge: Forge, content: PullRequestContent) -> dict[str, Any]:
    if forge.kind == "github":
        return {
            "title": content.title,
            "head": content.head,
            "base": content.base,
            "body": content.body,
            "draft": content.is_draft,
        }
    return {
        "title": _title(forge, content),
        "source_branch": content.head,
        "target_branch": content.base,
        "description": content.body,
        "remove_source_branch": True,
    }


def _parse(forge: Forge, pull: Any) -> PullRequest:
    try:
        return _from_github(pull) if forge.kind == "github" else _from_gitlab(pull)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{forge.host} answered with something that is not a pull request."
        raise ToolError(message, f"Look at {forge.host}/{forge.path}.") from error


def _from_github(pull: Mapping[str, Any]) -> PullRequest:
    state = "merged" if pull.get("merged_at") else str(pull["state"])
    return PullRequest(
        int(pull["number"]),
        redacted_line(str(pull["html_url"])),
        state,
        str(pull.get("title") or ""),
        str(pull.get("body") or ""),
    )


def _is_own_github(pull: Mapping[str, Any], forge: Forge, branch: str) -> bool:
    """Whether it is of that branch of the repository itself: the filter `head` of the API finds forks, too."""
    head = pull.get("head") or {}
    repository = (head.get("repo") or {}).get("full_name", forge.path)
    return str(repository).lower() == forge.path.lower() and head.get("ref", branch) == branch


def _from_gitlab(pull: Mapping[str, Any]) -> PullRequest:
    state = {"opened": "open", "locked": "open"}.get(str(pull["state"]), str(pull["state"]))
    return PullRequest(
        int(pull["iid"]),
        redacted_line(str(pull["web_url"])),
        state,
        str(pull.get("title") or ""),
        str(pull.get("description") or ""),
    )


def _is_own_gitlab(pull: Mapping[str, Any], branch: str) -> bool:
    is_fork = pull.get("source_project_id") != pull.get("target_project_id")
    return not is_fork and pull.get("source_branch", branch) == branch


def _plain(body: str) -> str:
    """A body for comparison: forges return it with other line ends, or without white space around it."""
    return body.replace("\r\n", "\n").strip()


def _hint(forge: Forge, answer: ForgeResponse) -> str:
    if "not permitted to create" in answer.reason:
        return "Let Actions create pull requests, or use a GitHub App: Settings, Actions, Workflow permissions."
    return f"Look at {forge.host}/{forge.path}, then publish again."
