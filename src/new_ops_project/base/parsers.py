"""The doors to Python's parsers of TOML and JSON: whatever a text does to one of them is a ValueError.

Text that is nested deeply enough makes them raise RecursionError.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

# tomllib keeps every beginning of a dotted key: 20,000 parts take 3 GB. The look behind keeps the search linear.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){200}""")
_SHORT = 399  # characters of a line without such a key


class NestingError(ValueError):
    """A text is nested too deeply to be read."""

    def __init__(self) -> None:
        super().__init__("it is nested too deeply")


def read_toml(text: str) -> dict[str, Any]:
    """The values in a TOML text. Raises ValueError, with line and column where it does not parse."""
    if any(len(line) > _SHORT and _LONG_KEY.search(line) for line in text.split("\n")):
        raise NestingError
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise NestingError from error


def read_json(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The value of a JSON text; `pairs` makes one of an object. Raises ValueError, with line and column."""
    try:
        return json.loads(text, object_pairs_hook=pairs)
    except RecursionError as error:
        raise NestingError from error
