"""How a file that somebody else owns is read: if it is a regular one, up to a size, and without waiting."""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from new_ops_project.base.errors import ToolError

LARGEST = 50_000_000  # bytes
HINT = "Replace it with a regular file of a usual size, or move it away; then run this again."

_KINDS = {stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
# Opening a pipe does not wait for a writer, and a terminal does not become that of this process.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
_MORE = 8192  # bytes to read at least, for a file may grow
_PROC = Path("/proc")


def read(path: Path | str, *, follow: bool = True, largest: int = LARGEST) -> bytes:
    """The content of the file; `follow`: also through symbolic links. The null device is an empty file.

    Raises FileNotFoundError, NotADirectoryError or IsADirectoryError where there is no file. Raises ToolError for
    anything else than a regular file, for one with more than `largest` bytes, and for one that cannot be read.
    """
    try:
        descriptor = os.open(path, _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
        try:
            return _content(descriptor, path, largest)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise
    except ValueError as error:  # a NUL, which is in no path
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    except BlockingIOError as error:
        raise ToolError(f"{path} is no regular file: what is in it is still to come.", HINT) from error
    except OSError as error:
        require_regular([path])  # a socket cannot even be opened
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error


def read_if_there(path: Path, *, follow: bool = True) -> bytes | None:
    """The content of the file; None if there is none, or a folder. Raises ToolError as `read` does."""
    try:
        return read(path, follow=follow)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def require_regular(paths: Iterable[Path | str]) -> None:
    """Raise ToolError for the first of the paths, some of which may be absent, that `read` would not read."""
    for path in paths:
        if clause := problem(path):
            raise ToolError(f"{path} {clause}.", HINT)


def problem(path: Path | str) -> str:
    """Why `read` would not read what is at the path, as a clause; '' for a file, a folder and nothing."""
    try:
        return _problem(os.stat(path), LARGEST)  # noqa: PTH116 - thousands of paths are no Path
    except (OSError, ValueError):
        return ""


def kind(about: os.stat_result) -> str:
    """What it is that cannot be read like a file, such as a named pipe; '' for anything else."""
    if stat.S_ISREG(about.st_mode) and about.st_size:  # as nearly all of thousands are
        return ""
    name = _KINDS.get(stat.S_IFMT(about.st_mode), "")
    if name == "device" and about.st_rdev == os.stat(os.devnull).st_rdev:  # noqa: PTH116
        return ""
    is_file = stat.S_ISREG(about.st_mode) and not about.st_size  # in /proc, none has a size, and some have no end
    return "file of /proc" if is_file and _PROC.is_dir() and about.st_dev == _PROC.stat().st_dev else name


def _problem(about: os.stat_result, largest: int) -> str:
    if name := kind(about):
        return f"is a {name}, not a regular file"
    return _too_large(about.st_size, largest) if stat.S_ISREG(about.st_mode) else ""


def _too_large(size: int, largest: int) -> str:
    return f"has {size / 1e6:,.1f} MB; files are read up to {largest / 1e6:.0f} MB" if size > largest else ""


def _content(descriptor: int, path: Path | str, largest: int) -> bytes:
    about = os.fstat(descriptor)
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    parts, size, clause = [], 0, _problem(about, largest)
    while not clause and (part := os.read(descriptor, max(about.st_size, _MORE) + 1)):
        parts.append(part)
        size += len(part)
        clause = _too_large(size, largest)
    if clause:
        raise ToolError(f"{path} {clause}.", HINT)
    return b"".join(parts)
