"""Tags of a git repository on another machine, and their dates: asked within a time limit, never with a prompt."""

import re
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import ProcessResult, run_within

# An empty GIT_ASKPASS keeps git from every program that would ask; ssh is in a session without a terminal.
_SILENT = {"GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never"}

_SECRET = re.compile(r"(?<=://)[^/@\s]*@")


@dataclass(frozen=True)
class TagSource:
    """A repository by its URL, and the moment (time.monotonic) after which no answer is waited for."""

    url: str
    seconds: float
    deadline: float = field(compare=False)

    @classmethod
    def within(cls, seconds: float, url: str) -> "TagSource":
        """The repository at `url`, for `seconds` from now on."""
        return cls(url, seconds, time.monotonic() + seconds)

    @property
    def is_overdue(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline

    def tags(self) -> dict[str, "Tag"]:
        """Every tag by its name; raises ProcessError when the repository does not answer."""
        found: dict[str, Tag] = {}
        for line in self._git("ls-remote", "--tags", "--", self.url).text.splitlines():
            identifier, _, ref = line.partition("\t")
            name = ref.removeprefix("refs/tags/").removesuffix("^{}")
            listed = found.get(name, Tag(identifier, identifier))
            found[name] = Tag(identifier, listed.listed)  # what the tag names comes after the tag itself
        return found

    def date(self, tag: str) -> datetime | None:
        """When the tag was made or its commit, whichever is later; None where the repository does not tell.

        Raises ProcessError when the time is over.
        """
        with tempfile.TemporaryDirectory(prefix="pins-") as folder:
            try:
                self._fetch(tag, Path(folder))
                dates = git.git("for-each-ref", f"--format={_DATES}", at=Path(folder)).text.split()
                return max(datetime.fromtimestamp(int(each), UTC) for each in dates)
            except (ProcessError, ValueError):
                if self.is_overdue:
                    raise
                return None

    @property
    def name(self) -> str:
        """Its URL for people, without a password or token that it may hold."""
        return _SECRET.sub("", self.url)

    def said(self, error: ProcessError) -> str:
        """Why the repository did not answer, with its address."""
        reason = _SECRET.sub("", error.reason.removeprefix("fatal: ")).strip()
        return reason if self.name in reason else f"{self.name}: {reason}"

    def _fetch(self, tag: str, into: Path) -> None:
        """Get the tag and its commit, and no files where the server can leave them out (gitprotocol-v2: filter)."""
        git.git(*git.TEMPORARY, "init", "--quiet", "--bare", at=into)
        ref = f"refs/tags/{tag}:refs/tags/{tag}"
        options = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--filter=tree:0")
        self._git("fetch", *options, "--", self.url, ref, at=into)

    def _git(self, *args: str, at: Path | None = None) -> ProcessResult:
        left = self.deadline - time.monotonic()
        try:
            return run_within(left, "git", *git.TEMPORARY, *args, cwd=at, env=_SILENT)
        except ProcessError as error:
            if error.code is None and self.is_overdue:
                raise ProcessError(error.args_run, None, f"no answer within {self.seconds:g} seconds") from error
            raise


_DATES = "%(creatordate:unix) %(*committerdate:unix)"


@dataclass(frozen=True)
class Tag:
    """A tag: the commit that it names, and what is listed for it, which is another id for an annotated tag."""

    commit: str
    listed: str
