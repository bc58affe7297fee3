"""The files of a repository without a work tree, read one by one up to a limit."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import Self

from new_ops_project.checks.rule import UncheckedError
from new_ops_project.git.committed import LARGEST

_MOST_NAMES = 20_000
_MOST_READ = 300  # on GitHub, each file is one request
_DEPTH = 30
_SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache"}
_BINARY = re.compile(
    r".*\.(?:png|jpe?g|gif|ico|webp|pdf|zip|gz|bz2|xz|tar|whl|jar|so|dll|exe|woff2?|ttf|otf|eot|mp[34]|pyc|parquet|db|"
    r"sqlite3?|bundle|pack|bin)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class RemoteFiles(Mapping[str, bytes]):
    """The files below a root whose names look like text files; `names` has the path of every file.

    A file that turns out to be binary, too long or unreadable is empty: to find that out costs a request.
    """

    root: Traversable
    names: frozenset[str]
    most: int = _MOST_READ
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def walked(cls, root: Traversable) -> Self:
        """All files below `root`; a folder on this disk may be read as a whole."""
        names = _names(root) if hasattr(root, "glob") and not isinstance(root, Path) else _walk(root, "", 0)
        some = frozenset(islice(names, _MOST_NAMES))
        return cls(root, some, _MOST_NAMES if isinstance(root, Path) else _MOST_READ)

    def __getitem__(self, path: str) -> bytes:
        """The content of the file; raises KeyError if there is none, UncheckedError if too many were read already."""
        if path not in self:
            raise KeyError(path)
        if path not in self._read:
            if len(self._read) >= self.most:
                raise UncheckedError(
                    f"There are more than {self.most} files to read one by one.",
                    "Clone the repository, and check it there.",
                )
            self._read[path] = _text(self.root, path)
        return self._read[path]

    def __contains__(self, path: object) -> bool:
        """Whether there is such a file, without reading it."""
        return path in self.names and not _BINARY.fullmatch(str(path))

    def __iter__(self) -> Iterator[str]:
        """The path of every file, in order."""
        yield from sorted(name for name in self.names if name in self)

    def __len__(self) -> int:
        """The number of files."""
        return sum(1 for _ in self)


def _names(root: Traversable) -> Iterator[str]:
    """Every file of a repository on GitHub; its own list also has the folders, which are the parents of others."""
    prefix = f"{path}/" if (path := str(getattr(root, "path", ""))) else ""
    entries = getattr(root, "glob")("**/*")  # noqa: B009 - a Traversable need not have it
    paths = {str(getattr(entry, "path", entry)).removeprefix(prefix) for entry in entries}
    folders = {path.rpartition("/")[0] for path in paths}
    yield from sorted(paths - folders)


def _walk(folder: Traversable, prefix: str, depth: int) -> Iterator[str]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return
    for entry in entries:
        is_link = isinstance(entry, Path) and entry.is_symlink()
        if entry.is_dir() and not is_link and entry.name not in _SKIPPED and depth < _DEPTH:
            yield from _walk(entry, f"{prefix}{entry.name}/", depth + 1)
        elif entry.is_file() and not is_link:
            yield f"{prefix}{entry.name}"


def _text(root: Traversable, path: str) -> bytes:
    try:
        content = root.joinpath(path).read_bytes()
    except (OSError, ValueError, KeyError):
        return b""
    return b"" if len(content) > LARGEST or b"\0" in content else content
