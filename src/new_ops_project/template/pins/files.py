"""Files get other content, all of them or none."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from new_ops_project.base import interrupts
from new_ops_project.base.errors import ToolError


def replace_all(texts: Mapping[Path, str]) -> None:
    """Write each text beside its file, then rename them all; a file may be new.

    Raises ToolError when one cannot be written; each file is as it was then.
    """
    places = {path: path.resolve() for path in texts}  # a symbolic link stays one
    fresh = {place: _beside(place, "new") for place in places.values()}
    try:
        for path, text in texts.items():
            _write(fresh[places[path]], text, like=places[path])
        with interrupts.deferred():
            _rename(fresh)
    except OSError as error:
        hint = "Nothing was written. Make its folder and the file writable, then run this again."
        raise ToolError(f"{error.filename} cannot be written ({error.strerror}).", hint) from error
    finally:
        for left in fresh.values():
            with suppress(OSError):
                left.unlink()


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{what}")


def _write(path: Path, text: str, *, like: Path) -> None:
    path.write_bytes(text.encode())
    if like.exists():
        shutil.copymode(like, path)


def _rename(fresh: Mapping[Path, Path]) -> None:
    """Rename each; when one fails, put back what the others were."""
    olds: dict[Path, Path | None] = {}
    try:
        for path, new in fresh.items():
            olds[path] = _kept(path)
            new.replace(path)
    except OSError:
        for path, old in olds.items():
            _put_back(path, old)
        raise
    for old in olds.values():
        if old:
            old.unlink(missing_ok=True)


def _kept(path: Path) -> Path | None:
    """A copy of the file, if there is one."""
    if not path.exists():
        return None
    old = _beside(path, "old")
    shutil.copy2(path, old)
    return old


def _put_back(path: Path, old: Path | None) -> None:
    if old:
        old.replace(path)
    elif path.is_file():
        path.unlink()
