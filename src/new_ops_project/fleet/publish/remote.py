"""One repository on a server: its branches, their commits without files, and a push that overwrites nobody's work."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, ProcessResult, run_within
from new_ops_project.fleet import network_retry
from new_ops_project.fleet.publish.candidate import shown
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.git import remotes

_PATIENCE = 300.0  # seconds for one command
_HEADS, _THERE = "refs/heads/", "refs/there/"
_SHA256 = 64  # hex digits of an object's id in a repository of that kind


@dataclass(frozen=True)
class Heads:
    """The branches of a repository with their commits, and which is the default one: '' where that is not told."""

    tips: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class Remote:
    """A repository by its address, and a bare one of ours (`at`) that knows its commits but not its files."""

    at: Path
    env: Mapping[str, str]
    pace: RateLimiter

    def heads(self) -> "Heads":
        """The commit of each of its branches; raises ProcessError when it does not answer."""
        said = self._asked("ls-remote", "--quiet", "--symref", "origin", "HEAD", f"{_HEADS}*").text
        pairs = [line.split("\t", 1) for line in said.splitlines() if "\t" in line]
        default = next(
            (
                value.removeprefix(f"ref: {_HEADS}")
                for value, ref in pairs
                if ref == "HEAD" and value.startswith("ref: ")
            ),
            "",
        )
        tips = {ref.removeprefix(_HEADS): value for value, ref in pairs if ref.startswith(_HEADS)}
        return Heads(tips, default)

    def fetch(self, branches: Iterable[str], *, is_deep: bool) -> None:
        """Get the commits of `branches`: with all before them, or only those at their tips. Files are left out.

        A server that cannot leave them out sends them.
        """
        wanted = [f"+refs/heads/{branch}:{_THERE}{branch}" for branch in branches]
        options = ("--quiet", "--no-tags", "--filter=blob:none")
        self._asked("fetch", *options, *(() if is_deep else ("--depth=1",)), "--", "origin", *wanted)

    def tip(self, branch: str) -> str:
        """The commit of a branch that was fetched."""
        return git.resolve(self.at, f"{_THERE}{branch}") or ""

    def push(self, commit: str, branch: str, expected: str, *, is_counted: bool) -> str:
        """Push `commit`, if the branch still is at `expected` ('' for no branch); return why the server refused it.

        Raises ProcessError when it does not answer.
        """
        self._forget_promise()
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        options = ("--quiet", "--no-verify", "--recurse-submodules=no", lease)
        try:
            self._asked("push", *options, "--", "origin", f"{commit}:refs/heads/{branch}", is_counted=is_counted)
        except ProcessError as error:
            refused = re.search(r"! \[(?:remote )?rejected\][^\n]*\((.*)\)", error.stderr)
            if not refused:
                raise
            said = re.findall(r"^remote: *(\S.*?)\s*$", error.stderr, re.MULTILINE)
            return shown("; ".join([refused[1], *said]))
        return ""

    def _forget_promise(self) -> None:
        """Let git do without files that only the server has: it would fetch them to make a smaller pack of ours.

        `--no-thin` is meant for that, but does not reach a push over HTTP.
        """
        for key in ("extensions.partialClone", "remote.origin.promisor", "remote.origin.partialCloneFilter"):
            git.git("config", "--unset-all", key, at=self.at, codes=(0, 5))  # 5: it is not set

    def _asked(self, *args: str, is_counted: bool = False) -> ProcessResult:
        """Run git, and again when it was the network or the server wants a pause."""
        for tried in range(1, network_retry.TRIES + 1):
            if is_counted:
                self.pace.take()
            self.pace.wait()
            try:
                return self._once(*args)
            except _RefusedError as refused:
                after = network_retry.asked_for(
                    refused.status, refused.headers, "", now=self.pace.clock.now(), tried=tried
                )
                if after is None and not refused.status and network_retry.is_network(refused.error.stderr):
                    after = network_retry.backoff(tried)
                if after is None or after > network_retry.LONGEST or tried == network_retry.TRIES:
                    raise refused.error from None
                self.pace.pause(
                    after, f"{shown(remotes.reason(refused.error))}, try {tried + 1} of {network_retry.TRIES}"
                )
        raise AssertionError

    def _once(self, *args: str) -> ProcessResult:
        """Run git; what the server said is read from a trace without data and credentials, which goes at once."""
        handle, name = tempfile.mkstemp(prefix="headers-", dir=self.at.parent)
        os.close(handle)
        trace = {"GIT_TRACE_CURL": name, "GIT_TRACE_CURL_NO_DATA": "1", "GIT_TRACE_REDACT": "1"}
        try:
            return run_within(
                _PATIENCE, "git", *git.TEMPORARY, *remotes.QUIET, *args, cwd=self.at, env={**self.env, **trace}
            )
        except ProcessError as error:
            raise _RefusedError(error, *_last_answer(Path(name).read_text(errors="replace"))) from error
        finally:
            Path(name).unlink()


class _RefusedError(Exception):
    """A command that failed, and the last answer of the server that was none of success."""

    def __init__(self, error: ProcessError, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(str(status))
        self.error = error
        self.status = status
        self.headers = headers


def _last_answer(trace: str) -> tuple[int, dict[str, str]]:
    """Status and the headers that matter of the last answer in a trace of curl, if that is an error."""
    received = re.findall(r"<= Recv header[^:]*: ([^\r\n]*)", trace)
    starts = [number for number, line in enumerate(received) if re.match(r"HTTP/[\d.]+ \d{3}", line)]
    if not starts:
        return 0, {}
    status = int(received[starts[-1]].split()[1])
    pairs = (line.partition(":") for line in received[starts[-1] + 1 :])
    headers = {
        name.lower(): value.strip()
        for name, _, value in pairs
        if "ratelimit" in name.lower() or name.lower() == "retry-after"
    }
    return (status, headers) if status >= 400 else (0, {})  # noqa: PLR2004 - the errors of HTTP


@contextmanager
def opened(url: str, like: str, pace: RateLimiter) -> Iterator[Remote]:
    """The repository at `url`, whose objects have ids as `like`; ours is gone afterwards.

    Raises ToolError for what is no address.
    """
    if not url or url.startswith("-"):
        raise ToolError("It has no remote to push to.", "Use --mode branch, or give it an origin and plan again.")
    with tempfile.TemporaryDirectory(prefix="publish-") as folder:
        at = Path(folder) / "git"
        kind = ("--object-format=sha256",) if len(like) == _SHA256 else ()
        git.git(*git.TEMPORARY, "init", "--quiet", "--bare", *kind, "--", str(at))
        git.git("remote", "add", "--", "origin", url, at=at)
        yield Remote(at, remotes.silent(at), pace)
