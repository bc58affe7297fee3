"""Which paths a template leaves out, by patterns as git has them in .gitignore."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath

_LITERAL = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*|/\.[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")


@lru_cache(maxsize=1024)
def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a path is left out by these patterns.

    Those that name one path from the root need no library, whose import takes longer than a render.
    """
    wanted = [pattern for pattern in patterns if pattern]
    if all(_LITERAL.fullmatch(pattern) for pattern in wanted):
        paths = {pattern[1:] for pattern in wanted}
        return lambda path: path in paths or any(str(parent) in paths for parent in PurePosixPath(path).parents)
    return _by_library(patterns)


def _by_library(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    from unicodedata import normalize

    from pathspec import PathSpec, __version__

    kind = "gitwildmatch" if __version__.startswith("0.") else "gitignore"
    return PathSpec.from_lines(kind, [normalize("NFD", pattern) for pattern in patterns]).match_file
