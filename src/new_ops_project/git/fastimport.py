"""The commands of git-fast-import(1) that turn trees in memory into commits, as bytes."""

import os
from collections.abc import Mapping

from new_ops_project.git.tree import Entry


def begin_commit(branch: str, mark: int, *, parent: int = 0) -> bytes:
    """Begin the commit number `mark` on `branch`; `parent` is the mark of its parent, 0 for none."""
    head = f"commit refs/heads/{branch}\nmark :{mark}\ncommitter t <t> 0 +0000\ndata 0\n"
    return head.encode() + (f"from :{parent}\n".encode() if parent else b"")


def use_tree(tree: str) -> bytes:
    """Give the commit everything that is in the tree object `tree`."""
    return f'M 040000 {tree} ""\n'.encode()


def put_files(files: Mapping[str, Entry | None], blob_ids: Mapping[bytes, str] | None = None) -> bytes:
    """Add these files, remove those that are None.

    `blob_ids`: ids of contents that the repository already has; git then writes only the id.
    """
    return b"".join(_put_file(path, entry, blob_ids or {}) for path, entry in files.items())


def _put_file(path: str, entry: Entry | None, blob_ids: Mapping[bytes, str]) -> bytes:
    if entry is None:
        return with_path(b"D ", path)
    if blob := blob_ids.get(entry.content):
        return with_path(f"M {entry.mode} {blob} ".encode(), path)
    head = with_path(f"M {entry.mode} inline ".encode(), path)
    return head + f"data {len(entry.content)}\n".encode() + entry.content + b"\n"


def move_files(moves: Mapping[str, str]) -> bytes:
    """Move files: each old path with its new one."""
    return b"".join(with_path(b"R ", old)[:-1] + b" " + with_path(b"", new) for old, new in moves.items())


def with_path(command: bytes, path: str) -> bytes:
    """`command` followed by a path, quoted so that it may hold any bytes."""
    quoted = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return command + b'"' + quoted + b'"\n'
