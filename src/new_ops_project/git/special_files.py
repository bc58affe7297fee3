"""The special files, such as named pipes, that git opens and then waits for, without a word and without an end."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError

# What git reads in any folder of a work tree (gitignore(5), gitattributes(5), gitmodules(5), gitmailmap(5)).
_IN_FOLDERS = (".gitignore", ".gitattributes", ".gitmodules", ".mailmap")
_OF_USER = (".gitconfig", ".config/git/config", ".config/git/ignore", ".config/git/attributes")


def refusal(at: Path) -> ToolError | None:
    """The error for the first special file that a git in the folder `at` may wait for; None if there is none."""
    for path in _opened(at.absolute()):
        with suppress(OSError):
            if kind := reading.kind(path.stat()):
                return ToolError(f"{path} is a {kind}, not a regular file, and git waits for it.", reading.HINT)
    return None


def _opened(at: Path) -> Iterator[Path]:
    """What git may open: the user's settings, every file of the repository, a few names in the work tree."""
    yield from (Path.home() / name for name in _OF_USER)
    root = next((above for above in (at, *at.parents) if _git_dirs(above)), None)
    if root is None:
        return
    folders = _git_dirs(root)
    for folder in folders:
        yield from (Path(here, name) for here, _, names in os.walk(folder) for name in names)
    if root in folders:  # it is bare
        return
    for here, below, names in os.walk(root):
        yield from (Path(here, name) for name in _IN_FOLDERS if name in names)
        below[:] = [name for name in below if name != ".git"]


def _git_dirs(folder: Path) -> list[Path]:
    """The folders of the repository whose root is `folder`: two for a linked work tree; [] if it is no root."""
    if os.path.lexists(folder / "HEAD") and (folder / "objects").is_dir():
        return [folder]
    if not os.path.lexists(folder / ".git"):
        return []
    pointer = reading.read_if_there(folder / ".git") or b""  # a file in linked work trees and submodules
    git_dir = folder / (os.fsdecode(pointer.removeprefix(b"gitdir: ").rstrip(b"\r\n")) or ".git")
    common = os.fsdecode((reading.read_if_there(git_dir / "commondir") or b"").rstrip(b"\r\n"))
    return [git_dir, *([git_dir / common] if common else [])]
