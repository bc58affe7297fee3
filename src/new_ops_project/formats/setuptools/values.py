"""What keywords of setup() hold besides texts, lists and tables."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


class Contents(str):
    """The text of the file at `path`; not `whole` where more was joined to it."""

    __slots__ = ("path", "whole")

    def __new__(cls, text: str, path: str, *, whole: bool = True) -> Self:
        """The text, and where it came from."""
        made = super().__new__(cls, text)
        made.path, made.whole = path, whole
        return made

    path: str
    whole: bool


class Lines(list[str]):
    """The lines of the file at `path`, as requirements are read from."""

    def __init__(self, lines: Sequence[str], path: str) -> None:
        super().__init__(lines)
        self.path = path


@dataclass(frozen=True)
class Packages:
    """The packages that setuptools finds: `where` is the folder, patterns include and exclude names."""

    where: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    namespaces: bool = False


@dataclass(frozen=True)
class Computed:
    """A value that only running the file would tell; `text` is how it is written."""

    text: str


class UnknownError(Exception):
    """The syntax does not tell the value."""


def join_paths(parts: Sequence[Any]) -> str:
    """A path from the repository's root, '' being the root itself."""
    found = posixpath.normpath(posixpath.join("", *as_strings(parts)))
    return "" if found == "." else found


def as_strings(items: Any) -> list[str]:
    """A list of texts, of a list or of one; raises UnknownError for anything else."""
    if isinstance(items, str):
        return [items]
    if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
        return [*items]
    raise UnknownError


def percent_format(text: str, values: Any) -> str:
    """`%s` alone: a width could make a text of any length."""
    if set(re.findall(r"%.?", text)) - {"%s"}:
        raise UnknownError
    return text % (tuple(values) if isinstance(values, list) else values)
