"""A checkout in a scratch repository, in which a program may change whatever it likes."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git.objects import init_beside, read_blobs
from new_ops_project.git.tree import Entry
from new_ops_project.git.worktree import Repository

_SUBMODULE = "160000"


def changed_by(
    act: Callable[[Path], object],
    repository: Repository,
    tree: str,
    *,
    head: str,
    prefix: str,
    objects: Path | None = None,
) -> dict[str, Entry | None]:
    """What `act` changes below `prefix` in a checkout of `tree`, by path from there: the new file, None for one gone.

    It gets the root of the checkout, a repository of its own whose HEAD is `head`, called as the real one and removed
    at the end. `objects` has the tree, if not the repository. What git ignores belongs to no tree, unless it was in
    that one.
    """
    form = repository.object_format
    with _opened(objects or repository.objects, head, tree, repository.root.name, object_format=form) as root:
        act(root)
        changed = _changes(root, tree)
    return {path.removeprefix(prefix): entry for path, entry in changed.items() if path.startswith(prefix)}


@contextmanager
def _opened(objects: Path, commit: str, tree: str, name: str, *, object_format: str) -> Iterator[Path]:
    """Yield a folder called `name` with the files of `tree`, in a repository of its own whose HEAD is `commit`.

    It reads the objects in the folder `objects` and keeps new ones to itself. It is removed at the end.
    """
    with temporary_folder() as holder:
        folder = holder.resolve() / name
        init_beside(objects, folder / ".git", object_format=object_format, bare=False)
        (folder / ".git" / "HEAD").write_text(f"{commit}\n")
        git.git(*git.TEMPORARY, "read-tree", tree, at=folder)
        git.git(*git.TEMPORARY, "checkout-index", "--all", "--quiet", at=folder)
        yield folder


def _changes(folder: Path, tree: str) -> dict[str, Entry | None]:
    """What differs from `tree` in a checkout, by path: the new file, or None for one that is gone."""
    git.git(*git.TEMPORARY, "add", "--all", at=folder)
    command = ("diff-index", "--cached", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules", "-z", tree)
    fields = iter(os.fsdecode(git.git(*git.TEMPORARY, *command, at=folder).stdout).split("\0"))
    rows = {next(fields): row.split() for row in fields if row}
    written = {path: (row[1], row[3]) for path, row in rows.items() if row[4] != "D" and row[1] != _SUBMODULE}
    contents = read_blobs(folder, [blob for _, blob in written.values()])
    gone: dict[str, Entry | None] = {path: None for path, row in rows.items() if row[4] == "D"}
    return gone | {path: Entry(mode, contents[blob]) for path, (mode, blob) in written.items()}
