"""Everything below a folder that a run could change, to compare before with after."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

# By path from the top: kind and permissions, and the digest of a file or the target of a link.
State = Mapping[str, tuple[str, str]]

# git may keep objects that nothing refers to, and the lock file of this tool stays.
_UNSEEN = ("objects",)
_TOOL = "new-ops-project"


def read(top: Path) -> State:
    """The state of everything: work trees with empty folders and permissions, and git's own files but its objects."""
    return dict(_entries(top))


def _entries(top: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for place, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in _UNSEEN]
        for name in (*folders, *names):
            path = Path(place, name)
            if (name == _TOOL and _is_of_git(path.parent)) or (name == "lock" and path.parent.name == _TOOL):
                continue
            yield path.relative_to(top).as_posix(), _entry(path)


def _is_of_git(folder: Path) -> bool:
    return (folder / "HEAD").is_file()


def _entry(path: Path) -> tuple[str, str]:
    if path.is_symlink():
        return "link", os.readlink(path)  # noqa: PTH115 - Path.readlink normalizes
    mode = path.stat().st_mode
    if path.is_dir():
        return f"folder {mode:o}", ""
    return f"file {mode:o}", hashlib.sha256(path.read_bytes()).hexdigest()


def differences(before: State, after: State) -> list[str]:
    """A line for each path that is not the same: `+` came, `-` went, `~` has other content, `%` another mode."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old != new:
            sign = "+" if old is None else "-" if new is None else "~" if old[1] != new[1] else "%"
            lines.append(f"{sign} {path}")
    return lines
