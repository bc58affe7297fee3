"""The files of a project's work tree."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.git.committed import LARGEST

_SNIFFED = 8000  # bytes; git looks for a NUL in as many
# Files in the root that rules and linters open by their names, be they known to git or not.
_OPENED = (
    *(".gitignore", ".gitattributes", ".copier-answers.yml", ".pre-commit-config.yaml", ".python-version"),
    *("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "mypy.ini", "ruff.toml", ".ruff.toml", "Dockerfile"),
    *("*requirements*.txt", "*requirements*.in", "requirements/*.txt", "*.lock", ".github/*.y*ml", ".github/*/*.y*ml"),
    ".git/info/exclude",
)
_OPENED_BY_DEPTRY = (".py", ".ipynb")
# What ruff opens in every folder with a Python file, and in those above.
_OPENED_BY_RUFF = (".gitignore", ".ignore", "pyproject.toml", "ruff.toml", ".ruff.toml")


@dataclass(frozen=True)
class ListedPaths:
    """Paths below a folder, with `/`: those that git tracks, and those that it neither tracks nor ignores."""

    tracked: frozenset[str]
    untracked: frozenset[str]


def list_paths(folder: Path) -> ListedPaths:
    """The paths below `folder` that exist in the work tree, without submodules and ignored files.

    What a sparse checkout leaves out exists too, but cannot be read. Raises ToolError for a special file, such as a
    named pipe, in the place of a file, and for a file that is far too large to be what its name says.
    """
    reading.require_regular(path for pattern in _OPENED for path in folder.glob(pattern))
    root = os.fspath(folder)  # a Path for each of thousands of files would take longer than to look at them
    staged = git.git("ls-files", "-z", "-t", "--stage", at=folder).stdout
    entries = [_staged(line) for line in staged.split(b"\0") if line]
    others = git.git("ls-files", "-z", "--others", "--exclude-standard", at=folder).stdout
    untracked = frozenset(os.fsdecode(path) for path in others.split(b"\0") if path)
    tracked = frozenset(
        path for path, mode, is_hidden in entries if mode != b"160000" and (is_hidden or _is_there(f"{root}/{path}"))
    )
    unseen = untracked.union(path for path, mode, _ in entries if mode == b"120000")
    reading.require_regular(f"{root}/{path}" for path in sorted(unseen) if path.endswith(_OPENED_BY_DEPTRY))
    folders = {f"{root}/{path.rpartition('/')[0]}" for path in tracked | untracked}
    folders.update(map(os.fspath, folder.absolute().parents))
    reading.require_regular(f"{place}/{name}" for place in sorted(folders) for name in _OPENED_BY_RUFF)
    return ListedPaths(tracked, untracked)


def _is_there(path: str) -> bool:
    """Whether there is a file or a link, such as git tracks; raises ToolError for a special file."""
    try:
        about = os.lstat(path)
    except OSError:
        return False
    if kind := reading.kind(about):
        raise ToolError(f"{path} is a {kind}, not a regular file.", reading.HINT)
    if about.st_size > LARGEST and path.endswith(_OPENED_BY_DEPTRY):
        reading.require_regular([path])
    return True


def _staged(line: bytes) -> tuple[str, bytes, bool]:
    """The path, the mode and whether a sparse checkout hides it, of a line such as `S 100644 ID 0<tab>PATH`."""
    marks, _, path = line.partition(b"\t")
    return os.fsdecode(path), marks[2:8], marks.startswith(b"S")


def read(folder: Path, paths: frozenset[str]) -> LazyFiles:
    """The files at `paths` below `folder`, without links, binary files, files longer than 1 MiB and unreadable ones."""
    refused: dict[str, str] = {}
    root = os.fspath(folder)

    def load(path: str) -> bytes | None:
        try:
            return _text(f"{root}/{path}")
        except (FileNotFoundError, NotADirectoryError):  # a sparse checkout leaves it out
            return None
        except (OSError, ToolError) as error:
            refused[path] = error.message if isinstance(error, ToolError) else f"{path} cannot be read: {error}."
            return None

    return LazyFiles(paths, load, refused=refused)


def _text(path: str) -> bytes | None:
    about = os.lstat(path)
    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
        return None
    content = reading.read(path, follow=False)
    return None if b"\0" in content[:_SNIFFED] else content
