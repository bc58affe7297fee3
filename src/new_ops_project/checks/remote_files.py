"""The files of a repository that is no work tree, read one by one when a rule asks, and not too many of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self

from new_ops_project.checks.rule import UncheckedError
from new_ops_project.git.committed import LARGEST

_MOST_NAMES = 20_000
_MOST_READ = 300  # each is a request, where the files are on GitHub
_DEPTH = 30
_SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache"}
_BINARY = re.compile(
    r".*\.(?:png|jpe?g|gif|ico|webp|pdf|zip|gz|bz2|xz|tar|whl|jar|so|dll|exe|woff2?|ttf|otf|eot|mp[34]|pyc|parquet|db|"
    r"sqlite3?|bundle|pack|bin)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class RemoteFiles(Mapping[str, bytes]):
    """The text files below a root, as far as their names tell; `names` are all of them.

    What turns out to be no text, too long or unreadable is an empty one.
    """

    root: Traversable
    names: frozenset[str]
    most: int = _MOST_READ
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def walked(cls, root: Traversable) -> Self:
        """All files below `root`: a folder in no repository is on this disk, where nothing needs to be spared."""
        names = _names(root) if hasattr(root, "glob") and not isinstance(root, Path) else _walk(root, "", 0)
        found = frozenset(name for name, _ in zip(names, range(_MOST_NAMES), strict=False))
        return cls(root, found, _MOST_NAMES if isinstance(root, Path) else _MOST_READ)

    def __getitem__(self, path: str) -> bytes:
        """The bytes of the file; raises KeyError where there is none, and UncheckedError where it is one too many."""
        if path not in self:
            raise KeyError(path)
        if path not in self._read:
            if len(self._read) >= self.most:
                raise UncheckedError(
                    f"There are more than {self.most} files to read, one by one.",
                    "Clone the repository, and check it there.",
                )
            self._read[path] = _text(self.root, path)
        return self._read[path]

    def __contains__(self, path: object) -> bool:
        """Whether there is such a file, without reading it."""
        return path in self.names and not _BINARY.fullmatch(str(path))

    def __iter__(self) -> Iterator[str]:
        """Every file, by path."""
        yield from sorted(name for name in self.names if name in self)

    def __len__(self) -> int:
        """How many files there are."""
        return sum(1 for _ in self)


def _names(root: Traversable) -> Iterator[str]:
    """Every file of a repository on GitHub, whose own list has folders, too: paths that others begin with."""
    before = f"{path}/" if (path := str(getattr(root, "path", ""))) else ""
    every = {str(getattr(one, "path", one)).removeprefix(before) for one in getattr(root, "glob")("**/*")}  # noqa: B009 - a Traversable need not have it
    folders = {name.rpartition("/")[0] for name in every}
    yield from sorted(every - folders)


def _walk(folder: Traversable, prefix: str, depth: int) -> Iterator[str]:
    try:
        inside = sorted(folder.iterdir(), key=lambda one: one.name)
    except (OSError, ValueError):
        return
    for one in inside:
        is_link = isinstance(one, Path) and one.is_symlink()
        if one.is_dir() and not is_link and one.name not in _SKIPPED and depth < _DEPTH:
            yield from _walk(one, f"{prefix}{one.name}/", depth + 1)
        elif one.is_file() and not is_link:
            yield f"{prefix}{one.name}"


def _text(root: Traversable, path: str) -> bytes:
    try:
        content = root.joinpath(path).read_bytes()
    except (OSError, ValueError, KeyError):
        return b""
    return b"" if len(content) > LARGEST or b"\0" in content else content
