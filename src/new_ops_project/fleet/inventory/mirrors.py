"""The cache of blobless clones for repositories that are known only by their address.

All runs share it. One run at a time fetches into a clone; objects never change once they are there, so any number of
runs may read them meanwhile.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import masking
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.base.process import ProcessResult, run
from new_ops_project.fleet import network_retry
from new_ops_project.git import objects, remotes
from new_ops_project.template import shared_folders

_PAUSE = 1.0  # seconds before the second try; twice as long before the third
_MISSING = b"?"


@dataclass(frozen=True)
class RemoteState:
    """The default branch of a remote with its commit, and the names of its template branches."""

    branch: str
    commit: str
    template_branches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deadline:
    """The end of work on a repository, `seconds` from now; `on_retry` is called after each failed try."""

    seconds: float
    on_retry: Callable[[str], None] = lambda _: None
    start: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 when it is over."""
        return max(self.start + self.seconds - time.monotonic(), 0.0)


def remote_state(url: str, deadline: Deadline) -> RemoteState:
    """The current state of a remote, in one round trip; raises ToolError if it does not answer or has no commit."""
    output = _run(url, deadline, "ls-remote", "--quiet", "--symref", "--", url, "HEAD", "refs/heads/template/*").text
    lines = [line.split("\t", 1) for line in output.splitlines() if "\t" in line]
    commits = {name: value for value, name in lines if not value.startswith("ref: ")}
    branch = next((value[5:] for value, name in lines if value.startswith("ref: ") and name == "HEAD"), "")
    if "HEAD" not in commits:
        raise ToolError(f"{url} has no commit on its default branch.", "Push one, or leave the repository out.")
    heads = sorted(name.removeprefix("refs/heads/") for name in commits if name != "HEAD")
    return RemoteState(branch.removeprefix("refs/heads/"), commits["HEAD"], tuple(heads))


def fetch(url: str, state: RemoteState, deadline: Deadline) -> Path:
    """Our clone of `url`, with the commit of `state`; raises ToolError if it cannot be fetched."""
    folder = clone_path(url)
    if has_commit(folder, state.commit):
        return folder
    with shared_folders.locked(folder):
        if not has_commit(folder, state.commit):
            _fetch_or_renew(url, folder, state, deadline)
    return folder


def clone_path(url: str) -> Path:
    """The path of our clone of `url`, whether it exists or not."""
    return _clones() / f"{hashlib.sha256(url.encode()).hexdigest()[:20]}.git"


def _clones() -> Path:
    return shared_folders.cache_folder() / "fleet"


def has_commit(folder: Path, commit: str) -> bool:
    """Whether the clone has the commit."""
    if not (folder / "HEAD").is_file():
        return False
    try:
        return _run_offline(folder, commit, "cat-file", "-e", f"{commit}^{{commit}}").exit_code == 0
    except ProcessError:
        return False


def _run_offline(folder: Path, commit: str, *args: str, stdin: bytes | None = None) -> ProcessResult:
    """Run git on the objects that the clone has.

    In the blobless clone itself, git would fetch each missing object from the remote, one by one. So git runs in an
    empty repository that sees the clone's objects but has no remote. `commit` only tells the hash algorithm.
    """
    empty = _clones() / f"empty-{objects.format_of(commit)}.git"
    if not (empty / "HEAD").is_file():
        with shared_folders.locked(empty):
            if not (empty / "HEAD").is_file():
                with whole_folder(empty) as fresh:  # another run may look while git is still making it
                    _init(fresh, commit)
    env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(folder / "objects")}
    return git.git(*git.TEMPORARY, *args, at=empty, env=env, stdin=stdin)


def _fetch_or_renew(url: str, folder: Path, state: RemoteState, deadline: Deadline) -> None:
    """Fetch into the clone; if that fails, into a new one, since the old one may be damaged."""
    if (folder / "HEAD").is_file():
        # We hold the lock of the clone, so these files come from a run that was killed; git would refuse to work.
        for stale in (*folder.glob("*.lock"), *(folder / "refs").rglob("*.lock"), *folder.glob("objects/pack/tmp_*")):
            stale.unlink(missing_ok=True)
        with suppress(ToolError):
            _fetch_into(folder, url, state, deadline)
            return
    _renew(url, folder, state, deadline)


def _renew(url: str, folder: Path, state: RemoteState, deadline: Deadline) -> None:
    """Fetch a new clone, then put it in the place of the old one: a reader never sees half a clone."""
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    # The settings of a blobless clone: extensions.partialClone, see git's docs on partial clones.
    settings = f"""[remote "origin"]
    url = "{quoted}"
    promisor = true
    partialclonefilter = blob:none
[core]
    repositoryformatversion = 1
[extensions]
    partialClone = origin
[gc]
    auto = 0
"""
    with whole_folder(folder) as fresh:
        _init(fresh, state.commit)
        with (fresh / "config").open("a") as config:
            config.write(settings)
        _fetch_into(fresh, url, state, deadline)
        if folder.exists():
            folder.rename(folder.with_name(f".{folder.name}.old-{os.getpid()}"))
    for old in folder.parent.glob(f".{folder.name}.old-*"):
        shutil.rmtree(old, ignore_errors=True)


def _init(folder: Path, commit: str) -> None:
    git.git(
        *git.TEMPORARY,
        "init",
        "--quiet",
        "--bare",
        f"--object-format={objects.format_of(commit)}",
        str(folder),
        at=folder.parent,
    )


def _fetch_into(folder: Path, url: str, state: RemoteState, deadline: Deadline) -> None:
    """Fetch the branch; if it does not lead to the commit, fetch the commit itself."""
    ref = f"refs/heads/{state.branch}"
    spec = f"+{ref}:{ref}" if state.branch else f"+{state.commit}:refs/heads/HEAD"
    _run(url, deadline, *_FETCH, "--filter=blob:none", "origin", spec, at=folder)
    if not has_commit(folder, state.commit):
        _run(url, deadline, *_FETCH, "--filter=blob:none", "origin", state.commit, at=folder)


_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no")


def fetch_files(url: str, folder: Path, commit: str, deadline: Deadline) -> None:
    """Fetch every missing file of a commit; raises ToolError if the remote does not give them."""
    lines = _run_offline(
        folder, commit, "rev-list", "--objects", "--no-object-names", "--missing=print", "--max-count=1", commit
    ).stdout.split()
    _fetch_objects(url, folder, commit, [line[1:].decode() for line in lines if line.startswith(_MISSING)], deadline)


def fetch_missing(url: str, folder: Path, commit: str, names: Iterable[str], deadline: Deadline) -> None:
    """Fetch those of the objects that the clone lacks, in one round trip."""
    request = "".join(f"{name}\n" for name in names).encode()
    lines = _run_offline(folder, commit, "cat-file", "--batch-check", stdin=request).stdout.splitlines()
    missing = [line.split()[0].decode() for line in lines if line.endswith(b" missing")]
    _fetch_objects(url, folder, commit, missing, deadline)


def _fetch_objects(url: str, folder: Path, commit: str, names: list[str], deadline: Deadline) -> None:
    """Fetch objects by their ids.

    The command is the one that git itself runs when a blobless clone lacks an object: without negotiation, since the
    commits are there already.
    """
    if not names:
        return
    command = ("-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--filter=blob:none", "--stdin", "origin")
    request = "".join(f"{name}\n" for name in names).encode()
    with shared_folders.locked(folder):
        try:
            _run(url, deadline, *command, at=folder, stdin=request)
        except ToolError:
            _renew(url, folder, RemoteState("", commit), deadline)
            _run(url, deadline, *command, at=folder, stdin=request)


# ---- over the network ------------------------------------------------------------------------------------------------


def _run(url: str, deadline: Deadline, *args: str, at: Path | None = None, stdin: bytes = b"") -> ProcessResult:
    """Run git without prompts; a failure of the network gets three tries.

    Raises ToolError with git's own reason.
    """
    address = masking.masked(url)
    for number in range(1, network_retry.TRIES + 1):
        try:
            command = ("git", *git.TEMPORARY, *remotes.NO_PROMPTS, *args)
            env = {**_environment(), **({} if at else remotes.OUTSIDE)}
            return run(*command, cwd=at, env=env, stdin=stdin, seconds=deadline.left)
        except ProcessError as error:
            git.require_trusted(error.stderr)
            reason = remotes.failure_reason(error)
            pause = _PAUSE * 2 ** (number - 1)
            if (
                number == network_retry.TRIES
                or not network_retry.is_network_failure(error.stderr)
                or deadline.left <= pause
            ):
                tried = f" (tried {number} times)" if number > 1 else ""
                hint = "Check the address, and your access to it with `git ls-remote`."
                raise ToolError(f"{address} cannot be reached: {reason}{tried}.", hint) from error
            deadline.on_retry(f"try {number} of {network_retry.TRIES} failed: {reason}; again in {pause:g} s")
            time.sleep(pause)
    raise AssertionError


@cache
def _environment() -> Mapping[str, str]:
    return remotes.without_prompts(None)


def complete_clone(url: str, commit: str, deadline: Deadline) -> Path:
    """Our clone of `url` with a commit and all its files; only what is missing is fetched."""
    folder = clone_path(url)
    if not has_commit(folder, commit):
        state = remote_state(url, deadline)
        folder = fetch(url, replace(state, commit=commit), deadline)
    fetch_files(url, folder, commit, deadline)
    return folder
