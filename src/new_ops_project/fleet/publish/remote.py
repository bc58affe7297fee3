"""One repository on a server: which branches it has, their commits, a push that overwrites nobody's work."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import ProcessResult, run
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.fleet import network_retry
from new_ops_project.fleet.names import redacted_line
from new_ops_project.fleet.publish.rate_limit import RateLimiter
from new_ops_project.git import remotes

_PATIENCE = 300.0  # seconds for one command
_HEADS, _FETCHED = "refs/heads/", "refs/fetched/"
_SHA256 = 64  # hex digits of an object's id in a repository of that kind


@dataclass(frozen=True)
class Heads:
    """The commit of each branch, and which branch is the default one: '' if the server does not tell."""

    commits: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class Remote:
    """A repository on a server, and the temporary bare one at `path` that has its commits without their files."""

    path: Path
    env: Mapping[str, str]
    limiter: RateLimiter

    def heads(self) -> "Heads":
        """Its branches; raises ProcessError when the server does not answer."""
        output = self._run("ls-remote", "--quiet", "--symref", "origin", "HEAD", f"{_HEADS}*").text
        pairs = [line.split("\t", 1) for line in output.splitlines() if "\t" in line]
        default = next(
            (
                value.removeprefix(f"ref: {_HEADS}")
                for value, ref in pairs
                if ref == "HEAD" and value.startswith("ref: ")
            ),
            "",
        )
        return Heads({ref.removeprefix(_HEADS): value for value, ref in pairs if ref.startswith(_HEADS)}, default)

    def fetch(self, branches: Iterable[str], *, is_deep: bool) -> None:
        """Fetch the commits of `branches` without files: all of their history, or only the last one of each.

        A server that cannot leave files out sends them.
        """
        refspecs = [f"+refs/heads/{branch}:{_FETCHED}{branch}" for branch in branches]
        options = ("--quiet", "--no-tags", "--filter=blob:none")
        self._run("fetch", *options, *(() if is_deep else ("--depth=1",)), "--", "origin", *refspecs)

    def fetched(self, branch: str) -> str:
        """The commit of a branch that was fetched; '' if it was not."""
        return git.resolve(self.path, f"{_FETCHED}{branch}") or ""

    def push(self, commit: str, branch: str, expected: str, *, is_counted: bool) -> str:
        """Push `commit` if the branch is still at `expected` ('' for no branch); return why the server refused it.

        Raises ProcessError when the server does not answer.
        """
        self._forget_promisor()
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        options = ("--quiet", "--no-verify", "--recurse-submodules=no", lease)
        try:
            self._run("push", *options, "--", "origin", f"{commit}:refs/heads/{branch}", is_counted=is_counted)
        except ProcessError as error:
            rejection = re.search(r"! \[(?:remote )?rejected\][^\n]*\((.*)\)", error.stderr)
            if not rejection:
                raise
            details = re.findall(r"^remote: *(\S.*?)\s*$", error.stderr, re.MULTILINE)
            return redacted_line("; ".join([rejection[1], *details]))
        return ""

    def _forget_promisor(self) -> None:
        """Keep git from fetching files of older commits only to make a smaller pack of ours.

        `--no-thin` is meant for that, but does not reach a push over HTTP.
        """
        for key in ("extensions.partialClone", "remote.origin.promisor", "remote.origin.partialCloneFilter"):
            git.git("config", "--unset-all", key, at=self.path, codes=(0, 5))  # 5: it is not set

    def _run(self, *args: str, is_counted: bool = False) -> ProcessResult:
        """Run git, and again when the network failed or the server wants a pause."""
        command = ("git", *git.TEMPORARY, *remotes.NO_PROMPTS, *args)

        def send() -> ProcessResult | ProcessError:
            try:
                return run(*command, cwd=self.path, env=self.env, seconds=_PATIENCE)
            except ProcessError as error:
                return error

        answer = self.limiter.patiently(send, _pause_after, is_counted=is_counted)
        if isinstance(answer, ProcessError):
            raise answer
        return answer


def _pause_after(answer: ProcessResult | ProcessError, tried: int) -> tuple[float | None, str]:
    """How long the server's status, which is all that git tells of its answer, asks to wait."""
    if isinstance(answer, ProcessResult):
        return None, ""
    status = re.search(r"returned error: (\d{3})", answer.stderr)
    after = network_retry.delay(int(status[1]) if status else 0, {}, answer.stderr, now=0.0, tried=tried)
    return after, redacted_line(remotes.failure_reason(answer))


@contextmanager
def opened(url: str, sample_id: str, limiter: RateLimiter) -> Iterator[Remote]:
    """The repository at `url`, whose object ids are as long as `sample_id`; the temporary one is deleted afterwards.

    Raises ToolError for a text that cannot be an address.
    """
    if not url or url.startswith("-"):
        raise ToolError("It has no remote to push to.", "Use --mode branch, or give it an origin and plan again.")
    with temporary_folder() as folder:
        path = folder / "git"
        object_format = ("--object-format=sha256",) if len(sample_id) == _SHA256 else ()
        git.git(*git.TEMPORARY, "init", "--quiet", "--bare", *object_format, "--", str(path))
        git.git("remote", "add", "--", "origin", url, at=path)
        yield Remote(path, remotes.without_prompts(path), limiter)
