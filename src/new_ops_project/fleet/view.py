"""A commit as a repository of our own: it sees the objects of another one, which is only read, and keeps what is new.

So nothing that is computed for a fleet touches a clone of anybody's, or what other runs read at the same time.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.project import Repository

_RULES = ".gitignore"


@dataclass(frozen=True)
class Objects:
    """Where the objects of a repository are, and the hash that names them."""

    folder: Path
    object_format: str


def objects(repository: Path) -> Objects:
    """Those of a repository, bare or with a work tree; raises ProcessError when it is none."""
    said = git.git(*git.TEMPORARY, "rev-parse", "--git-path", "objects", "--show-object-format", at=repository).stdout
    path, kind = map(os.fsdecode, said.split(b"\n")[:2])
    return Objects(repository / path, kind)


@contextmanager
def opened(
    there: Objects, commit: str, name: str, *, prefix: str = "", beside: Mapping[str, str] | None = None
) -> Iterator[Repository]:
    """A repository called `name` that sees these objects, with the commit's ignore rules in its work tree.

    `prefix` is the folder of the project in it, '' or with a slash at its end; `beside` are other files, by path, with
    the objects that they are. It is gone at the end.
    """
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as holder:
        root = Path(holder).resolve() / (name or "project")
        _init(root / ".git", there)
        (root / prefix).mkdir(parents=True, exist_ok=True)  # git is asked from there
        for path, content in _rules(root, commit):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        for path, blob in (beside or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(git.git("cat-file", "blob", blob, at=root).stdout)
        yield Repository(root, root / ".git", root / ".git" / "objects", there.object_format)


def _init(folder: Path, there: Objects) -> None:
    """What git needs to take the folder for a repository (gitrepository-layout(5)), without starting it."""
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    quoted = os.fsencode(there.folder.resolve()).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    (folder / "objects" / "info" / "alternates").write_bytes(b'"' + quoted + b'"\n')
    version = 0 if there.object_format == "sha1" else 1
    more = f"[extensions]\n\tobjectFormat = {there.object_format}\n" if version else ""
    (folder / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{more}")


def _rules(root: Path, commit: str) -> Iterator[tuple[str, bytes]]:
    """The ignore files of the commit."""
    listed = git.git("ls-tree", "-r", "-z", "--full-tree", commit, at=root).stdout.split(b"\0")
    found = {}
    for line in filter(None, listed):
        about, _, name = line.partition(b"\t")
        mode, _, blob = about.decode().split()
        path = os.fsdecode(name)
        if path.rpartition("/")[2] == _RULES and mode.startswith("100"):
            found[path] = blob
    if not found:
        return
    asked = "".join(f"{blob}\n" for blob in found.values()).encode()
    said, place = git.git("cat-file", "--batch", at=root, stdin=asked).stdout, 0
    for path in found:
        end = said.index(b"\n", place)
        size = int(said[place:end].split()[2])
        yield path, said[end + 1 : end + 1 + size]
        place = end + size + 2
