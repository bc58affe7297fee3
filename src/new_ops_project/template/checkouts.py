"""The files of each template version, one folder for all runs; a damaged one is made again.

Cleaners, full disks and people damage folders in a cache. A record beside each has two digests of it: one of what the
file system says about each file, which every run compares, and one of the contents, for when that differs.
"""

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.base.files import whole_folder, write_whole
from new_ops_project.template import shared_folders

_IGNORED = ("__pycache__",)  # Python makes it where a template has Jinja extensions, and copier leaves it out


@cache
def files_of(repository: Path, commit: str) -> Path:
    """The folder with the files of `commit`, made if it is absent or damaged; compared once in this run.

    It appears by a rename, so it is complete or not there at all. Raises ProcessError when git cannot read the commit,
    ToolError when the folder cannot be written.
    """
    folder = shared_folders.cache_folder() / "versions" / commit
    if not _is_intact(folder):
        with shared_folders.locked(folder):
            if not _is_intact(folder):
                _make(repository, commit, folder)
    return folder


def _make(repository: Path, commit: str, folder: Path) -> None:
    with whole_folder(folder) as fresh:
        git.extract(repository, commit, fresh)
        require_regular(fresh)
        _record(folder).unlink(missing_ok=True)
        if os.path.lexists(folder):
            folder.rename(fresh.with_name("damaged"))  # which goes with the temporary folder
    write_whole(_record(folder), f"{attributes_digest(folder, _IGNORED)}\n{_contents_digest(folder)}\n".encode())


def require_regular(folder: Path) -> None:
    """Raise ToolError for a file of a template that cannot be read, be it through a symbolic link."""
    for path, entry in _files(folder, (".git", *_IGNORED)):
        if clause := reading.problem(Path(entry.path)):
            raise ToolError(f"The template's file {path} {clause}.", "Fix it there.")


def _record(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.digests")


def _is_intact(folder: Path) -> bool:
    """Whether the folder is as it was made: not a file is missing, edited, added, or has another mode."""
    try:
        attributes, contents = _record(folder).read_text("ascii").split()
        if attributes == (present := attributes_digest(folder, _IGNORED)):
            return True
        if contents != _contents_digest(folder):
            return False
    except (OSError, ValueError):
        return False
    with suppress(OSError):  # a copy of the folder has other times
        write_whole(_record(folder), f"{present}\n{contents}\n".encode())
    return True


def attributes_digest(folder: Path, skipped: Collection[str], *, exact: bool = True) -> str:
    """A digest of what the file system says of each file: path, mode, size, when it was changed; `skipped` are names.

    Not `exact`, it is the same for a copy, and after somebody has made a hard link to a file, but does not show an edit
    that keeps size and time. Raises OSError for a folder that cannot be read.
    """
    listing = []
    for path, entry in _files(folder, skipped):
        about = entry.stat(follow_symlinks=False)
        changed = (about.st_mtime_ns, about.st_ctime_ns) if exact else int(about.st_mtime)
        listing.append((path, about.st_mode, about.st_size, changed))
    return hashlib.sha256(repr(sorted(listing)).encode()).hexdigest()


def _contents_digest(folder: Path) -> str:
    """A digest of each file's path, kind and content."""
    digest = hashlib.sha256()
    for path, entry in sorted(_files(folder, _IGNORED), key=lambda item: item[0]):
        is_link, mode = entry.is_symlink(), entry.stat(follow_symlinks=False).st_mode
        content = os.fsencode(os.readlink(entry)) if is_link else Path(entry).read_bytes()  # noqa: PTH115 - as it is written
        digest.update(repr((path, stat.S_IFMT(mode), not is_link and mode & 0o100, content)).encode())
    return digest.hexdigest()


def _files(folder: Path, skipped: Collection[str]) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Each file and link below the folder, by its path from there."""
    folders = [(str(folder), "")]
    while folders:
        place, prefix = folders.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name in skipped:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    yield f"{prefix}{entry.name}", entry
