"""Repositories known by their address, as blobless clones in our cache: asked, fetched, and shared by all runs.

What is fetched is written by one run at a time; what is there is never changed, so that any number may read it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, ProcessResult, run_within
from new_ops_project.fleet import network_retry
from new_ops_project.git import remotes, urls
from new_ops_project.template import unpacked

_PAUSE = 1.0  # seconds before the second try; twice as long before the third
_MISSING = b"?"


@dataclass(frozen=True)
class RemoteState:
    """What a remote says of itself: its branch, the commit that it is at, and template branches with theirs."""

    branch: str
    commit: str
    open: Mapping[str, str]


@dataclass(frozen=True)
class Deadline:
    """How long one repository may still take, in seconds, and what is told of each try that failed."""

    end: float
    told: Callable[[str], None] = lambda _: None

    @property
    def left(self) -> float:
        """Seconds until its time is over; never less than none."""
        return max(self.end - time.monotonic(), 0.0)


def clock(seconds: float, told: Callable[[str], None] = lambda _: None) -> Deadline:
    """A clock that starts now."""
    return Deadline(time.monotonic() + seconds, told)


def ask(url: str, until: Deadline) -> RemoteState:
    """What the remote says now, in one round trip; raises ToolError when it does not answer, or has no commit."""
    said = _reached(url, until, "ls-remote", "--quiet", "--symref", "--", url, "HEAD", "refs/heads/template/*").text
    lines = [line.split("\t", 1) for line in said.splitlines() if "\t" in line]
    found = {name: value for value, name in lines if not value.startswith("ref: ")}
    branch = next((value[5:] for value, name in lines if value.startswith("ref: ") and name == "HEAD"), "")
    if "HEAD" not in found:
        raise ToolError(f"{url} has no commit on its default branch.", "Push one, or leave it out.")
    heads = {name.removeprefix("refs/heads/"): value for name, value in found.items() if name != "HEAD"}
    return RemoteState(branch.removeprefix("refs/heads/"), found["HEAD"], heads)


def brought(url: str, seen: RemoteState, until: Deadline) -> Path:
    """Our clone of `url`, with the commit that was seen; raises ToolError when that cannot be had."""
    folder = place(url)
    if has(folder, seen.commit):
        return folder
    with unpacked.guarded(folder):
        if not has(folder, seen.commit):
            _fetch(url, folder, seen, until)
    return folder


def place(url: str) -> Path:
    """Where our clone of `url` is, or would be."""
    return unpacked.cache_folder() / "fleet" / f"{hashlib.sha256(url.encode()).hexdigest()[:20]}.git"


def has(folder: Path, commit: str) -> bool:
    """Whether the clone has the commit."""
    if not (folder / "HEAD").is_file():
        return False
    try:
        return _alone(folder, commit, "cat-file", "-e", f"{commit}^{{commit}}").code == 0
    except ProcessError:
        return False


def _alone(folder: Path, commit: str, *args: str, stdin: bytes | None = None) -> ProcessResult:
    """Ask git about what the clone has, and no more: a blobless clone itself would ask its remote for what it lacks.

    An empty repository that sees the clone's objects has no remote to ask. `commit` only says which hash names them.
    """
    kind = _format(commit)
    empty = folder.with_name(f"empty-{kind}.git")
    if not (empty / "HEAD").is_file():
        with unpacked.guarded(empty):
            git.git(
                *git.TEMPORARY, "init", "--quiet", "--bare", f"--object-format={kind}", str(empty), at=folder.parent
            )
    env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(folder / "objects")}
    return git.git(*git.TEMPORARY, *args, at=empty, env=env, stdin=stdin)


def _format(commit: str) -> str:
    """The hash that a commit's id is of."""
    return "sha1" if len(commit) == 40 else "sha256"  # noqa: PLR2004 - git's two object formats


def _fetch(url: str, folder: Path, seen: RemoteState, until: Deadline) -> None:
    """Fetch into the clone; where that fails, into a new one, for the old one may be damaged."""
    if (folder / "HEAD").is_file():
        for left in (*folder.glob("*.lock"), *(folder / "refs").rglob("*.lock"), *folder.glob("objects/pack/tmp_*")):
            left.unlink(missing_ok=True)  # by a run that was killed: nobody else is at it while we have the lock
        with suppress(ToolError):
            _fetch_into(folder, url, seen, until)
            return
    _renew(url, folder, seen, until)


def _renew(url: str, folder: Path, seen: RemoteState, until: Deadline) -> None:
    """Put a new clone in the place of one that is damaged, once it is there."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _init(fresh, url, seen)
    _fetch_into(fresh, url, seen, until)
    if folder.exists():
        folder.rename(folder.with_name(f".{folder.name}.old-{os.getpid()}"))
    fresh.rename(folder)
    for old in folder.parent.glob(f".{folder.name}.old-*"):
        shutil.rmtree(old, ignore_errors=True)


def _init(folder: Path, url: str, seen: RemoteState) -> None:
    """An empty blobless clone."""
    kind = _format(seen.commit)
    git.git(*git.TEMPORARY, "init", "--quiet", "--bare", f"--object-format={kind}", str(folder), at=folder.parent)
    with (folder / "config").open("a") as file:
        file.write(_config(url))


def _config(url: str) -> str:
    """What makes a clone blobless (gitformat, extensions.partialClone)."""
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'[remote "origin"]\n\turl = "{quoted}"\n\tpromisor = true\n\tpartialclonefilter = blob:none\n'
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[gc]\n\tauto = 0\n"
    )


def _fetch_into(folder: Path, url: str, seen: RemoteState, until: Deadline) -> None:
    """Fetch the branch, and, if that is not enough, the very commit."""
    spec = f"+refs/heads/{seen.branch}:refs/heads/{seen.branch}" if seen.branch else f"+{seen.commit}:refs/heads/HEAD"
    _reached(url, until, *_FETCH, "--filter=blob:none", "origin", spec, at=folder)
    if not has(folder, seen.commit):
        _reached(url, until, *_FETCH, "--filter=blob:none", "origin", seen.commit, at=folder)


_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no")


def fill(url: str, folder: Path, commit: str, until: Deadline) -> None:
    """Have every file of a commit; raises ToolError when the remote does not give them."""
    listed = _alone(
        folder, commit, "rev-list", "--objects", "--no-object-names", "--missing=print", "--max-count=1", commit
    ).stdout.split()
    _get(url, folder, commit, [line[1:].decode() for line in listed if line.startswith(_MISSING)], until)


def need(url: str, folder: Path, commit: str, objects: Iterable[str], until: Deadline) -> None:
    """Have these objects, in one round trip; what is there already is not asked for."""
    asked = "".join(f"{one}\n" for one in objects).encode()
    said = _alone(folder, commit, "cat-file", "--batch-check", stdin=asked).stdout
    _get(
        url,
        folder,
        commit,
        [line.split()[0].decode() for line in said.splitlines() if line.endswith(b" missing")],
        until,
    )


def _get(url: str, folder: Path, commit: str, objects: list[str], until: Deadline) -> None:
    """Fetch objects by their ids, as git itself does it for a blobless clone."""
    if not objects:
        return
    command = ("-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--filter=blob:none", "--stdin", "origin")
    asked = "".join(f"{one}\n" for one in objects).encode()
    with unpacked.guarded(folder):
        try:
            _reached(url, until, *command, at=folder, stdin=asked)
        except ToolError:
            _renew(url, folder, RemoteState("", commit, {}), until)
            _reached(url, until, *command, at=folder, stdin=asked)


# ---- over the network ------------------------------------------------------------------------------------------------


def _reached(url: str, until: Deadline, *args: str, at: Path | None = None, stdin: bytes = b"") -> ProcessResult:
    """Run git without anything to ask at; three tries where the network is to blame.

    Raises ToolError with git's own reason.
    """
    shown = urls.without_secrets(url)
    for number in range(1, network_retry.TRIES + 1):
        try:
            return run_within(
                until.left, "git", *git.TEMPORARY, *remotes.QUIET, *args, cwd=at, env=_quiet(), stdin=stdin
            )
        except ProcessError as error:
            reason = remotes.reason(error)
            pause = _PAUSE * 2 ** (number - 1)
            if number == network_retry.TRIES or not network_retry.is_network(error.stderr) or until.left <= pause:
                tried = f" (tried {number} times)" if number > 1 else ""
                hint = "Check the address, and your access to it with `git ls-remote`."
                raise ToolError(f"{shown} cannot be reached: {reason}{tried}.", hint) from error
            until.told(f"try {number} of {network_retry.TRIES} failed: {reason}; again in {pause:g} s")
            time.sleep(pause)
    raise AssertionError


@cache
def _quiet() -> Mapping[str, str]:
    return remotes.silent(Path.cwd())


def known(url: str, commit: str, until: Deadline) -> Path:
    """Our clone of `url` with a commit and all of its files, fetched only where something of that is missing."""
    folder = place(url)
    if not has(folder, commit):
        seen = ask(url, until)
        folder = brought(url, RemoteState(seen.branch, commit, seen.open), until)
    fill(url, folder, commit, until)
    return folder
