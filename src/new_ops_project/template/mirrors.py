"""Our mirrors of templates that are elsewhere, which all runs share; a damaged one is fetched anew."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from new_ops_project import git
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.git import remotes, urls
from new_ops_project.template import shared_folders

Answer = TypeVar("Answer")

# A mirror takes every reference, so protocol 2, which filters them, saves nothing here and costs one more round trip.
_ALL_REFERENCES = ("-c", "protocol.version=0")


@cache
def mirror_of(url: str, *, offline: bool) -> Path:
    """Our mirror of `url`, as it is if `offline`; otherwise fetched once in this run, which is why it is cached.

    It neither knows nor keeps the credentials in `url`. Raises ToolError.
    """
    mirror = _folder(url)
    if offline:
        if git.is_repository(mirror) and _has_references(mirror):
            return mirror
        message = f"The template {urls.public(url)} has not been fetched yet."
        raise ToolError(message, "Run this once without --offline.")
    with shared_folders.locked(mirror), _explained(url, mirror):
        if git.is_repository(mirror):
            _fetch(url, mirror)
        else:
            _clone(url, mirror)
    return mirror


def answered(url: str, mirror: Path, question: Callable[[Path], Answer], *, offline: bool) -> Answer:
    """What `question`, which raises ProcessError, says of the mirror of `url`; a damaged one is fetched anew first.

    Raises ToolError for a mirror that cannot be fetched, and for a repository that is damaged where it is.
    """
    try:
        return question(mirror)
    except ProcessError as error:
        is_sound = git.is_sound(mirror)
        if offline or is_sound:
            hint = "Fix that, then run this again." if is_sound else "Run this once without --offline."
            raise ToolError(f"Our copy of the template, {mirror}, cannot be read: {error.reason}.", hint) from error
    with shared_folders.locked(mirror), _explained(url, mirror):
        _clone(url, mirror)
    try:
        return question(mirror)
    except ProcessError as error:
        message = f"The template {urls.public(url)} cannot be read: {error.reason}."
        raise ToolError(message, "Repair its repository; `git fsck` there says what is wrong.") from error


def _folder(url: str) -> Path:
    name = hashlib.sha256(urls.public(url).encode()).hexdigest()[:16]
    return shared_folders.cache_folder() / "mirrors" / f"{name}.git"


def _fetch(url: str, mirror: Path) -> None:
    """Fetch what is new; into a new mirror if that fails because this one is damaged."""
    _remove_locks(mirror)
    options = ("--quiet", "--progress", "--prune", "--no-auto-maintenance", "--no-write-fetch-head")
    try:
        remotes.transfer(url, *_ALL_REFERENCES, "fetch", *options, "origin", at=mirror)
    except ProcessError:
        if git.is_sound(mirror):
            raise
        _clone(url, mirror)


def _clone(url: str, mirror: Path) -> None:
    """Clone into the place of the mirror, absent or not."""
    with whole_folder(mirror) as fresh:
        clone = ("clone", "--mirror", "--quiet", "--progress", "--", urls.public(url), str(fresh))
        remotes.transfer(url, *_ALL_REFERENCES, *clone, at=mirror.parent)
        if os.path.lexists(mirror):
            mirror.rename(fresh.with_name("damaged"))  # which goes with the temporary folder


@contextmanager
def _explained(url: str, mirror: Path) -> Iterator[None]:
    """Raise a ToolError, with what can be done, where git cannot fetch."""
    try:
        yield
    except ProcessError as error:
        offline = ", or use the copy of it here, with `update --offline`" if git.is_repository(mirror) else ""
        hint = f"Check the address and your access to it{offline}, or name another with --template."
        message = f"The template {urls.public(url)} cannot be reached: {remotes.failure_reason(error)}."
        raise ToolError(message, hint) from error


def _has_references(mirror: Path) -> bool:
    """Whether git has any reference there, packed as after a clone or in a file of its own."""
    return (mirror / "packed-refs").is_file() or any(path.is_file() for path in (mirror / "refs").rglob("*"))


def _remove_locks(mirror: Path) -> None:
    """Remove the locks that a killed fetch left behind.

    That is safe because the caller holds the lock of the whole mirror, so no other fetch of it runs.
    """
    for path in (*mirror.glob("*.lock"), *(mirror / "refs").rglob("*.lock")):
        path.unlink(missing_ok=True)
