"""The file of a report, which is written completely or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from new_ops_project.base.errors import ToolError


def write(path: Path, text: str) -> None:
    """Write the text as UTF-8; raises ToolError when that fails, and the old content stays."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8", newline="")
        fresh.replace(path)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Give another path.") from error
    finally:
        with suppress(OSError):
            fresh.unlink()
