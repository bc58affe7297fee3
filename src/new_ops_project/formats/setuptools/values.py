"""The values that keywords of setup() have besides plain strings, lists, tables."""

from dataclasses import dataclass

FOUND = "find:"  # the value of `packages` where setuptools looks for them, as setup.cfg spells it


@dataclass(frozen=True)
class Computed:
    """A value that only setuptools knows when it builds; `text` is what is written there."""

    text: str
