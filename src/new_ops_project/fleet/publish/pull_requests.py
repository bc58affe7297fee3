"""Pull requests, which GitLab calls merge requests: found, opened, refreshed, closed; never two for one branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.publish.candidate import shown
from new_ops_project.fleet.publish.forge import Forge, ForgeResponse

DRAFT = "Draft: "  # by which GitLab knows a draft
_CONFLICTING = frozenset({409, 422})  # what forges answer when there is one already


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
    """What a pull request shall be: of the branch `head` into `base`."""

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
        found = forge.read(f"{_pulls(forge)}?state=all&head={head}&per_page=100")
        return [_of_github(one) for one in found or () if _is_github_own(one, forge, branch)]
    found = forge.read(f"{_pulls(forge)}?source_branch={quote(branch, safe='')}&per_page=100")
    return [
        _of_gitlab(one)
        for one in found or ()
        if one.get("source_project_id") == one.get("target_project_id") and one.get("source_branch", branch) == branch
    ]


def open_of(pulls: list[PullRequest]) -> PullRequest | None:
    """The one that is open, if there is one."""
    return next((one for one in pulls if one.state == "open"), None)


def opened(forge: Forge, wanted: PullRequestContent) -> tuple[PullRequest, bool]:
    """Open a pull request; return it and whether it is new: a try before, whose answer was lost, may have opened it.

    Raises ToolError when the forge refuses it.
    """
    answer = forge.ask("POST", _pulls(forge), _new(forge, wanted))
    if answer.status in _CONFLICTING and "draft" in answer.reason.lower():  # not every plan of GitHub has drafts
        answer = forge.ask("POST", _pulls(forge), {**_new(forge, wanted), "draft": False})
    if answer.is_good:
        return _read(forge, answer.body), True
    if answer.status in _CONFLICTING and (there := open_of(of_branch(forge, wanted.head))):
        return there, False
    raise ToolError(f"The pull request was not opened: {answer.reason}.", _hint(forge, answer))


def refresh(forge: Forge, pull: PullRequest, wanted: PullRequestContent) -> None:
    """Give it the title and the text that it should have, unless it has them. Raises ToolError."""
    title = _title(forge, wanted)
    if (pull.title, _plain(pull.body)) != (title, _plain(wanted.body)):
        text = {"title": title, "body" if forge.kind == "github" else "description": wanted.body}
        forge.write(_change(forge), _one(forge, pull), text)


def supersede(forge: Forge, pull: PullRequest, newer: PullRequest) -> None:
    """Close it with a comment that names the newer one; the comment is made once, however often this is begun."""
    comments = _comments(forge, pull)
    if not any(newer.url in str(one.get("body", "")) for one in forge.read(f"{comments}?per_page=100") or ()):
        forge.write("POST", comments, {"body": f"A newer version of the template takes its place: {newer.url}"})
    forge.write(
        _change(forge), _one(forge, pull), {"state": "closed"} if forge.kind == "github" else {"state_event": "close"}
    )


# ---- what the forges call it ------------------------------------------------------------------------------------


def _pulls(forge: Forge) -> str:
    if forge.kind == "github":
        return f"repos/{forge.path}/pulls"
    return f"projects/{quote(forge.path, safe='')}/merge_requests"


def _one(forge: Forge, pull: PullRequest) -> str:
    return f"{_pulls(forge)}/{pull.number}"


def _comments(forge: Forge, pull: PullRequest) -> str:
    if forge.kind == "github":
        return f"repos/{forge.path}/issues/{pull.number}/comments"
    return f"{_one(forge, pull)}/notes"


def _change(forge: Forge) -> str:
    return "PATCH" if forge.kind == "github" else "PUT"


def _title(forge: Forge, wanted: PullRequestContent) -> str:
    return f"{DRAFT}{wanted.title}" if forge.kind == "gitlab" and wanted.is_draft else wanted.title


def _new(forge: Forge, wanted: PullRequestContent) -> dict[str, Any]:
    if forge.kind == "github":
        return {
            "title": wanted.title,
            "head": wanted.head,
            "base": wanted.base,
            "body": wanted.body,
            "draft": wanted.is_draft,
        }
    return {
        "title": _title(forge, wanted),
        "source_branch": wanted.head,
        "target_branch": wanted.base,
        "description": wanted.body,
        "remove_source_branch": True,
    }


def _read(forge: Forge, found: Any) -> PullRequest:
    try:
        return _of_github(found) if forge.kind == "github" else _of_gitlab(found)
    except (KeyError, TypeError, ValueError) as error:
        raise ToolError(f"{forge.host} answered with something that is no pull request.", "Look there.") from error


def _of_github(found: Mapping[str, Any]) -> PullRequest:
    state = "merged" if found.get("merged_at") else str(found["state"])
    return PullRequest(
        int(found["number"]),
        shown(str(found["html_url"])),
        state,
        str(found.get("title") or ""),
        str(found.get("body") or ""),
    )


def _is_github_own(found: Mapping[str, Any], forge: Forge, branch: str) -> bool:
    head = found.get("head") or {}
    repository = (head.get("repo") or {}).get("full_name", forge.path)
    return str(repository).lower() == forge.path.lower() and head.get("ref", branch) == branch


def _of_gitlab(found: Mapping[str, Any]) -> PullRequest:
    state = {"opened": "open", "locked": "open"}.get(str(found["state"]), str(found["state"]))
    return PullRequest(
        int(found["iid"]),
        shown(str(found["web_url"])),
        state,
        str(found.get("title") or ""),
        str(found.get("description") or ""),
    )


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


def _hint(forge: Forge, answer: ForgeResponse) -> str:
    if "not permitted to create" in answer.reason:
        return "Let Actions create pull requests, or use a GitHub App: Settings, Actions, Workflow permissions."
    return f"Look at {forge.host}/{forge.path}, then publish again."
