"""Locks in TOML, read into one shape whichever tool wrote them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.checks.repo import Repo
from new_ops_project.formats import document
from new_ops_project.formats.document import Document
from new_ops_project.formats.requirements.pep508 import canonical_name

# The table of packages in each, and the command that updates it.
FORMATS = {
    "uv.lock": ("package", "uv lock"),
    "poetry.lock": ("package", "poetry lock"),
    "pdm.lock": ("package", "pdm lock"),
    "pylock.toml": ("packages", "uv lock, and export it again"),
}
_NAME = re.compile(r'name = "([^"]+)"')
_NEEDS = ("dependencies", "optional-dependencies", "dev-dependencies", "extras")


@dataclass(frozen=True)
class LockedPackage:
    """One entry of a lock: all that it may need, extras included, by name; whether it is in this repository."""

    name: str
    version: str
    needs: frozenset[str] = frozenset()
    is_local: bool = False


@dataclass(frozen=True)
class Lock:
    """One lock in TOML."""

    path: str
    command: str
    packages: tuple[LockedPackage, ...]
    data: Document = field(repr=False)

    def named(self, name: str) -> tuple[LockedPackage, ...]:
        """The entries of a package: several if markers choose between them."""
        return tuple(package for package in self.packages if package.name == name)

    def line(self, name: str) -> int:
        """The line that names a package; 0 if none does."""
        lines = enumerate(self.data.text_lines, 1)
        matches = ((number, _NAME.match(text)) for number, text in lines)
        return next((number for number, match in matches if match and canonical_name(match[1]) == name), 0)


def locks(repo: Repo) -> Iterator[Lock]:
    """Each lock in the root that parses and is not of a workspace."""
    for path, (table, command) in FORMATS.items():
        data = document.toml(repo.files, path)
        listed = data.get(table)
        if path in repo.files and not data.problem and isinstance(listed, list) and not data.table("manifest"):
            packages = (_package(entry) for entry in listed if isinstance(entry, dict))
            yield Lock(path, command, tuple(package for package in packages if package.name), data)


def _package(entry: Mapping[str, Any]) -> LockedPackage:
    name, version, source = (entry.get(key) for key in ("name", "version", "source"))
    is_local = isinstance(source, dict) and bool({"editable", "virtual", "directory"} & source.keys())
    return LockedPackage(
        canonical_name(name) if isinstance(name, str) else "",
        version if isinstance(version, str) else "",
        frozenset(_names([entry.get(key) for key in _NEEDS])),
        is_local,
    )


def _names(value: Any, depth: int = 0) -> Iterator[str]:
    """Every package in a lock's list of needs: uv has tables with a name, pdm texts, poetry the name as a key."""
    if depth > 4:  # noqa: PLR2004 - no lock nests them deeper
        return
    if isinstance(value, str):
        yield canonical_name(_leading(value))
    elif isinstance(value, list):
        for item in value:
            yield from _names(item, depth + 1)
    elif isinstance(value, dict):
        name = value.get("name")
        for key, item in value.items() if not isinstance(name, str) else ():
            yield canonical_name(str(key))
            yield from _names(item, depth + 1)
        yield from [canonical_name(name)] if isinstance(name, str) else []


def _leading(text: str) -> str:
    end = next((i for i, letter in enumerate(text) if not (letter.isalnum() or letter in "._-")), len(text))
    return text[:end]
