"""Requests to GitHub or GitLab, sent through `gh` or `glab`.

Both programs are logged in already, so no token passes through this tool. `gh api` and `glab api` take the same
options (https://cli.github.com/manual/gh_api, https://docs.gitlab.com/cli/api). Neither tries again when the forge
wants a pause, so they are asked for the headers that say how long.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import Parser
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.parsers import read_json
from new_ops_project.base.process import run
from new_ops_project.base.scratch import system_folder
from new_ops_project.fleet import network_retry
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish.rate_limit import RateLimiter

PROGRAMS = {"github": "gh", "gitlab": "glab"}
_PATIENCE = 120.0  # seconds for one request
# Neither program prompts, looks for a newer version of itself, or colours its output.
_SILENT = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "NO_PROMPT": "1",
    "GLAB_CHECK_UPDATE": "false",
    "NO_COLOR": "1",
    "GH_PAGER": "cat",
    "GH_DEBUG": "",
    "GLAB_DEBUG_HTTP": "",
    "DEBUG": "",
}
_ANY = tuple(range(256))  # exit codes: the HTTP status in the output says how it went


@dataclass(frozen=True)
class ForgeResponse:
    """An answer: status, headers (in small letters), the JSON of its body, and what the program printed besides.

    Status 0 means that there was no answer; `output` then says why.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    output: str

    @property
    def is_good(self) -> bool:
        """Whether the forge did what the request asked for."""
        return 200 <= self.status < 300  # noqa: PLR2004 - success, by HTTP

    @property
    def reason(self) -> str:
        """Why not, in the forge's words."""
        body = self.body if isinstance(self.body, dict) else {}
        errors = body.get("errors") if isinstance(body.get("errors"), list) else []
        details = [error.get("message") if isinstance(error, dict) else error for error in errors or ()]
        texts = [body.get("message") or body.get("error") or self.output or "no reason given", *details]
        status = f" (HTTP {self.status})" if self.status else ""
        return redacted_line(f"{'; '.join(str(text) for text in texts if text)}{status}")


@dataclass(frozen=True)
class Forge:
    """One repository on a forge. `kind` is github or gitlab; `path` is OWNER/NAME, on GitLab with any groups."""

    kind: str
    host: str
    path: str
    limiter: RateLimiter

    def ask(self, method: str, endpoint: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that the forge answers; raises ToolError when it refuses."""
        answer = self.request(method, endpoint, body)
        if answer.is_good:
            return answer.body
        raise ToolError(f"{self.host} refused the request: {answer.reason}.", self._hint(answer.status))

    def request(self, method: str, endpoint: str, body: Mapping[str, Any] | None = None) -> ForgeResponse:
        """Send one request, and again when the network failed or the forge wants a pause.

        A request that writes takes a token of the rate limit each time.
        """
        return self.limiter.patiently(
            lambda: self._send(method, endpoint, body), self._pause_after, is_counted=method != "GET"
        )

    def _pause_after(self, answer: ForgeResponse, tried: int) -> tuple[float | None, str]:
        now = self.limiter.clock.now()
        if not answer.is_good:
            after = network_retry.delay(answer.status, answer.headers, answer.reason, now=now, tried=tried)
            return after, f"{self.host} says: {answer.reason}"
        if (left := network_retry.seconds_until_reset(answer.headers, now)) is not None:
            self.limiter.pause(min(left, network_retry.LONGEST), f"{self.host} has no requests left for this hour")
        return None, ""

    def _send(self, method: str, endpoint: str, body: Mapping[str, Any] | None) -> ForgeResponse:
        command = (PROGRAMS[self.kind], "api", "--include", "--hostname", self.host, "--method", method)
        options = () if body is None else ("--header", "Content-Type: application/json", "--input", "-")
        stdin = b"" if body is None else json.dumps(body).encode()
        folder = system_folder()  # in a clone, gh and glab would read that clone's remotes
        try:
            process = run(
                *command, *options, endpoint, stdin=stdin, codes=_ANY, cwd=folder, env=_SILENT, seconds=_PATIENCE
            )
        except ProcessError as error:
            return ForgeResponse(0, {}, None, error.stderr)
        return _parsed(process.stdout.decode(errors="replace"), process.stderr)

    def _hint(self, status: int) -> str:
        program = PROGRAMS[self.kind]
        if status in {0, 401}:
            return f"Log in: {program} auth login --hostname {self.host}"
        if status in {403, 404}:
            needs = "contents:write and pull-requests:write" if self.kind == "github" else "the scope api"
            return f"The account of {program} needs {needs} for {self.path}."
        return "Fix that, then publish again."


def _parsed(output: str, messages: str) -> ForgeResponse:
    """The answer as `--include` prints it: the status line, the headers, an empty line, the body."""
    first, _, rest = output.partition("\n")
    status = re.match(r"HTTP/[\d.]+ (\d{3})", first)
    if not status:
        return ForgeResponse(0, {}, None, messages or output)
    answer = Parser().parsestr(rest)
    try:
        body = read_json(str(answer.get_payload()))
    except ValueError:
        body = None
    return ForgeResponse(int(status[1]), {name.lower(): value for name, value in answer.items()}, body, messages)


# ---- which forge ------------------------------------------------------------------------------------------------


def host_and_path(url: str) -> tuple[str, str]:
    """Host (with the port of a web address) and path of a repository; raises ToolError for one that is on no server."""
    if "://" in url:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port and parts.scheme in {"http", "https"} else ""
        host, path = f"{parts.hostname or ''}{port}", parts.path
    else:
        account, _, path = url.partition(":")
        host = account.rpartition("@")[2]
    path = path.strip("/").removesuffix(".git")
    if not re.fullmatch(r"[\w.-]+(?::\d+)?", host) or not re.fullmatch(r"[\w.~+-]+(?:/[\w.~+-]+)+", path):
        raise ToolError(f"{redacted_line(url) or 'A folder'} is not on a forge.", "Use --mode push, or --mode branch.")
    return host, path


@cache
def kind_of(host: str, chosen: str) -> str:
    """Which forge is at `host`: `chosen` if given, else by the host's name, else by the program that is logged in.

    Raises ToolError when the program for it is not installed, or when nothing tells which forge it is.
    """
    kind = chosen or _kind_by_name(host) or next((kind for kind in PROGRAMS if _is_logged_in(kind, host)), "")
    if not kind:
        hint = "Log in with gh or glab, or give --forge; --mode push needs git only."
        raise ToolError(f"It is not known which forge {host} is.", hint)
    if not shutil.which(PROGRAMS[kind]):
        hint = f"Install {PROGRAMS[kind]} and log in, or use --mode push, which needs git only."
        raise ToolError(f"{PROGRAMS[kind]} was not found on PATH; it is needed for pull requests on {host}.", hint)
    return kind


def _kind_by_name(host: str) -> str:
    if "gitlab" in host:
        return "gitlab"
    return "github" if "github" in host or "ghe" in re.split(r"[.-]", host) else ""


def _is_logged_in(kind: str, host: str) -> bool:
    try:
        run(PROGRAMS[kind], "auth", "status", "--hostname", host, env=_SILENT, seconds=_PATIENCE)
    except ProcessError:
        return False
    return True
