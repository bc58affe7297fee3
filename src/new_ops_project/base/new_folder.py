"""TODO: what this file owns."""

import errno
import glob
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError

_MARK = ".new-ops-project"


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """An empty folder beside `path`, gone at the end; left-over ones of killed runs go first."""
    from filelock import FileLock

    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_MARK}"):
        _remove_left_over(left)
    holder: Path | None = None
    try:
        with interrupts.deferred():  # Ctrl-C between the two would leave a folder that nobody knows of
            holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_MARK, dir=path.parent))
        with FileLock(holder / "lock"):
            fresh = holder / path.name
            fresh.mkdir()
            yield fresh
    finally:
        if holder:
            with interrupts.deferred():
                shutil.rmtree(holder, ignore_errors=True)


def _remove_left_over(holder: Path) -> None:
    from filelock import FileLock, Timeout

    with suppress(Timeout, OSError):
        if (holder / "lock").exists():
            with FileLock(holder / "lock", timeout=0):
                shutil.rmtree(holder, ignore_errors=True)
        elif _is_old(holder):
            shutil.rmtree(holder, ignore_errors=True)


def _is_old(holder: Path) -> bool:
    """Whether a folder without a lock is that of a run killed before it took one, not of one about to."""
    import time

    return time.time() - holder.stat().st_mtime > 10  # noqa: PLR2004 - seconds, against a few microseconds


def move_into_place(fresh: Path, path: Path) -> None:
    """Rename into place; whoever comes second finds a folder that is not empty."""
    try:
        if path.is_dir():
            path.rmdir()
        fresh.rename(path)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            message = f"{path} was created by another run while this one worked."
            raise ToolError(message, "Look at what is there; nothing of it was changed.") from error
        raise
