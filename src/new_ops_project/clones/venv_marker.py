"""What our runs note in a `.venv`: that they are at work there, and that they came to their end."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# There from before the first step to after the last: what a killed run leaves is known by it.
_UNFINISHED = ".new-ops-project-unfinished"
_STAMP = ".new-ops-project.json"


def is_unfinished(path: Path) -> bool:
    """Whether a run began something in the environment at `path`, and did not end it."""
    return (path / _UNFINISHED).is_file()


def begin(path: Path) -> None:
    """Note that something is about to be done to the environment at `path`, which need not be there yet."""
    was_there = (path / "pyvenv.cfg").is_file()
    path.mkdir(exist_ok=True)
    if not is_unfinished(path):
        (path / _UNFINISHED).write_text("it was there before\n" if was_there else "ours\n")
    if not (path / ".gitignore").exists():
        (path / ".gitignore").write_text("*\n")  # as venv does from Python 3.13 on
    (path / _STAMP).unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[int | None]:
    """Lock the environment that `begin` noted; yield the descriptor for children to inherit.

    A child outlives a run that is killed, and keeps the lock: the next run waits for it. None on Windows.
    """
    if os.name == "nt":
        yield None
        return
    import fcntl

    with (path / _UNFINISHED).open("a") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        yield note.fileno()


def end(path: Path) -> None:
    """Note that all that `begin` announced is done."""
    (path / _UNFINISHED).unlink(missing_ok=True)


def is_ours(path: Path) -> bool:
    """Whether an unfinished environment was begun by us, so that nobody else's is lost with it."""
    try:
        return (path / _UNFINISHED).read_text().strip() == "ours"
    except OSError:
        return False


def empty(path: Path) -> None:
    """Remove what is in the environment at `path`; of a link, only the link.

    What says that it is an environment goes first, so that half of one is never taken for all of it.
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


def read_stamp(path: Path) -> Mapping[str, Any]:
    """What the last run that came to its end wrote down; {} for none."""
    try:
        found = json.loads((path / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(path: Path, content: Mapping[str, Any]) -> None:
    """Write down, whole or not at all, that a run came to its end."""
    fresh = path / f"{_STAMP}.new"
    fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path / _STAMP)
