"""The files of a project's work tree, each read when a rule first asks for it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from new_ops_project import git
from new_ops_project.git.committed import LARGEST

_SNIFFED = 8000  # bytes; git looks for a NUL in as many


@dataclass(frozen=True)
class ListedPaths:
    """Paths below a folder, with `/`: those that git tracks, and those that it neither tracks nor ignores."""

    tracked: frozenset[str]
    untracked: frozenset[str]


def list_paths(folder: Path) -> ListedPaths:
    """The paths below `folder` that exist in the work tree, without submodules and ignored files."""
    staged = git.git("ls-files", "-z", "--stage", at=folder).stdout
    modes = dict(_staged(line) for line in staged.split(b"\0") if line)
    others = git.git("ls-files", "-z", "--others", "--exclude-standard", at=folder).stdout
    tracked = {path for path, mode in modes.items() if mode != "160000" and os.path.lexists(folder / path)}
    return ListedPaths(frozenset(tracked), frozenset(os.fsdecode(path) for path in others.split(b"\0") if path))


def _staged(line: bytes) -> tuple[str, str]:
    """The path and the mode of a line such as `100644 ID 0<tab>PATH`."""
    mode_and_id, _, path = line.partition(b"\t")
    return os.fsdecode(path), mode_and_id.split()[0].decode()


@dataclass(frozen=True)
class WorkTree(Mapping[str, bytes]):
    """The text files among `paths` below `folder`, each read at most once; `over` replaces the content of some.

    Links, binary files, files longer than 1 MiB and unreadable files are left out.
    """

    folder: Path
    paths: frozenset[str]
    over: Mapping[str, bytes] = field(default_factory=dict)
    _read: dict[str, bytes | None] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, path: str) -> bytes:
        """The content of the file; raises KeyError if there is no such text file."""
        content = self._content(path)
        if content is None:
            raise KeyError(path)
        return content

    def __contains__(self, path: object) -> bool:
        """Whether there is such a text file, which may read it."""
        return isinstance(path, str) and self._content(path) is not None

    def __iter__(self) -> Iterator[str]:
        """The path of every text file, in order."""
        yield from sorted(path for path in self.paths | self.over.keys() if path in self)

    def __len__(self) -> int:
        """The number of text files, which reads them all."""
        return sum(1 for _ in self)

    def _content(self, path: str) -> bytes | None:
        if path in self.over:
            return self.over[path]
        if path not in self.paths:
            return None
        if path not in self._read:
            self._read[path] = _text(self.folder / path)
        return self._read[path]


def _text(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in content[:_SNIFFED] else content
