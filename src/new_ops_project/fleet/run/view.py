"""A commit as a repository of our own: it sees the objects of another one, which is only read, and keeps what is new.

So nothing that is computed for a fleet touches a clone of anybody's, or what other runs read at the same time.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.git.objects import Reader, reader
from new_ops_project.git.worktree import Repository

_RULES = ".gitignore"


@dataclass(frozen=True)
class Objects:
    """Where the objects of a repository are, and the hash that names them."""

    folder: Path
    object_format: str


def objects(repository: Path, commit: str) -> Objects:
    """Those of a repository, bare or with a work tree, that has the commit; raises ProcessError when it is none."""
    kind = "sha1" if len(commit) == 40 else "sha256"  # noqa: PLR2004 - git's two object formats
    for folder in (repository / ".git" / "objects", repository / "objects"):
        if folder.is_dir() and (folder.parent / "HEAD").is_file() and not (folder.parent / "commondir").exists():
            return Objects(folder, kind)
    path = git.git(*git.TEMPORARY, "rev-parse", "--git-path", "objects", at=repository).text  # a linked worktree
    return Objects(repository / path, kind)


@dataclass(frozen=True)
class View:
    """A repository of our own with the objects of another one, and what reads them."""

    where: Repository
    reader: Reader


@contextmanager
def opened(there: Objects, commit: str, name: str, *, prefix: str = "") -> Iterator[View]:
    """A repository called `name` that sees these objects, with the commit's ignore rules in its work tree.

    `prefix` is the folder of the project in it, '' or with a slash at its end. It is gone at the end. Raises
    ProcessError when the commit, or a tree of it, is missing.
    """
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as holder:
        root = Path(holder).resolve() / (name or "project")
        _init(root / ".git", there)
        (root / prefix).mkdir(parents=True, exist_ok=True)  # git is asked from there
        with reader(root) as reading:
            for path, content in _rules(reading, commit):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            yield View(Repository(root, root / ".git", root / ".git" / "objects", there.object_format), reading)


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


def _rules(reading: Reader, commit: str) -> Iterator[tuple[str, bytes]]:
    """The ignore files of the commit."""
    for mode, path, blob in reading.tree(commit):
        if path.rpartition("/")[2] == _RULES and mode.startswith("100") and (found := reading.get(blob)):
            yield path, found.content
