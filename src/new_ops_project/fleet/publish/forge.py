"""GitHub and GitLab by way of `gh` and `glab`: programs that are logged in, used as HTTP clients.

No token passes through this tool. `gh api` and `glab api` take the same options: https://cli.github.com/manual/gh_api,
https://docs.gitlab.com/cli/api.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, ProcessResult, run_within
from new_ops_project.fleet import network_retry
from new_ops_project.fleet.publish.candidate import shown
from new_ops_project.fleet.publish.rate_limit import RateLimiter

PROGRAMS = {"github": "gh", "gitlab": "glab"}
_PATIENCE = 120.0  # seconds for one request
# Neither asks anything, looks for a newer version of itself, or paints its output.
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
_ANY = tuple(range(256))  # exit codes: the status says how it went


@dataclass(frozen=True)
class ForgeResponse:
    """Status, headers (small letters) and the JSON of an answer; status 0 when there was none, with what was `said`."""

    status: int
    headers: Mapping[str, str]
    body: Any
    said: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the forge did what it was asked for."""
        return 200 <= self.status < 300  # noqa: PLR2004 - success, by HTTP

    @property
    def reason(self) -> str:
        """Why not, in the forge's words."""
        found = self.body if isinstance(self.body, dict) else {}
        errors = found.get("errors") if isinstance(found.get("errors"), list) else []
        more = [one.get("message") if isinstance(one, dict) else one for one in errors or ()]
        texts = [found.get("message") or found.get("error") or self.said or "no words", *more]
        return shown(
            f"{'; '.join(str(one) for one in texts if one)} (HTTP {self.status})" if self.status else self.said
        )


@dataclass(frozen=True)
class Forge:
    """One repository on a forge. `kind` is github or gitlab; `path` is OWNER/NAME, on GitLab with any groups."""

    kind: str
    host: str
    path: str
    pace: RateLimiter

    def read(self, endpoint: str) -> Any:
        """What is there; raises ToolError when the forge does not tell."""
        return self._good(self.ask("GET", endpoint))

    def write(self, method: str, endpoint: str, body: Mapping[str, Any]) -> Any:
        """Create or change something; raises ToolError when the forge does not."""
        return self._good(self.ask(method, endpoint, body))

    def ask(self, method: str, endpoint: str, body: Mapping[str, Any] | None = None) -> ForgeResponse:
        """One request, made again when the network failed or the forge wants a pause; what writes takes a token."""
        for tried in range(1, network_retry.TRIES + 1):
            if method != "GET":
                self.pace.take()
            self.pace.wait()
            answer = self._once(method, endpoint, body)
            now = self.pace.clock.now()
            if answer.is_good and (left := network_retry.exhausted(answer.headers, now)) is not None:
                self.pace.pause(min(left, network_retry.LONGEST), f"{self.host} has no request left for this hour")
            after = self._after(answer, now, tried)
            if after is None or after > network_retry.LONGEST or tried == network_retry.TRIES:
                return answer
            self.pace.pause(after, f"{self.host} says: {answer.reason}, try {tried + 1} of {network_retry.TRIES}")
        raise AssertionError

    def _after(self, answer: ForgeResponse, now: float, tried: int) -> float | None:
        if answer.is_good:
            return None
        if not answer.status:
            return network_retry.backoff(tried) if network_retry.is_network(answer.said) else None
        return network_retry.asked_for(answer.status, answer.headers, answer.reason, now=now, tried=tried)

    def _once(self, method: str, endpoint: str, body: Mapping[str, Any] | None) -> ForgeResponse:
        command = (PROGRAMS[self.kind], "api", "--include", "--hostname", self.host, "--method", method)
        given = () if body is None else ("--header", "Content-Type: application/json", "--input", "-")
        stdin = b"" if body is None else json.dumps(body).encode()
        try:
            done = run_within(
                _PATIENCE,
                *command,
                *given,
                endpoint,
                stdin=stdin,
                codes=_ANY,
                cwd=Path(tempfile.gettempdir()),
                env=_SILENT,
            )
        except ProcessError as error:
            return ForgeResponse(0, {}, None, error.stderr)
        return _parsed(done)

    def _good(self, answer: ForgeResponse) -> Any:
        if answer.is_good:
            return answer.body
        raise ToolError(f"{self.host} did not do it: {answer.reason}.", _hint(self, answer))


def _parsed(done: ProcessResult) -> ForgeResponse:
    """The answer as `--include` prints it: the status line, the headers, an empty line, the body."""
    head, *rest = re.split(rb"\r?\n\r?\n", done.stdout, maxsplit=1)
    first, *lines = head.decode(errors="replace").splitlines() or [""]
    status = re.match(r"HTTP/[\d.]+ (\d{3})", first)
    if not status:
        return ForgeResponse(0, {}, None, done.stderr or done.stdout.decode(errors="replace"))
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    try:
        body = json.loads(rest[0]) if rest and rest[0].strip() else None
    except ValueError:
        body = None
    return ForgeResponse(int(status[1]), headers, body, done.stderr)


def _hint(forge: Forge, answer: ForgeResponse) -> str:
    program = PROGRAMS[forge.kind]
    if answer.status in {0, 401}:
        return f"Log in: {program} auth login --hostname {forge.host}"
    if answer.status in {403, 404}:
        needs = "contents:write and pull-requests:write" if forge.kind == "github" else "the scope api"
        return f"The account of {program} needs {needs} for {forge.path}."
    return "Mend that, then publish again."


# ---- which one --------------------------------------------------------------------------------------------------


def address(url: str) -> tuple[str, str]:
    """Host (with the port of a web address) and path of a repository; raises ToolError for a place on no server."""
    if "://" in url:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port and parts.scheme in {"http", "https"} else ""
        host, path = f"{parts.hostname or ''}{port}", parts.path
    else:
        place, _, path = url.partition(":")
        host = place.rpartition("@")[2]
    path = path.strip("/").removesuffix(".git")
    if not re.fullmatch(r"[\w.-]+(?::\d+)?", host) or not re.fullmatch(r"[\w.~+-]+(?:/[\w.~+-]+)+", path):
        raise ToolError(f"{shown(url) or 'A folder'} is on no forge.", "Use --mode push, or --mode branch.")
    return host, path


@cache
def kind_of(host: str, named: str) -> str:
    """Which forge is at `host`: the `named` one, else by its name, else by the program that is logged in there.

    Raises ToolError when that program is not installed, or when nothing tells.
    """
    kind = named or _by_name(host) or _by_login(host)
    if not kind:
        raise ToolError(f"Nothing tells which forge {host} is.", "Say --forge github or --forge gitlab.")
    if not shutil.which(PROGRAMS[kind]):
        hint = f"Install {PROGRAMS[kind]} and log in, or use --mode push, which needs git only."
        raise ToolError(f"{PROGRAMS[kind]} was not found on PATH; pull requests on {host} go through it.", hint)
    return kind


def _by_name(host: str) -> str:
    if "gitlab" in host:
        return "gitlab"
    return "github" if "github" in host or "ghe" in re.split(r"[.-]", host) or host.endswith(".ghe.com") else ""


def _by_login(host: str) -> str:
    there = [kind for kind, program in PROGRAMS.items() if shutil.which(program)]
    if not there:
        raise ToolError(
            "Neither gh nor glab was found on PATH; pull requests go through them.",
            "Install one and log in, or use --mode push, which needs git only.",
        )
    return there[0] if len(there) == 1 else next((kind for kind in there if _is_logged_in(kind, host)), "")


def _is_logged_in(kind: str, host: str) -> bool:
    try:
        run_within(_PATIENCE, PROGRAMS[kind], "auth", "status", "--hostname", host, env=_SILENT)
    except ProcessError:
        return False
    return True
