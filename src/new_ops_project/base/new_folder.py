"""A new folder that appears under its final name in one rename, complete or not at all."""

import errno
import glob
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError

_MARK = ".new-ops-project"


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """Yield an empty folder on the file system of `path`, removed at the end; first remove those of killed runs."""
    from filelock import FileLock  # noqa: PLC0415 - the first prompt does not wait for it

    for left_over in path.parent.glob(f".{glob.escape(path.name)}.*{_MARK}"):
        _remove_left_over(left_over)
    holder: Path | None = None
    try:
        with interrupts.deferred():  # Ctrl-C before the assignment would leave a folder that nobody removes
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
    from filelock import FileLock, Timeout  # noqa: PLC0415 - as above

    with suppress(Timeout, OSError):
        if (holder / "lock").exists():
            with FileLock(holder / "lock", timeout=0):
                shutil.rmtree(holder, ignore_errors=True)
        elif _is_old(holder):
            shutil.rmtree(holder, ignore_errors=True)


def _is_old(holder: Path) -> bool:
    """Whether a folder without a lock belongs to a run that was killed, rather than to one about to take its lock."""
    return time.time() - holder.stat().st_mtime > 10  # noqa: PLR2004 - seconds; taking the lock needs microseconds


def move_into_place(fresh: Path, path: Path) -> None:
    """Rename `fresh` to `path`, which is absent or an empty folder.

    Raises ToolError if another run has put something there meanwhile: rename(2) never replaces a folder with content.
    """
    try:
        if path.is_dir():
            path.rmdir()
        fresh.rename(path)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            message = f"{path} was created by another run in the meantime."
            raise ToolError(message, "Look at its contents; this run did not change it.") from error
        raise
