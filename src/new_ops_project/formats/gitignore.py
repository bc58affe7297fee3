"""The patterns of a .gitignore file."""

import re
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def spec(lines: Iterable[str]) -> "GitIgnoreSpec":
    """What matches paths as git would. A line that is no pattern counts for nothing, as for git.

    pathspec makes a regular expression of each, so it also refuses or warns about some that git takes, such as `[z-a]`.
    """
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few rules match patterns, and importing it takes long

    def is_pattern(line: str) -> bool:
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            return False
        return True

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return GitIgnoreSpec.from_lines([line for line in lines if is_pattern(line)])
