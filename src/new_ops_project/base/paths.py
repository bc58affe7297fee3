"""Paths as people type them, made into paths that programs can use."""

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """`path` with a leading `~` or `~name` expanded as a shell does it; the name of an unknown user stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def absolute(path: str | Path) -> Path:
    """`path` expanded and absolute, without `..`; symbolic links stay as they are."""
    return Path(os.path.normpath(expanded(path).absolute()))
