"""The work tree of a repository: where it is, what in it is not committed."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.git import confinement


@dataclass(frozen=True)
class Repository:
    """A work tree with its repository. `git_dir` is that of this work tree; linked work trees share `objects`.

    `object_format`: `sha1` or `sha256`.
    """

    root: Path
    git_dir: Path
    objects: Path
    object_format: str


@dataclass(frozen=True)
class Status:
    """The state of a work tree, by paths from its root; an untracked folder is one path that ends with `/`.

    `head`: the id of the commit that is checked out. `dirty`: everything that differs from it, untracked files too.
    `ignored`: what git ignores, and names once for a whole folder too. `branch` is '' where HEAD is detached.
    """

    head: str
    dirty: frozenset[str]
    unmerged: tuple[str, ...]
    ignored: frozenset[str] = frozenset()
    branch: str = ""

    def may_differ(self, path: str) -> bool:
        """Whether a file may be another than the commit's: git lists it, or a folder above, as dirty or ignored."""
        listed = self.dirty | self.ignored
        return any(path == other or (other.endswith("/") and path.startswith(other)) for other in listed)


def find_repository(folder: Path, hint: str = "Give the PATH of a generated project.") -> tuple[Repository, str]:
    """The repository that contains `folder`, and the prefix of `folder` in it ('' for the root, else with a final `/`).

    Raises ToolError, with this hint, if `folder` is not in a repository with a work tree.
    """
    places = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-path", "objects")
    try:
        output = git.git("rev-parse", *places, "--show-object-format", at=folder).stdout
    except ProcessError as error:
        raise ToolError(f"{folder} is not in a git repository with a work tree: {error.reason}", hint) from error
    root, prefix, git_dir, objects, object_format = map(os.fsdecode, output.split(b"\n")[:5])
    if not folder.resolve().is_relative_to(Path(root).resolve()):
        message = f"{folder} is in a repository that has its work tree elsewhere (core.worktree): {root}."
        raise ToolError(message, "If that is meant, give the PATH of a project there.")
    return Repository(Path(root), Path(git_dir), folder / objects, object_format), prefix


def locate(path: Path) -> tuple[Repository, str]:
    """The repository that `path`, which need not exist, is in, and the path from its root, '' for the root itself.

    Raises ToolError if it is in none, and if the current folder is gone.
    """
    try:
        path = paths.expanded(path).absolute()
    except FileNotFoundError as error:
        raise paths.here_is_gone() from error
    folder = next(folder for folder in (path, *path.parents) if folder.is_dir())
    repository, prefix = find_repository(folder)
    below = path.relative_to(folder).as_posix()
    return repository, f"{prefix}{below}" if below != "." else prefix.rstrip("/")


_LATEST = 2**31 - 1  # seconds; no file is younger


def status(repository: Repository, *, filters: bool = False) -> Status:
    """What is modified, untracked and unmerged; the user's configuration cannot hide any of it.

    `filters`: those that the repository itself defines may run (gitattributes(5), `filter`). Without them, a file that
    they convert is unmodified if it has the size and the times that the index has for it.

    Raises ToolError for a repository without a commit.
    """
    with _index_of_status(repository, filters=filters) as env:
        output = _porcelain(repository, env, filters=filters)
    lines = [os.fsdecode(line) for line in output.split(b"\0") if line]
    head, branch = (_header(lines, name) for name in ("oid", "head"))
    if head == "(initial)":
        raise ToolError(f"{repository.root} has no commit yet.", "Commit the project as it is, then run this again.")
    # git-status(1), "Porcelain Format Version 2": `1` changed, `u` unmerged, `?` untracked, `!` ignored.
    changed = {line.split(" ", 8)[8] for line in lines if line.startswith("1 ")}
    unmerged = tuple(line.split(" ", 10)[10] for line in lines if line.startswith("u "))
    untracked = {line[2:] for line in lines if line.startswith("? ")}
    ignored = frozenset(line[2:] for line in lines if line.startswith("! "))
    dirty = frozenset(changed | untracked | set(unmerged))
    return Status(head, dirty, unmerged, ignored, "" if branch == "(detached)" else branch)


def _header(lines: Iterable[str], name: str) -> str:
    return next(line for line in lines if line.startswith(f"# branch.{name} ")).split(" ", 2)[2]


@contextmanager
def _index_of_status(repository: Repository, *, filters: bool) -> Iterator[Mapping[str, str]]:
    """Yield the variables that name the index to compare with: where no filter may run, a copy that seems younger.

    Git believes size and times only of files that are older than the index. It compares the content of the others,
    which are all files of a new clone, and without its filter each of these would differ.
    """
    index = repository.git_dir / "index"
    if filters or not confinement.defines_filters(repository.root) or not index.is_file():
        yield {}
        return
    with temporary_folder() as folder:
        shutil.copyfile(index, folder / "index")
        os.utime(folder / "index", (_LATEST, _LATEST))
        yield {"GIT_INDEX_FILE": str(folder / "index")}


def _porcelain(repository: Repository, env: Mapping[str, str], *, filters: bool) -> bytes:
    return git.git(
        "--no-optional-locks",
        "status",
        "--porcelain=v2",
        "-z",
        "--branch",
        "--no-renames",
        "--untracked-files=normal",
        "--ignored=matching",
        "--ignore-submodules=all",
        at=repository.root,
        env=env,
        filters=filters,
    ).stdout
