"""Temporary folders: one that a killed run left is removed by the next run.

The process that made a folder holds its lock (flock(2)), so a folder whose lock is free has no owner. Folders are made
under the lock of the folder above, so that nobody sees one before its owner has locked it. Each user has one home of
them; for a folder that must be elsewhere, beside what it will replace, there is one in the home with a link to it.
"""

import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError

if sys.platform != "win32":
    import fcntl

_USUAL, _MEMORY = Path("/tmp"), Path("/dev/shm")  # noqa: S108 - the home in them is this user's alone
_INSIDE = re.compile(r"[0-9a-f]{12}")
_ELSEWHERE = re.compile(rf"\..*\.{_INSIDE.pattern}\.new-ops-project", re.DOTALL)
_LINK = "elsewhere"
_TRIES, _PAUSE = 500, 0.002  # seconds between two of them
_OLD = 7 * 24 * 60 * 60  # seconds; where folders have no locks, one as old as this has no owner


def system_folder() -> Path:
    """The system's folder for temporary files, as tempfile.gettempdir() finds it."""
    for place in (*(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")), _USUAL):
        if place and Path(place).is_dir() and os.access(place, os.W_OK | os.X_OK):
            return Path(place).absolute()
    import tempfile  # noqa: PLC0415 - importing it takes longer than what is above

    return Path(tempfile.gettempdir())


@contextmanager
def temporary_folder(*, in_memory: bool = False) -> Iterator[Path]:
    """Yield an empty folder, which is removed at the end; `in_memory` where the system can, for small files.

    Raises ToolError when it cannot be made.
    """
    place = _MEMORY if in_memory and os.access(_MEMORY, os.W_OK | os.X_OK) else system_folder()
    with _folder(place / _name(), os.urandom(6).hex(), _INSIDE) as folder:
        yield folder


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """Yield an empty folder on the file system of `path`, which is removed at the end.

    What killed runs have left beside `path` is removed first. Raises OSError when it cannot be made.
    """
    place = path.parent / f".{path.name}.{os.urandom(6).hex()}.new-ops-project"
    with temporary_folder() as record:
        with suppress(OSError):  # without the link, the next run beside `path` finds it
            (record / _LINK).symlink_to(place.absolute(), target_is_directory=True)
        with _folder(place.parent, place.name, _ELSEWHERE) as folder:
            yield folder


def sweep() -> None:
    """Remove what killed runs of this user have left, as far as the homes on this system know of it."""
    for place in {system_folder(), _MEMORY}:
        home = place / _name()
        with suppress(OSError, ToolError):
            if home.is_dir():
                with _exclusively(home) as is_alone:
                    if is_alone:
                        _remove_ownerless(home, _INSIDE)
                        home.rmdir()  # unless another run is at work


@contextmanager
def _folder(above: Path, name: str, kind: re.Pattern[str]) -> Iterator[Path]:
    """Make the folder, lock it, and remove it at the end; remove those of its kind that have no owner first."""
    path, lock = above / name, None
    try:
        with interrupts.deferred(), _exclusively(above) as is_alone:
            if is_alone:
                _remove_ownerless(above, kind)
            path.mkdir(mode=0o700)
            lock = _lock(path)
        yield path
    finally:
        with interrupts.deferred():
            _remove(path)  # under its lock, or another run would take it for ownerless and remove it too
            if lock is not None:
                os.close(lock)


# ---- the home -------------------------------------------------------------------------------------------------------


def _name() -> str:
    return f"new-ops-project-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


@contextmanager
def _exclusively(folder: Path) -> Iterator[bool]:
    """Hold the lock of `folder` for the block, and say whether it can be had.

    A home that is absent is made. Raises ToolError if it cannot be, or is not this user's alone.
    """
    lock, is_home = None, folder.name == _name()
    for _ in range(_TRIES):
        if is_home:
            _make_home(folder)
        try:
            lock = _lock(folder)
            if lock is None or folder.stat().st_ino == os.fstat(lock).st_ino:
                break
        except BlockingIOError:
            time.sleep(_PAUSE)
            continue
        except FileNotFoundError:  # another run has removed the empty home meanwhile
            pass
        if lock is not None:
            os.close(lock)
            lock = None
    try:
        if is_home:
            _require_own(folder)
        yield lock is not None or sys.platform == "win32"
    finally:
        if lock is not None:
            os.close(lock)


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700)
    except FileExistsError:
        return
    except OSError as error:
        message = f"A folder for temporary files cannot be made in {home.parent}: {error.strerror or error}."
        raise ToolError(message, "Free up space there, or set TMPDIR to another folder.") from error


def _require_own(home: Path) -> None:
    about = home.lstat()
    is_own = stat.S_ISDIR(about.st_mode) and (not hasattr(os, "getuid") or about.st_uid == os.getuid())
    if not is_own or (os.name == "posix" and about.st_mode & 0o022):
        raise ToolError(f"{home} is not a folder of this user alone.", "Remove it, or set TMPDIR to another folder.")


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the lock of a folder until it is closed; None where folders have no locks.

    Raises BlockingIOError while another run holds it, FileNotFoundError if the folder is gone.
    """
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        raise
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


# ---- removal --------------------------------------------------------------------------------------------------------


def _remove_ownerless(above: Path, kind: re.Pattern[str]) -> None:
    """Remove the folders of this kind whose lock is free, and what they link to."""
    for name in filter(kind.fullmatch, os.listdir(above)):  # noqa: PTH208 - names are enough
        path = above / name
        if path.is_symlink() or not path.is_dir():
            continue
        with suppress(BlockingIOError, FileNotFoundError):  # it has an owner, or that has just removed it
            lock = _lock(path)
            if lock is not None or time.time() - path.stat().st_mtime > _OLD:
                _remove(path)
            if lock is not None:
                os.close(lock)


def _remove(path: Path) -> None:
    """Remove a folder with all that is in it, whatever its permissions are, and what it links to."""
    import shutil  # noqa: PLC0415 - most runs have nothing to remove

    link = path / _LINK
    if link.is_symlink():
        target = Path(os.readlink(link))  # noqa: PTH115 - as it is written
        if _ELSEWHERE.fullmatch(target.name) and not target.is_symlink():
            shutil.rmtree(target, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)
    if path.is_dir():  # as after a task that made a folder read-only
        for folder, names, _ in os.walk(path):
            for each in (Path(folder, name) for name in names):
                if not each.is_symlink():
                    each.chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)
