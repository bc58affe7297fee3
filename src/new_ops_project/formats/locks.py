"""The lock files that tools write: their names, the commands that update them, the packages in them."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.formats import document
from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.requirements.pep508 import canonical_name


@dataclass(frozen=True)
class LockFormat:
    """A kind of lock in the root of a Python project: its file, and the command that updates it.

    `packages`: the key that lists its packages, '' if they are not read. `repeats_pyproject`: it holds what
    pyproject.toml requires too, so an edit of that file alone makes it stale.
    """

    path: str
    command: str
    packages: str = ""
    repeats_pyproject: bool = False


UV = LockFormat("uv.lock", "uv lock", "package", repeats_pyproject=True)
FORMATS = (
    UV,
    LockFormat("poetry.lock", "poetry lock", "package", repeats_pyproject=True),
    LockFormat("pdm.lock", "pdm lock", "package", repeats_pyproject=True),
    LockFormat("pylock.toml", "uv lock, and export it again", "packages"),  # PEP 751
    LockFormat("Pipfile.lock", "pipenv lock"),
)
# Locks of any language, by the file's name.
_NAMES = re.compile(
    r".*\.lock(?:b|file)?|.*-lock\.(?:json|ya?ml|toml|txt)|npm-shrinkwrap\.json|go\.sum|pylock(?:\.[^.]+)?\.toml"
)
_NAME = re.compile(r'name = "([^"]+)"')
_LOCAL = ("editable", "virtual", "directory")


@dataclass(frozen=True)
class Need:
    """What a locked package requires, by its canonical name; `version` where a lock has several of it."""

    name: str
    version: str = ""
    marker: str = ""
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockedPackage:
    """One entry of a lock. `folder`: where it is in this repository, '' for one from elsewhere.

    `extras` and `groups` have what it also needs with an extra, or (uv.lock) with a dependency group.
    """

    name: str
    version: str
    folder: str
    needs: tuple[Need, ...]
    extras: dict[str, tuple[Need, ...]]
    groups: dict[str, tuple[Need, ...]]

    @property
    def may_need(self) -> set[str]:
        """The names of all that it may need, with any extra or group."""
        listed = (self.needs, *self.extras.values(), *self.groups.values())
        return {need.name for needs in listed for need in needs}


@dataclass(frozen=True)
class Lock:
    """One lock with its packages; none where it does not parse, or its packages are not read."""

    format: LockFormat
    packages: tuple[LockedPackage, ...]
    data: Document = field(repr=False)

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.format.path

    @property
    def is_known(self) -> bool:
        """Whether its list of packages, which may be empty, could be read."""
        return isinstance(self.data.get(self.format.packages), list)

    def named(self, name: str) -> tuple[LockedPackage, ...]:
        """The entries of a package: several if markers choose between them."""
        return tuple(package for package in self.packages if package.name == name)

    def line(self, name: str) -> int:
        """The line that names a package; 0 if none does."""
        matches = ((number, _NAME.match(text)) for number, text in enumerate(self.data.text_lines, 1))
        return next((number for number, match in matches if match and canonical_name(match[1]) == name), 0)


def is_lock(name: str) -> bool:
    """Whether a file of this name is a lock of any language; requirements files are not recognized by their names."""
    return bool(_NAMES.fullmatch(name))


def present(paths: Container[str]) -> tuple[LockFormat, ...]:
    """The kinds of locks that are among these paths."""
    return tuple(each for each in FORMATS if each.path in paths)


def read(files: Files, kind: LockFormat) -> Lock:
    """Read a lock of this kind; an empty one where there is none, or where it is not in TOML."""
    data = document.toml(files if kind.packages else {}, kind.path)
    listed = data.get(kind.packages)
    packages = (_package(entry) for entry in listed if isinstance(entry, dict)) if isinstance(listed, list) else ()
    return Lock(kind, tuple(package for package in packages if package.name), data)


def _package(entry: dict[str, Any]) -> LockedPackage:
    name, version, source = (entry.get(key) for key in ("name", "version", "source"))
    folders = (source[kind] for kind in _LOCAL if kind in source) if isinstance(source, dict) else ()
    return LockedPackage(
        canonical_name(name) if isinstance(name, str) else "",
        version if isinstance(version, str) else "",
        str(next(iter(folders), "")),
        tuple(_needs(entry.get("dependencies"))),
        {**_lists(entry.get("optional-dependencies")), **_lists(entry.get("extras"))},
        _lists(entry.get("dev-dependencies")),
    )


def _lists(value: Any) -> dict[str, tuple[Need, ...]]:
    """The lists of needs by the name of their extra or group."""
    return {str(name): tuple(_needs(listed)) for name, listed in value.items()} if isinstance(value, dict) else {}


def _needs(value: Any) -> Iterator[Need]:
    """What a package needs: uv and PEP 751 have tables with a name, pdm texts (PEP 508), poetry the names as keys."""
    for item in value if isinstance(value, list | dict) else ():
        if isinstance(item, str):
            yield Need(canonical_name(re.split(r"[^\w.-]", item)[0]))
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            version, marker = (str(item.get(key, "")) for key in ("version", "marker"))
            yield Need(canonical_name(item["name"]), version, marker, tuple(map(str, item.get("extra", ()))))
