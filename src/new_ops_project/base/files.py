"""Files and folders that appear whole: written beside their place, then renamed."""

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.base.scratch import folder_beside


def write_whole(path: Path, content: bytes, *, beside: str = ".") -> None:
    """Write the file `path`: whoever reads it finds the old content or the new one, and the old mode.

    Missing folders are created. The temporary sibling, whose name begins with `beside`, does not outlive this call.
    Raises OSError; then the file is as it was before.
    """
    fresh = path.with_name(f"{beside}{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink()


@contextmanager
def explained(path: Path, hint: str) -> Iterator[None]:
    """Raise a ToolError that names `path`, with that hint, for an OSError in the block."""
    try:
        yield
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", hint) from error


def save(path: Path, content: bytes, *, hint: str) -> None:
    """`write_whole` for a file that a person named, also through a symbolic link, or to a device or a pipe.

    Raises ToolError, with that hint, in place of OSError.
    """
    with explained(path, hint):
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            write_whole(path.resolve(), content)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder on the file system of `path`, which becomes `path` at the end unless the block raises.

    `path` is absent or an empty folder. What killed runs have left beside it is removed first. Raises ToolError if
    another run has put something there meanwhile.
    """
    with folder_beside(path) as holder:
        fresh = holder / path.name
        fresh.mkdir()
        yield fresh
        _move_into_place(fresh, path)


def _move_into_place(fresh: Path, path: Path) -> None:
    """Rename `fresh` to `path`: rename(2) never replaces a folder with content."""
    try:
        if path.is_dir():
            path.rmdir()
        fresh.rename(path)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            message = f"{path} was created by another run in the meantime."
            raise ToolError(message, "Look at its contents; this run did not change it.") from error
        raise
