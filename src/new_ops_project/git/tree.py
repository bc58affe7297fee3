"""A tree of files in memory, as git would commit it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project.base import reading

LINK, PLAIN, EXECUTABLE = "120000", "100644", "100755"


@dataclass(frozen=True)
class Entry:
    """One file: its mode in git, and its bytes (for a symbolic link, its target)."""

    mode: str
    content: bytes


# Entries by path, with `/`; a name with bytes that are not UTF-8 is as os.fsdecode gives it.
Tree = Mapping[str, Entry]


def read(folder: Path) -> dict[str, Entry]:
    """Every file and symbolic link below `folder`, except what is in a `.git` folder."""
    return {path.relative_to(folder).as_posix(): read_file(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        links = [name for name in folders if Path(here, name).is_symlink()]
        yield from (Path(here, name) for name in (*names, *links))


def read_file(path: Path) -> Entry:
    """One file or symbolic link as git would commit it."""
    if path.is_symlink():
        return Entry(LINK, os.fsencode(os.readlink(path)))  # noqa: PTH115 - Path.readlink normalizes the target
    return Entry(EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN, reading.read(path))


def write(folder: Path, tree: Tree) -> None:
    """Write a tree to `folder`, which is empty or absent; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent in {Path(folder, path).parent for path in tree}:
        parent.mkdir(parents=True, exist_ok=True)
    for path, entry in tree.items():
        file = folder / path
        if entry.mode == LINK:
            file.symlink_to(os.fsdecode(entry.content))
            continue
        file.write_bytes(entry.content)
        if entry.mode == EXECUTABLE:
            mode = file.stat().st_mode
            file.chmod(mode | (mode & 0o444) >> 2)  # executable for everybody who may read it


def with_line_endings(base: Tree, theirs: Tree, ours: Mapping[str, bytes]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """`base` and `theirs` with the line endings of `ours`, for each file whose endings the user (or git) converted.

    Otherwise every line of such a file would be in conflict.
    """
    new_base, new_theirs = dict(base), dict(theirs)
    for path in base.keys() & ours.keys():
        old_ending, ending = _ending(base[path].content), _ending(ours[path])
        if not old_ending or not ending or old_ending == ending:
            continue
        new_base[path] = _converted(base[path], ending)
        if path in theirs and _ending(theirs[path].content) == old_ending:
            new_theirs[path] = _converted(theirs[path], ending)
    return new_base, new_theirs


def _ending(content: bytes) -> bytes:
    """CRLF or LF, if every line ends with it; b'' for mixed endings and for binary files."""
    if b"\0" in content:
        return b""
    crlf, lines = content.count(b"\r\n"), content.count(b"\n")
    if not lines or crlf not in {0, lines}:
        return b""
    return b"\r\n" if crlf else b"\n"


def _converted(entry: Entry, ending: bytes) -> Entry:
    return replace(entry, content=entry.content.replace(b"\r\n", b"\n").replace(b"\n", ending))
