"""Paths in the forms that people type and programs use."""

import os
from pathlib import Path

from new_ops_project.base.errors import ToolError


def expanded(path: str | Path) -> Path:
    """`path` with a leading `~` or `~name` expanded as a shell does it; the name of an unknown user stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def absolute(path: str | Path) -> Path:
    """`path` expanded and absolute, without `..`; symbolic links stay as they are."""
    return Path(os.path.normpath(expanded(path).absolute()))


def real(path: str | Path) -> Path:
    """`path` absolute and without links; unlike Path.resolve, it takes links in a circle.

    Raises ToolError if the path is relative and the current folder is gone.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError as error:
        raise here_is_gone() from error


def here_is_gone() -> ToolError:
    """The error for a relative path in a current folder that somebody removed."""
    return ToolError("The current folder is gone.", "Run this in another one, with the PATH of the project.")


def from_here(path: Path) -> str:
    """The path relative to the current folder; absolute where there is no way from here (another drive)."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
