"""Paths as people type them."""

import os
from pathlib import Path


def from_here(path: Path) -> str:
    """The path relative to the current folder; absolute where there is no way from here (another drive)."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
