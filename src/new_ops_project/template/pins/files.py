"""All-or-nothing writing of the several files that new pins change."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError


def replace_all(texts: Mapping[Path, str]) -> None:
    """Write each text beside its file, then rename them all; a file may be new.

    Raises ToolError when one cannot be written; then every file is as it was before.
    """
    targets = {path: path.resolve() for path in texts}  # a rename would replace a symbolic link by a file
    fresh = {target: _beside(target, "new") for target in targets.values()}
    try:
        for path, text in texts.items():
            _write(fresh[targets[path]], text, mode_of=targets[path])
        with interrupts.deferred():
            _rename(fresh)
    except OSError as error:
        hint = "Nothing was written. Make its folder and the file writable, then run this again."
        raise ToolError(f"{error.filename} cannot be written ({error.strerror}).", hint) from error
    finally:
        for path in fresh.values():
            with suppress(OSError):
                path.unlink()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{suffix}")


def _write(path: Path, text: str, *, mode_of: Path) -> None:
    path.write_bytes(text.encode())
    if mode_of.exists():
        shutil.copymode(mode_of, path)


def _rename(fresh: Mapping[Path, Path]) -> None:
    """Rename each file; when one fails, restore the others."""
    backups: dict[Path, Path | None] = {}
    try:
        for path, new in fresh.items():
            backups[path] = _back_up(path)
            new.replace(path)
    except OSError:
        for path, backup in backups.items():
            _restore(path, backup)
        raise
    for backup in backups.values():
        if backup:
            backup.unlink(missing_ok=True)


def _back_up(path: Path) -> Path | None:
    """A copy of the file, if it exists."""
    if not path.exists():
        return None
    backup = _beside(path, "old")
    shutil.copy2(path, backup)
    return backup


def _restore(path: Path, backup: Path | None) -> None:
    if backup:
        backup.replace(path)
    elif path.is_file():
        path.unlink()
