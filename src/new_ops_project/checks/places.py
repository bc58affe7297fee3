"""The projects that the PATHs of a command line mean."""

import os
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.template import answers_file

HINT = "Give the PATH of a repository, or of a file in one."
# What the folder of a project has.
_MARKS = (answers_file.ANSWERS_FILE, "pyproject.toml", "setup.py", ".git")
# Where commands in remedies, which work in the project's folder, name another one, and how they do.
_COMMANDS = (
    (re.compile(r"(?<=\bnew-ops-project update)\b|(?<=\bnew-ops-project adopt)\b"), " {}"),
    (re.compile(r"(?<=\bgit)(?= (?:log|rm) )"), " -C {}"),
    (re.compile(r"(?<=: )(?=(?:mv|uv|pip-compile|poetry|pdm|pipenv) )"), "cd {} && "),
)


@dataclass(frozen=True)
class Scope:
    """What a run is limited to in a project: the files and folders `paths`, none for all, without the `others`.

    The others are folders with projects of their own. `files` are those that were named, beside folders too.
    """

    paths: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def covers(self, path: str) -> bool:
        """Whether the file or folder is in the scope."""
        return (not self.paths or _is_in(path, self.paths)) and not _is_in(path, self.others)


def _is_in(path: str, places: Collection[str]) -> bool:
    return any(each in places for each in with_folders(path))


def with_folders(path: str) -> Iterator[str]:
    """The path, and the folders above it."""
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


@dataclass(frozen=True)
class Place:
    """A project to check: `given` is its folder as it was typed, or as it is seen from here."""

    given: str
    folder: Path
    scope: Scope = Scope()

    def has(self, path: str) -> bool:
        """Whether there is a file or folder, or a link."""
        return os.path.lexists(self.folder / path)

    def named(self, path: str) -> str:
        """A path in the project as a person here would write it; '' is the project itself."""
        if {*PurePosixPath(self.given).parts} == {".."}:
            return Path(paths.from_here(self.folder / path)).as_posix()
        return str(PurePosixPath(self.given, path))

    def placed(self, text: str) -> str:
        """A text with commands for the project, changed so that they work where this runs."""
        if self.given == ".":
            return text
        where = shlex.quote(f"./{self.given}" if self.given.startswith("-") else self.given)
        for place, words in _COMMANDS:
            text = words.format(where).join(place.split(text))
        return text

    def without(self, folders: Iterable[str]) -> "Place":
        """The same project without some folders."""
        return replace(self, scope=replace(self.scope, others=frozenset(folders)))

    def below(self, folder: str) -> "Place":
        """The project in a folder of this one, all of it."""
        return Place(self.named(folder), self.folder / folder)


def places(typed: Sequence[Path]) -> list[Place]:
    """The project around each path, once, limited to the paths in it; without paths, the project around this folder.

    Raises ToolError for a path that is not there and in no project, where it might be one that somebody deleted.
    """
    by_root: dict[str, Place] = {}
    for path in typed or [Path()]:
        place = _place(path)
        root = os.path.realpath(place.folder)
        known = by_root.setdefault(root, place)
        both = known.scope.paths | place.scope.paths if known.scope.paths and place.scope.paths else frozenset()
        by_root[root] = replace(known, scope=Scope(both, files=known.scope.files | place.scope.files))
    return [*by_root.values()] if typed else [replace(place, scope=Scope()) for place in by_root.values()]


def _place(typed: Path) -> Place:
    path = paths.expanded(typed)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long
    # A link to a folder is that folder; a link to a file is a file of its own.
    real = paths.real(path) if is_folder else paths.real(path.parent) / path.name
    above = (real, *real.parents) if is_folder else real.parents
    root = next((folder for folder in above if any((folder / mark).exists() for mark in _MARKS)), None)
    if root is None:
        if not os.path.lexists(path):
            raise ToolError(f"{typed} does not exist.", HINT)
        root = real if is_folder else real.parent
    inside = real.relative_to(root).as_posix()
    folder = next((each for each in (path, *path.parents) if paths.real(each) == root and each.is_dir()), None)
    folder = folder or Path(paths.from_here(root))
    scope = Scope(frozenset({inside} - {"."}), files=frozenset() if is_folder else frozenset({inside}))
    return Place((typed if folder == path else folder).as_posix(), folder, scope)
