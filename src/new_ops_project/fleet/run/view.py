"""A temporary repository that shows one commit of another repository.

It reads the objects of the other repository and keeps new ones itself, so a fleet run changes neither anybody's clone
nor a mirror that other runs read at the same time.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.git.objects import Reader, open_reader
from new_ops_project.git.worktree import Repository

_IGNORE_FILE = ".gitignore"


@dataclass(frozen=True)
class ObjectStore:
    """The folder of a repository's objects, with the hash algorithm that names them."""

    folder: Path
    object_format: str


def find_objects(repository: Path, commit: str) -> ObjectStore:
    """The object store of a repository, bare or not, that has the commit; raises ProcessError if there is none.

    Git is asked only for a linked worktree, whose objects are elsewhere.
    """
    kind = "sha1" if len(commit) == 40 else "sha256"  # noqa: PLR2004 - git's two object formats
    for folder in (repository / ".git" / "objects", repository / "objects"):
        if folder.is_dir() and (folder.parent / "HEAD").is_file() and not (folder.parent / "commondir").exists():
            return ObjectStore(folder, kind)
    path = git.git(*git.TEMPORARY, "rev-parse", "--git-path", "objects", at=repository).text
    return ObjectStore(repository / path, kind)


@dataclass(frozen=True)
class View:
    """A temporary repository with an open reader of its objects."""

    repository: Repository
    reader: Reader


@contextmanager
def open_view(store: ObjectStore, commit: str, name: str, *, prefix: str = "") -> Iterator[View]:
    """Make a repository called `name` that reads the objects of `store`; it is removed at the end.

    Its work tree holds only the commit's ignore files. `prefix` is the project's folder, '' or with a final slash.
    Raises ProcessError if the commit or one of its trees is missing.
    """
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as holder:
        root = Path(holder).resolve() / (name or "project")
        _init(root / ".git", store)
        (root / prefix).mkdir(parents=True, exist_ok=True)  # git starts in this folder
        with open_reader(root) as reader:
            for path, content in _ignore_files(reader, commit):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            yield View(Repository(root, root / ".git", root / ".git" / "objects", store.object_format), reader)


def _init(folder: Path, store: ObjectStore) -> None:
    """Write the files that make a folder a repository (gitrepository-layout(5)): much faster than `git init`."""
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    quoted = os.fsencode(store.folder.resolve()).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    (folder / "objects" / "info" / "alternates").write_bytes(b'"' + quoted + b'"\n')
    version = 0 if store.object_format == "sha1" else 1
    more = f"[extensions]\n\tobjectFormat = {store.object_format}\n" if version else ""
    (folder / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{more}")


def _ignore_files(reader: Reader, commit: str) -> Iterator[tuple[str, bytes]]:
    """The path and content of each ignore file in the commit."""
    for mode, path, blob in reader.tree(commit):
        if path.rpartition("/")[2] == _IGNORE_FILE and mode.startswith("100") and (file := reader.get(blob)):
            yield path, file.content
