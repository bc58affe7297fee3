"""The commands of git-fast-import(1) that make commits of trees in memory, as bytes."""

import os
from collections.abc import Mapping

from new_ops_project.git.tree import Entry, Tree


def begin_commit(branch: str, mark: int, *, parent: int = 0) -> bytes:
    """Begin a commit on `branch`, known by its mark, on top of the commit with the mark `parent`."""
    head = f"commit refs/heads/{branch}\nmark :{mark}\ncommitter t <t> 0 +0000\ndata 0\n"
    return head.encode() + (f"from :{parent}\n".encode() if parent else b"")


def use_tree(tree: str) -> bytes:
    """Have everything that the tree object `tree` has."""
    return f'M 040000 {tree} ""\n'.encode()


def add_files(tree: Tree, known: Mapping[bytes, str] | None = None) -> bytes:
    """Have these files; those whose content is `known` by an id that the repository has are only named."""
    return b"".join(_named(path, entry, known or {}) for path, entry in tree.items())


def _named(path: str, entry: Entry, known: Mapping[bytes, str]) -> bytes:
    there = known.get(entry.content)
    return with_path(f"M {entry.mode} {there} ".encode(), path) if there else add_file(path, entry)


def move_files(moves: Mapping[str, str]) -> bytes:
    """Move files, by where they were."""
    return b"".join(with_path(b"R ", old)[:-1] + b" " + with_path(b"", new) for old, new in moves.items())


def add_file(path: str, entry: Entry) -> bytes:
    """Have one file."""
    head = with_path(f"M {entry.mode} inline ".encode(), path)
    return head + f"data {len(entry.content)}\n".encode() + entry.content + b"\n"


def with_path(command: bytes, path: str) -> bytes:
    """`command` with a path, of any bytes, behind it."""
    quoted = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return command + b'"' + quoted + b'"\n'
