"""The folders on this machine that all runs of the tool share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from new_ops_project.base import config
from new_ops_project.base.errors import ToolError


def data_folder() -> Path:
    """The folder for what should stay: the embedded template."""
    return platformdirs.user_data_path(config.NAME, appauthor=False)


def cache_folder() -> Path:
    """The folder for checkouts, mirrors and compiled templates, which can all be created again."""
    return platformdirs.user_cache_path(config.NAME, appauthor=False)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Let only one process at a time write the file or folder `target`; raises ToolError if its folder is read-only."""
    from filelock import FileLock  # noqa: PLC0415 - slow to import, and most runs lock nothing

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock")):
            yield
    except OSError as error:
        message = f"{error.filename or target} cannot be written: {error.strerror or error}."
        raise ToolError(message, "The template is stored there; free up space or change its permissions.") from error
