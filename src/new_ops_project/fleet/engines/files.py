"""Files that an engine consists of: compared with what is there, then written whole."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from new_ops_project.base.errors import ToolError


@dataclass(frozen=True)
class EngineFile:
    """A file to be: its path with `/` below the repository's folder, its text, what it is for.

    One that is a `start` is theirs once it is there: whatever it says then is right.
    """

    path: str
    text: str
    purpose: str
    start: bool = False


@dataclass(frozen=True)
class EnginePlan:
    """An engine: its files, what else people should know, and what they do next."""

    files: tuple[EngineFile, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def fates(self, folder: Path) -> dict[str, "Fate"]:
        """What becomes of each file, by its path; raises ToolError for one that cannot be read."""
        return {file.path: fate(file, folder) for file in self.files}


class Fate(StrEnum):
    """What becomes of a file."""

    NEW = "new"
    SAME = "same"
    """It says that already."""
    THEIRS = "theirs"
    """A start that is there, with other content: it is left alone."""
    DIFFERS = "differs"


def fate(file: EngineFile, folder: Path) -> Fate:
    """What becomes of the file; raises ToolError when it cannot be read."""
    path = folder / file.path
    try:
        there = path.read_bytes() if path.exists() or path.is_symlink() else None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Mend that, then run it again.") from error
    if there is None:
        return Fate.NEW
    if there == file.text.encode():
        return Fate.SAME
    return Fate.THEIRS if file.start else Fate.DIFFERS


def require_room(files: Iterable[EngineFile], folder: Path) -> None:
    """Raise ToolError for a file that is there and says something else."""
    others = [file.path for file in files if fate(file, folder) is Fate.DIFFERS]
    if others:
        message = f"{', '.join(others)} {'are' if len(others) > 1 else 'is'} there already, and different."
        raise ToolError(message, "See --preview; move it away, or take over by hand what you want of it.")


def write(files: Iterable[EngineFile], folder: Path) -> None:
    """Write those that are new, each whole; raises ToolError when that is not possible."""
    for file in files:
        if fate(file, folder) is Fate.NEW:
            _write(folder / file.path, file.text)


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(text.encode())
        fresh.replace(path)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Free or unlock it.") from error
    finally:
        _forget(fresh)


def _forget(fresh: Path) -> None:
    try:
        fresh.unlink(missing_ok=True)
    except OSError:
        return
