"""A rendered project in memory: what would be committed of it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

LINK, PLAIN, EXECUTABLE = "120000", "100644", "100755"


@dataclass(frozen=True)
class Entry:
    """One file: git's mode of it, and its bytes (of a symbolic link, where it points to)."""

    mode: str
    content: bytes


# By path with `/`; names of any bytes survive (os.fsdecode).
Tree = Mapping[str, Entry]


def read(folder: Path) -> dict[str, Entry]:
    """Every file and link below `folder`, but for what a repository of its own would hold."""
    return {path.relative_to(folder).as_posix(): _entry(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        links = [name for name in folders if Path(here, name).is_symlink()]
        yield from (Path(here, name) for name in (*names, *links))


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Entry(LINK, os.fsencode(os.readlink(path)))  # noqa: PTH115 - the text of the link, whatever its bytes
    return Entry(EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN, path.read_bytes())


def write(folder: Path, tree: Tree) -> None:
    """Write a tree to a folder that is empty or absent; raises OSError."""
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
            file.chmod(mode | (mode & 0o444) >> 2)  # for all who can read it, as the umask has it


def with_line_endings(base: Tree, theirs: Tree, ours: Mapping[str, bytes]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """`base` and `theirs` with the line ends of the user, for each file whose line ends the user (or git) changed.

    Without that, every line of such a file would be in conflict.
    """
    new_base, new_theirs = dict(base), dict(theirs)
    for path, mine in ours.items():
        if path not in base:
            continue
        was, wanted = _ending(base[path].content), _ending(mine)
        if not was or not wanted or was == wanted:
            continue
        new_base[path] = _converted(base[path], wanted)
        if path in theirs and _ending(theirs[path].content) == was:
            new_theirs[path] = _converted(theirs[path], wanted)
    return new_base, new_theirs


def _ending(content: bytes) -> bytes:
    """CRLF or LF, if that ends every line; else, or for a binary file, b''."""
    if b"\0" in content:
        return b""
    dos, lines = content.count(b"\r\n"), content.count(b"\n")
    if not lines or dos not in {0, lines}:
        return b""
    return b"\r\n" if dos else b"\n"


def _converted(entry: Entry, ending: bytes) -> Entry:
    return replace(entry, content=entry.content.replace(b"\r\n", b"\n").replace(b"\n", ending))
