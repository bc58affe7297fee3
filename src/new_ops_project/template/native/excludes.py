"""The paths that a template excludes, by patterns like those of .gitignore."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from unicodedata import normalize

_LITERAL = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*|/\.[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")


def matching(patterns: tuple[str, ...], paths: Iterable[str]) -> frozenset[str]:
    """The paths that these patterns exclude."""
    return frozenset(filter(matcher(patterns), paths))


def are_literal(patterns: Iterable[str]) -> bool:
    """Whether each pattern names one path from the root, so that matching takes no time."""
    return all(_LITERAL.fullmatch(pattern) for pattern in patterns if pattern)


@lru_cache(maxsize=1024)
def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """A function that tells whether these patterns exclude a path.

    Patterns that each name one path from the root are matched here, without pathspec.
    """
    patterns = tuple(pattern for pattern in patterns if pattern)
    if are_literal(patterns):
        paths = {pattern[1:] for pattern in patterns}
        return lambda path: path in paths or any(str(parent) in paths for parent in PurePosixPath(path).parents)
    return _pathspec_matcher(patterns)


def _pathspec_matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    from pathspec import PathSpec, __version__  # noqa: PLC0415 - takes longer than a render, and our template needs none

    kind = "gitwildmatch" if __version__.startswith("0.") else "gitignore"
    return PathSpec.from_lines(kind, [normalize("NFD", pattern) for pattern in patterns]).match_file
