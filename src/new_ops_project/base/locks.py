"""One run at a time: the lock that a second run is refused by."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project.base.errors import ToolError

_GRACE = 1  # seconds; a program that a killed run was starting holds its lock until it has started


@contextmanager
def exclusive(path: Path, refused: ToolError) -> Iterator[None]:
    """Hold the lock file at `path` for the block; raises `refused` while another run holds it, OSError from writing."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - a run that writes nothing takes no lock

    lock = FileLock(path)
    try:
        lock.acquire(timeout=_GRACE)
    except Timeout:
        raise refused from None
    try:
        yield
    finally:
        lock.release()
