"""The files of a project's work tree."""

import os
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.git.committed import LARGEST

_SNIFFED = 8000  # bytes; git looks for a NUL in as many


@dataclass(frozen=True)
class ListedPaths:
    """Paths below a folder, with `/`: those that git tracks, and those that it neither tracks nor ignores."""

    tracked: frozenset[str]
    untracked: frozenset[str]


def list_paths(folder: Path) -> ListedPaths:
    """The paths below `folder` that exist in the work tree, without submodules and ignored files.

    What a sparse checkout leaves out exists too, but cannot be read.
    """
    staged = git.git("ls-files", "-z", "-t", "--stage", at=folder).stdout
    entries = [_staged(line) for line in staged.split(b"\0") if line]
    others = git.git("ls-files", "-z", "--others", "--exclude-standard", at=folder).stdout
    tracked = {
        path for path, mode, is_hidden in entries if mode != "160000" and (is_hidden or os.path.lexists(folder / path))
    }
    return ListedPaths(frozenset(tracked), frozenset(os.fsdecode(path) for path in others.split(b"\0") if path))


def _staged(line: bytes) -> tuple[str, str, bool]:
    """The path, the mode and whether a sparse checkout hides it, of a line such as `S 100644 ID 0<tab>PATH`."""
    marks, _, path = line.partition(b"\t")
    mark, mode, *_ = marks.split()
    return os.fsdecode(path), mode.decode(), mark == b"S"


def read(folder: Path, paths: frozenset[str]) -> LazyFiles:
    """The files at `paths` below `folder`, without links, binary files, files longer than 1 MiB and unreadable ones."""
    return LazyFiles(paths, lambda path: _text(folder / path))


def _text(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in content[:_SNIFFED] else content
