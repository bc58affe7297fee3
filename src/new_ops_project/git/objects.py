"""The objects of a repository, read through one git process that stays open (git-cat-file(1), --batch)."""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.files import write_whole
from new_ops_project.git import TEMPORARY, ask, confined, confinement, special_files, trees

_COMMAND = (*TEMPORARY, "cat-file", "--batch")
_HEADER_WORDS = 3  # id, type, size


@dataclass(frozen=True)
class GitObject:
    """One object: its id in hexadecimal, its type (blob, tree, commit, tag), its content."""

    id: str
    kind: str
    content: bytes


def format_of(object_id: str) -> str:
    """The hash algorithm of an object's id, as git names it."""
    return "sha1" if len(object_id) == 40 else "sha256"  # noqa: PLR2004 - git's two object formats


def write_loose(folder: Path, kind: str, content: bytes, *, object_format: str) -> str:
    """Write a loose object (gitrepository-layout(5)) to the folder of objects `folder`, atomically; return its id."""
    data = f"{kind} {len(content)}\0".encode() + content
    object_id = hashlib.new(object_format, data, usedforsecurity=False).hexdigest()
    file = folder / object_id[:2] / object_id[2:]
    if not file.exists():
        write_whole(file, zlib.compress(data), beside="tmp_obj_")  # git-prune(1) removes what a killed run left
    return object_id


def init_beside(objects: Path, folder: Path, *, object_format: str, bare: bool) -> None:
    """Make `folder` a repository (gitrepository-layout(5)) that also has the objects in the folder `objects`.

    By hand, which is much faster than `git init` and leaves out the user's template.
    """
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    # Quoted as git reads it: the name of the folder may contain a newline, or begin with # as a comment does.
    quoted = os.fsencode(objects.resolve()).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    (folder / "objects" / "info" / "alternates").write_bytes(b'"' + quoted + b'"\n')
    extension = "" if object_format == "sha1" else f"[extensions]\nobjectFormat = {object_format}\n"
    core = f"[core]\nrepositoryformatversion = {int(bool(extension))}\nbare = {str(bare).lower()}\n"
    # unpackLimit: keep what fast-import writes as one pack, which is one file to copy to another repository.
    (folder / "config").write_text(f"{core}[fastimport]\nunpackLimit = 1\n{extension}")


class Reader:
    """Reads objects of one repository. Git starts with the first one, and sees objects that are written later too."""

    def __init__(self, at: Path, env: Mapping[str, str] | None, ending: ExitStack) -> None:
        self._at, self._env, self._ending = at, env, ending
        self._pipes: tuple[IO[bytes], IO[bytes]] | None = None
        self._fetches = True

    def get(self, name: str) -> GitObject | None:
        """The object that `name` (gitrevisions(7)) names, or None; raises ProcessError when git fails.

        Raises ToolError for one that a partial clone lacks and may not fetch.
        """
        if "\n" in name:
            return None
        if self._pipes is None:
            command, env = confined(self._at, self._env)
            child = process.start(*command, *_COMMAND, cwd=self._at, env=env)
            self._ending.callback(process.end, child)
            self._pipes = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
            self._fetches = not confinement.fetches_nothing(env)
        stdin, stdout = self._pipes
        try:
            stdin.write(os.fsencode(name) + b"\n")
            stdin.flush()
            answer = _answer(stdout)
        except (OSError, ValueError) as error:
            if not self._fetches:
                raise confinement.lacking(self._at) from error
            raise ProcessError(("git", *_COMMAND), None, f"no answer about {name!r}: {error}") from error
        if not (answer or self._fetches) and ask("rev-parse", "--verify", "--quiet", name, at=self._at):
            raise confinement.lacking(self._at)
        return answer

    def find(self, names: Iterable[str]) -> dict[str, GitObject]:
        """Each object that exists, by the name given."""
        return {name: item for name in dict.fromkeys(names) if (item := self.get(name))}

    def tree(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Mode, path and id of every file in a tree or in the tree of a commit; submodules are included.

        Raises ProcessError if there is no such tree, or one in it is missing, and ToolError if it has too many files.
        """
        folders, number = [self._entries(name)], 0
        while folders:
            for mode, path, object_id in folders[-1]:
                number += 1
                if number > trees.MOST:
                    raise trees.too_large(name, self._at)
                if mode == "40000":
                    folders.append(self._entries(object_id, f"{path}/"))
                    break
                yield mode.zfill(6), path, object_id
            else:
                folders.pop()

    def _entries(self, name: str, prefix: str = "") -> Iterator[tuple[str, str, str]]:
        tree = self.get(f"{name}^{{tree}}")
        if tree is None:
            raise ProcessError(("git", *_COMMAND), None, f"there is no tree {name}{prefix and f' of {prefix}'}")
        return _entries(tree, prefix)


def _answer(stdout: IO[bytes]) -> GitObject | None:
    """The next object that git writes, or None if it has none of that name; raises ValueError if git has ended."""
    header = stdout.readline().split()
    if len(header) != _HEADER_WORDS or not header[2].isdigit():  # `NAME missing` or `NAME ambiguous`
        if not header:
            raise ValueError("it ended")
        return None
    size = int(header[2])
    content = stdout.read(size + 1)
    if len(content) != size + 1:
        raise ValueError("it ended")
    return GitObject(header[0].decode(), header[1].decode(), content[:-1])


def read_blobs(at: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    """The content of each blob of the repository `at`, by its id, in one request; raises ProcessError without one."""
    ids = [*dict.fromkeys(blobs)]
    command, env = confined(at)
    stdin = "".join(f"{blob}\n" for blob in ids).encode()
    obstacle = partial(special_files.refusal, at)
    output = BytesIO(process.run(*command, *_COMMAND, cwd=at, env=env, stdin=stdin, obstacle=obstacle).stdout)
    contents = {}
    for blob in ids:
        if (answer := _answer(output)) is None:
            raise ProcessError(("git", *_COMMAND), None, f"the object {blob} is missing")
        contents[blob] = answer.content
    return contents


def _entries(tree: GitObject, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Mode, path and id of each entry of a tree object, whose format is MODE SP NAME NUL ID, the id in binary."""
    content, start, size = tree.content, 0, len(tree.id) // 2
    while start < len(content):
        end = content.index(b"\0", start)
        mode, _, name = content[start:end].partition(b" ")
        start = end + 1 + size
        yield mode.decode(), f"{prefix}{os.fsdecode(name)}", content[end + 1 : start].hex()


@contextmanager
def open_reader(at: Path, env: Mapping[str, str] | None = None) -> Iterator[Reader]:
    """A reader of the repository `at`, whose git process ends with the block."""
    with ExitStack() as ending:
        yield Reader(at, env, ending)
