"""The objects of a repository, read through one git that stays open (git-cat-file(1), --batch)."""

import hashlib
import os
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.process import ProcessError, environment, notify_watchers
from new_ops_project.git import TEMPORARY

_COMMAND = ("git", *TEMPORARY, "cat-file", "--batch")
_HEAD = 3  # words: id, type, size


@dataclass(frozen=True)
class GitObject:
    """One object: its id (hex), its type (blob, tree, commit, tag) and its content."""

    id: str
    kind: str
    content: bytes


def write_loose(folder: Path, kind: str, content: bytes, *, object_format: str) -> str:
    """Write a loose object (gitrepository-layout(5)) to the objects `folder`, wholly or not at all; return its id."""
    whole = f"{kind} {len(content)}\0".encode() + content
    name = hashlib.new(object_format, whole, usedforsecurity=False).hexdigest()
    file = folder / name[:2] / name[2:]
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"tmp_obj_{os.getpid()}_{name[2:]}")
        fresh.write_bytes(zlib.compress(whole))
        fresh.replace(file)
    return name


class Reader:
    """Answers for one repository; the program starts with the first question and sees what is written later, too."""

    def __init__(self, at: Path, env: Mapping[str, str] | None = None) -> None:
        self._at, self._env = at, env
        self._child: subprocess.Popen[bytes] | None = None

    def get(self, name: str) -> GitObject | None:
        """The object of a name (gitrevisions(7)); None where there is none. Raises ProcessError when git fails."""
        if "\n" in name:
            return None
        try:
            return self._asked(name)
        except (OSError, ValueError) as error:
            raise ProcessError(_COMMAND, None, f"no answer about {name!r}: {error}") from error

    def _asked(self, name: str) -> GitObject | None:
        child = self._child = self._child or self._started()
        asked, said = child.stdin, child.stdout
        if asked is None or said is None:
            raise ValueError("it has no pipes")
        asked.write(os.fsencode(name) + b"\n")
        asked.flush()
        head = said.readline().split()
        if len(head) != _HEAD or not head[2].isdigit():  # missing, ambiguous
            if not head:
                raise ValueError("it ended")
            return None
        size = int(head[2])
        content = said.read(size + 1)
        if len(content) != size + 1:
            raise ValueError("it ended")
        return GitObject(head[0].decode(), head[1].decode(), content[:-1])

    def _started(self) -> "subprocess.Popen[bytes]":
        notify_watchers(_COMMAND)
        return subprocess.Popen(
            _COMMAND,
            cwd=self._at,
            env=environment(self._env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """The content of each object that has one, by the name that was asked for."""
        found = {name: self.get(name) for name in dict.fromkeys(names)}
        return {name: one.content for name, one in found.items() if one is not None}

    def tree(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Every file of a tree, or of a commit's, with git's mode of it and its id; submodules too.

        Raises ProcessError where there is no such tree.
        """
        top = self.get(f"{name}^{{tree}}")
        if top is None:
            raise ProcessError(_COMMAND, None, f"there is no tree {name}")
        yield from self._below(top, "")

    def _below(self, tree: GitObject, prefix: str) -> Iterator[tuple[str, str, str]]:
        for mode, path, one in _entries(tree, prefix):
            if mode != "40000":
                yield mode.zfill(6), path, one
                continue
            below = self.get(one)
            if below is None:
                raise ProcessError(_COMMAND, None, f"the tree {one} of {path} is missing")
            yield from self._below(below, f"{path}/")

    def close(self) -> None:
        """Let the program end."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        child.wait()


def _entries(tree: GitObject, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Mode, path and id of each entry of a tree object (gitformat: MODE SP NAME NUL ID)."""
    content, place, size = tree.content, 0, len(tree.id) // 2
    while place < len(content):
        end = content.index(b"\0", place)
        mode, _, name = content[place:end].partition(b" ")
        place = end + 1 + size
        yield mode.decode(), f"{prefix}{os.fsdecode(name)}", content[end + 1 : place].hex()


@contextmanager
def open_reader(at: Path, env: Mapping[str, str] | None = None) -> Iterator[Reader]:
    """A reader of the repository `at`; its program ends with the block."""
    one = Reader(at, env)
    try:
        yield one
    finally:
        one.close()
