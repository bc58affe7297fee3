"""The files of a repository without a work tree, read one by one up to a limit."""

import re
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path

from new_ops_project.checks.lazy_files import LazyFiles
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


def read(root: Traversable) -> LazyFiles:
    """The files below `root` whose names look like text files; a folder on this disk may be read as a whole.

    A file that turns out to be binary, too long or unreadable is empty. Reading one raises UncheckedError when too many
    were read already.
    """
    names = _names(root) if hasattr(root, "glob") and not isinstance(root, Path) else _walk(root, "", 0)
    most = _MOST_NAMES if isinstance(root, Path) else _MOST_READ
    left = iter(range(most))

    def load(path: str) -> bytes:
        if next(left, None) is None:
            reason = f"There are more than {most} files to read one by one."
            raise UncheckedError(reason, "Clone the repository, and check it there.")
        return _text(root, path)

    return LazyFiles(frozenset(islice(names, _MOST_NAMES)), load, lambda path: not _BINARY.fullmatch(path))


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
