"""The folder that a linter runs in."""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from new_ops_project.base.scratch import temporary_folder
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.repo import Repo


@contextmanager
def folder(repo: Repo, paths: Iterable[str]) -> Iterator[Path]:
    """A folder with the files `paths` as the rules see them: the project's, or a copy of files that are in memory."""
    if isinstance(repo.files, LazyFiles) and not repo.files.over:
        yield repo.folder
        return
    with copies(repo, paths) as copy:
        yield copy


@contextmanager
def copies(repo: Repo, paths: Iterable[str], names: Mapping[str, str] | None = None) -> Iterator[Path]:
    """A folder with nothing but copies of the files `paths`, as the rules see them, without a byte-order mark.

    `names` has the paths of copies that are to be elsewhere.
    """
    with temporary_folder() as copy:
        for path in filter(_is_inside, paths):
            place = copy / (names or {}).get(path, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(repo.files[path].removeprefix(codecs.BOM_UTF8))
        yield copy


def _is_inside(path: str) -> bool:
    """Whether the path stays in the folder; a path from elsewhere need not."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts
