"""The patterns of a .gitignore file."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def spec(lines: Iterable[str]) -> "GitIgnoreSpec":
    """What matches paths as git would. A line that is no pattern counts for nothing, as for git."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few rules match patterns, and importing it takes long

    def is_pattern(line: str) -> bool:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            return False
        return True

    return GitIgnoreSpec.from_lines([line for line in lines if is_pattern(line)])
