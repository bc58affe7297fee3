"""The folder that a linter looks at: that of the project, or one made for files that are in memory only."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.worktree_files import WorkTree


@contextmanager
def folder(repo: Repo, paths: Iterable[str]) -> Iterator[Path]:
    """Where the files `paths` are, as the rules see them."""
    if isinstance(repo.files, WorkTree) and not repo.files.over:
        yield repo.folder
        return
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as made:
        for path in filter(_is_inside, paths):
            place = Path(made, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(repo.files[path])
        yield Path(made)


def _is_inside(path: str) -> bool:
    """Whether the path stays in its folder, which one from elsewhere need not do."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts
