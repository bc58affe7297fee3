"""The files of an engine, compared with a repository before they are written into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base import reading
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


def fate_of(file: EngineFile, folder: Path) -> str:
    """What happens to the file; raises ToolError when it cannot be read.

    It is `new`, or the `same` already, or a starter with other content, which is `theirs` and stays as it is; any other
    file with other content `differs`, and nothing is written.
    """
    path = folder / file.path
    try:
        content = reading.read(path) if path.exists() or path.is_symlink() else None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error
    if content is None:
        return "new"
    if content == file.text.encode():
        return "same"
    return "theirs" if file.is_starter else "differs"


def write(files: Iterable[EngineFile], fates: Mapping[str, str], folder: Path) -> None:
    """Write the new ones, each one completely or not at all; raises ToolError when that fails, or if one differs."""
    clashes = [path for path, fate in fates.items() if fate == "differs"]
    if clashes:
        message = f"{', '.join(clashes)} already exist{'s' * (len(clashes) == 1)}, with different content."
        raise ToolError(message, "Compare with --preview; then move it away, or copy by hand what you need.")
    for file in files:
        if fates[file.path] == "new":
            save(folder / file.path, file.text.encode(), hint="Free or unlock it.")
