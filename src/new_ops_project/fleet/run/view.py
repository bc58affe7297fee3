"""A temporary repository that shows one commit of another repository.

It reads the objects of the other repository and keeps new ones itself, so a fleet run changes neither anybody's clone
nor a mirror that other runs read at the same time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import objects
from new_ops_project.git.objects import Reader
from new_ops_project.git.worktree import Repository

_IGNORE_FILE = ".gitignore"


@contextmanager
def open_view(clone: Path, commit: str, name: str, prefix: str) -> Iterator[tuple[Repository, Reader]]:
    """Make a repository called `name` that reads the objects of `clone`, bare or not, with a reader of its objects.

    It is removed at the end. Its work tree holds only the commit's ignore files. `prefix` is the project's folder, ''
    or with a final slash. Raises ProcessError if there is no clone, or the commit or one of its trees is missing.
    """
    kind = objects.format_of(commit)
    with temporary_folder() as holder:
        root = holder.resolve() / (name or "project")
        objects.init_beside(_objects_of(clone), root / ".git", object_format=kind, bare=False)
        (root / prefix).mkdir(parents=True, exist_ok=True)  # git starts in this folder
        with objects.open_reader(root) as reader:
            for path, content in _ignore_files(reader, commit):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            yield Repository(root, root / ".git", root / ".git" / "objects", kind), reader


def _objects_of(clone: Path) -> Path:
    """The folder of its objects. Git is asked only for a linked worktree, whose objects are elsewhere."""
    for folder in (clone / ".git" / "objects", clone / "objects"):
        if folder.is_dir() and (folder.parent / "HEAD").is_file() and not (folder.parent / "commondir").exists():
            return folder
    return clone / git.git(*git.TEMPORARY, "rev-parse", "--git-path", "objects", at=clone).text


def _ignore_files(reader: Reader, commit: str) -> Iterator[tuple[str, bytes]]:
    """The path and content of each ignore file in the commit."""
    for mode, path, blob in reader.tree(commit):
        if path.rpartition("/")[2] == _IGNORE_FILE and mode.startswith("100") and (file := reader.get(blob)):
            yield path, file.content
