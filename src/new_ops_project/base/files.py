"""Files and folders that appear whole: written beside their place, then renamed."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from new_ops_project.base.errors import ToolError


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
    """`write_whole` for a file that a person named: raises ToolError, with that hint, in place of OSError."""
    with explained(path, hint):
        write_whole(path, content)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """The path of a sibling that the block fills, and that is renamed to `path` unless the block raises.

    A sibling that a killed run has left is removed first, so the caller has to hold a lock.
    """
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    yield fresh
    fresh.rename(path)
