"""Paths in the forms that people type and programs use."""

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """`path` with a leading `~` or `~name` expanded as a shell does it; the name of an unknown user stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def absolute(path: str | Path) -> Path:
    """`path` expanded and absolute, without `..`; symbolic links stay as they are."""
    return Path(os.path.normpath(expanded(path).absolute()))


def from_here(path: Path) -> str:
    """The path relative to the current folder; absolute where there is no way from here (another drive)."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
