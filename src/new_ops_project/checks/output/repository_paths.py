"""Paths as GitHub needs them: relative to the root of the repository, wherever `check` was run."""

import os
from functools import cache
from pathlib import Path


def path(name: str) -> str:
    """The path that a finding has, from the root of the repository; as it is where there is none above it."""
    full = Path(os.path.abspath(name))  # noqa: PTH100 - a link is named, not followed
    root = _root(os.environ.get("GITHUB_WORKSPACE", ""), full.parent)
    return full.relative_to(root).as_posix() if root else name


@cache
def _root(workspace: str, folder: Path) -> Path | None:
    """The checkout that GitHub made, if the folder is in it; else the nearest repository."""
    if workspace and folder.is_relative_to(workspace):
        return Path(workspace)
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
