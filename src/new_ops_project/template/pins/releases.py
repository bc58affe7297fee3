"""The releases of a git repository on another machine, and the comparison of a pin with them.

Every question has a time limit, and none prompts the user.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import masking
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import ProcessResult, run
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import remotes
from new_ops_project.template.pins.comparison import UNDATED, PinComparison, PinEdit, PinState

# An empty GIT_ASKPASS keeps git from starting a program that prompts; ssh runs in a session without a terminal.
_SILENT = {"GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never"}

_DATES = "%(creatordate:unix) %(*committerdate:unix)"
_FULL = re.compile(r"(v?)(\d+)\.(\d+)\.(\d+)")

Numbers = tuple[int, int, int]


@dataclass(frozen=True)
class Tag:
    """A tag: the commit that it points to, and the id that the server lists; an annotated tag has one of its own."""

    commit: str
    listed: str


@dataclass(frozen=True)
class TagSource:
    """A repository by its URL, which may take `seconds` for all answers; `deadline` is on the clock time.monotonic."""

    url: str
    seconds: float
    deadline: float

    def tags(self) -> dict[str, Tag]:
        """Every tag by its name; raises ProcessError when the repository does not answer."""
        tags: dict[str, Tag] = {}
        for line in self._git("ls-remote", "--tags", "--", self.url).text.splitlines():
            identifier, _, ref = line.partition("\t")
            name = ref.removeprefix("refs/tags/").removesuffix("^{}")
            # An annotated tag has two lines: its own id, then with ^{} that of its commit.
            listed = tags.get(name, Tag(identifier, identifier)).listed
            tags[name] = Tag(identifier, listed)
        return tags

    def date(self, tag: str) -> datetime | None:
        """The date of the tag or that of its commit, whichever is later; None if the repository does not tell.

        A new tag on an old commit is as young as the tag. Raises ProcessError when the time is over.
        """
        ref = f"refs/tags/{tag}:refs/tags/{tag}"
        with temporary_folder() as at:
            try:
                git.git(*git.TEMPORARY, "init", "--quiet", "--bare", at=at)
                # Without the files, if the server supports that (gitprotocol-v2: filter).
                options = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--filter=tree:0")
                self._git("fetch", *options, "--", self.url, ref, at=at)
                dates = git.git("for-each-ref", f"--format={_DATES}", at=at).text.split()
                return max(datetime.fromtimestamp(int(each), UTC) for each in dates)
            except (ProcessError, ValueError):
                if time.monotonic() >= self.deadline:
                    raise
                return None

    @property
    def name(self) -> str:
        """Its URL without a password or token, for messages."""
        return masking.masked(self.url)

    def describe(self, error: ProcessError) -> str:
        """Why the repository did not answer, with its address."""
        reason = masking.masked(error.reason.removeprefix("fatal: ")).strip()
        return reason if self.name in reason else f"{self.name}: {reason}"

    def _git(self, *args: str, at: Path | None = None) -> ProcessResult:
        seconds_left = self.deadline - time.monotonic()
        try:
            env = _SILENT if at else {**_SILENT, **remotes.OUTSIDE}
            return run("git", *git.TEMPORARY, *args, cwd=at, env=env, seconds=seconds_left)
        except ProcessError as error:
            if error.exit_code is None and time.monotonic() >= self.deadline:
                raise ProcessError(error.args_run, None, f"no answer within {self.seconds:g} seconds") from error
            raise


# ---- which release to take ----


@dataclass(frozen=True)
class Release:
    """A final release with a full version, such as v7.0.1: tags such as `v7` and `v7.1` move."""

    tag: str
    numbers: Numbers
    commit: str


def numbers(version: str) -> Numbers | None:
    """The three numbers of a full version, or None for anything else."""
    match = _FULL.fullmatch(version)
    return (int(match[2]), int(match[3]), int(match[4])) if match else None


def final(tags: Mapping[str, Tag], *, like: str = "v") -> list[Release]:
    """The full releases, newest first; of v1.2.3 and 1.2.3, the one that has a `v` if `like` has one."""
    releases: dict[Numbers, Release] = {}
    for name, tag in sorted(tags.items(), key=lambda item: item[0].startswith("v") is like.startswith("v")):
        if key := numbers(name):
            releases[key] = Release(name, key, tag.commit)
    return [releases[key] for key in sorted(releases, reverse=True)]


def judge(
    pin: PinComparison,
    newer: Iterable[Release],
    remote: TagSource,
    limit: datetime | None,
    edits: Callable[[Release], tuple[PinEdit, ...]],
) -> PinComparison:
    """Compare the pin with the `newer` releases, newest first.

    It is behind the first that is not younger than `limit` (`edits` bring it there); one without a date is taken. With
    younger releases only, it is held. Raises ProcessError when the repository does not answer in time.
    """
    held = pin
    for release in newer:
        moment = remote.date(release.tag)
        if limit is None or moment is None or moment <= limit:
            reason = f"{held.newest} of {held.date} is too young" if held.date else "" if moment else UNDATED
            return pin.behind(release.tag, reason, day(moment), edits(release))
        if held is pin:
            held = replace(pin, newest=release.tag, state=PinState.HELD, reason="too young", date=day(moment))
    return held


def day(moment: datetime | None) -> str:
    """YYYY-MM-DD, or '' for no date."""
    return f"{moment:%Y-%m-%d}" if moment else ""
