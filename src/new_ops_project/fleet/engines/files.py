"""The files of an engine, compared with a repository before they are written into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import save


@dataclass(frozen=True)
class EngineFile:
    """A file to write: its path (with `/`) below the repository's folder, its text, what it is for.

    An `is_starter` file belongs to the people who maintain the repository as soon as it exists: any content is right.
    """

    path: str
    text: str
    purpose: str
    is_starter: bool = False


@dataclass(frozen=True)
class EnginePlan:
    """An engine: its files, the next steps for people, and notes on what went differently than usual."""

    files: tuple[EngineFile, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def fates(self, folder: Path) -> dict[str, "Fate"]:
        """What happens to each file, by its path; raises ToolError for one that cannot be read."""
        return {file.path: fate_of(file, folder) for file in self.files}


class Fate(StrEnum):
    """What happens to a file."""

    NEW = "new"
    SAME = "same"
    """It exists with this content."""
    KEPT = "theirs"
    """A starter file that exists with other content: it stays as it is."""
    DIFFERS = "differs"
    """It exists with other content: nothing is written."""


def fate_of(file: EngineFile, folder: Path) -> Fate:
    """What happens to the file; raises ToolError when it cannot be read."""
    path = folder / file.path
    try:
        content = path.read_bytes() if path.exists() or path.is_symlink() else None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error
    if content is None:
        return Fate.NEW
    if content == file.text.encode():
        return Fate.SAME
    return Fate.KEPT if file.is_starter else Fate.DIFFERS


def require_no_clash(files: Iterable[EngineFile], folder: Path) -> None:
    """Raise ToolError for a file that exists with other content."""
    clashes = [file.path for file in files if fate_of(file, folder) is Fate.DIFFERS]
    if clashes:
        message = f"{', '.join(clashes)} already exist{'s' * (len(clashes) == 1)}, with different content."
        raise ToolError(message, "Compare with --preview; then move it away, or copy by hand what you need.")


def write(files: Iterable[EngineFile], folder: Path) -> None:
    """Write those that do not exist, each one completely or not at all; raises ToolError when that fails."""
    for file in files:
        if fate_of(file, folder) is Fate.NEW:
            save(folder / file.path, file.text.encode(), hint="Free or unlock it.")
