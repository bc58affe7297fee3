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
    """Paths below a folder, with `/`: those that git tracks, and those that it neither tracks nor ignores.

    `files` are regular files of the size of a text, as far as they were looked at.
    """

    tracked: frozenset[str]
    untracked: frozenset[str]
    files: frozenset[str] = frozenset()


def list_paths(folder: Path) -> ListedPaths:
    """The paths below `folder` that exist in the work tree, without submodules and ignored files.

    What a sparse checkout leaves out exists too, but cannot be read. Raises ToolError for a special file, such as a
    named pipe, in the place of a file, and for a file that is far too large to be what its name says.
    """
    reading.require_regular(path for pattern in _OPENED for path in folder.glob(pattern))
    root = os.fspath(folder)  # a Path for each of thousands of files would take longer than to look at them
    staged = git.git("ls-files", "-z", "-t", "--stage", at=folder).stdout
    entries = [_staged(line) for line in os.fsdecode(staged).split("\0") if line]
    others = git.git("ls-files", "-z", "--others", "--exclude-standard", at=folder).stdout
    untracked = frozenset(path for path in os.fsdecode(others).split("\0") if path)
    seen = {path: _look(f"{root}/{path}") for path, mode, is_hidden in entries if mode != "160000" and not is_hidden}
    hidden = [path for path, mode, is_hidden in entries if mode != "160000" and is_hidden]
    tracked = frozenset(hidden).union(path for path, is_text in seen.items() if is_text is not None)
    unseen = untracked.union(path for path, mode, _ in entries if mode == "120000")
    reading.require_regular(f"{root}/{path}" for path in sorted(unseen) if path.endswith(_OPENED_BY_DEPTRY))
    folders = {f"{root}/{path.rpartition('/')[0]}" for path in tracked | untracked}
    folders.update(map(os.fspath, folder.absolute().parents))
    reading.require_regular(f"{place}/{name}" for place in sorted(folders) for name in _OPENED_BY_RUFF)
    texts = frozenset(path for path, is_text in seen.items() if is_text)
    return ListedPaths(tracked, untracked, texts)


def _look(path: str) -> bool | None:
    """Whether what is there may be a text; None if nothing is there. Raises ToolError for a special file."""
    try:
        about = os.lstat(path)
    except OSError:
        return None
    if kind := reading.kind(about):
        raise ToolError(f"{path} is a {kind}, not a regular file.", reading.HINT)
    if about.st_size > LARGEST and path.endswith(_OPENED_BY_DEPTRY):
        reading.require_regular([path])
    return _may_be_text(about)


def _staged(line: str) -> tuple[str, str, bool]:
    """The path, the mode and whether a sparse checkout hides it, of a line such as `S 100644 ID 0<tab>PATH`."""
    marks, _, path = line.partition("\t")
    return path, marks[2:8], marks[0] == "S"


def read(folder: Path, paths: ListedPaths) -> LazyFiles:
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

    return LazyFiles(paths.tracked | paths.untracked, load, probable=paths.files, refused=refused)


def _may_be_text(about: os.stat_result) -> bool:
    return stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST


def _text(path: str) -> bytes | None:
    if not _may_be_text(os.lstat(path)):
        return None
    content = reading.read(path, follow=False)
    return None if b"\0" in content[:_SNIFFED] else content
