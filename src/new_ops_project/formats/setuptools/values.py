"""The values that keywords of setup() have besides plain strings, lists, tables."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


class Contents(str):
    """The text of the file at `path`; not `whole` where setup.py adds other text to it."""

    __slots__ = ("path", "whole")

    def __new__(cls, text: str, path: str, *, whole: bool = True) -> Self:
        """Attach the path to the text."""
        contents = super().__new__(cls, text)
        contents.path, contents.whole = path, whole
        return contents

    path: str
    whole: bool


class Lines(list[str]):
    """The lines of the file at `path`, such as a requirements file."""

    def __init__(self, lines: Sequence[str], path: str) -> None:
        super().__init__(lines)
        self.path = path


@dataclass(frozen=True)
class Packages:
    """A search of setuptools for packages: `where` is the folder; glob patterns include and exclude names."""

    where: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    namespaces: bool = False


@dataclass(frozen=True)
class Computed:
    """A value that only running the file would show; `text` is its source code."""

    text: str


class UnknownError(Exception):
    """The value cannot be read from the syntax."""


def join_paths(parts: Sequence[Any]) -> str:
    """Join parts into a path relative to the repository's root; '' is the root itself.

    Raises UnknownError for parts that are not text.
    """
    path = posixpath.normpath(posixpath.join("", *as_strings(parts)))
    return "" if path == "." else path


def as_strings(items: Any) -> list[str]:
    """A string or a list of strings as a list. Raises UnknownError for anything else."""
    if isinstance(items, str):
        return [items]
    if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
        return [*items]
    raise UnknownError


def percent_format(text: str, values: Any) -> str:
    """`text % values`, for `%s` only: a width such as `%999999999s` would fill the memory. Raises UnknownError."""
    if set(re.findall(r"%.?", text)) - {"%s"}:
        raise UnknownError
    return text % (tuple(values) if isinstance(values, list) else values)
