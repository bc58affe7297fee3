"""The files in a `.venv` in which our runs note their progress."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project.base.files import write_whole
from new_ops_project.clones.text_file import text_of

_UNFINISHED = ".new-ops-project-unfinished"  # exists from before the first step until after the last one
_STAMP = ".new-ops-project.json"  # what the last complete run has verified


def is_unfinished(path: Path) -> bool:
    """Whether a run has begun to work on the environment at `path` and not ended."""
    return (path / _UNFINISHED).is_file()


def begin(path: Path) -> None:
    """Note that a run begins to work on the environment at `path`, which need not exist yet."""
    was_there = (path / "pyvenv.cfg").is_file()
    path.mkdir(exist_ok=True)
    if not is_unfinished(path):
        (path / _UNFINISHED).write_text("it was there before\n" if was_there else "ours\n")
    if not (path / ".gitignore").exists():
        write_whole(path / ".gitignore", b"*\n")  # venv does the same from Python 3.13 on
    (path / _STAMP).unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[tuple[int, ...]]:
    """Lock the environment after `begin`; yield the file descriptors for child processes to inherit, none on Windows.

    A child may outlive a run that is killed. It keeps the lock, so that the next run waits for it.
    """
    if os.name == "nt":
        yield ()
        return
    import fcntl  # noqa: PLC0415 - Windows has no such module

    with (path / _UNFINISHED).open("a") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        yield (note.fileno(),)


def end(path: Path) -> bool:
    """Note that the run that called `begin` has done all of its work; return whether there was such a run."""
    was_unfinished = (path / _UNFINISHED).exists()
    (path / _UNFINISHED).unlink(missing_ok=True)
    return was_unfinished


def is_ours(path: Path) -> bool:
    """Whether we have made the unfinished environment; one that somebody else made must not be removed.

    A note without text is of a run that was killed while it wrote it, before anything else was there.
    """
    text = text_of(path / _UNFINISHED).strip()
    return text == "ours" or not (text or (path / "pyvenv.cfg").exists())


def empty(path: Path) -> None:
    """Remove everything in the environment at `path`; if that is a symbolic link, only the link.

    pyvenv.cfg goes first, so that half of an environment is never taken for a whole one.
    """
    if path.is_symlink():
        path.unlink()
    path.mkdir(exist_ok=True)
    (path / _UNFINISHED).write_text("ours\n")
    (path / "pyvenv.cfg").unlink(missing_ok=True)
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _UNFINISHED:
            entry.unlink()


def is_stamped(path: Path, stamp: str) -> bool:
    """Whether the last complete run has noted this."""
    return text_of(path / _STAMP) == stamp


def write_stamp(path: Path, stamp: str) -> None:
    """Note, atomically, what a complete run has verified."""
    write_whole(path / _STAMP, stamp.encode())
