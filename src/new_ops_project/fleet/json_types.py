"""Whether the values of a JSON object have the types that a dataclass gives them: whoever wrote it may mean harm."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_PLAIN = (str, int, float)


def require(kind: type, found: Mapping[str, Any]) -> None:
    """Raise TypeError for a text or a number that is something else; a float may be written as an integer.

    Fields of other types are their readers' business.
    """
    for one in fields(kind):
        if one.type in _PLAIN and one.name in found and not _fits(one.type, found[one.name]):
            raise TypeError(f"its {one.name} is {found[one.name]!r:.60}")


def _fits(kind: Any, value: Any) -> bool:
    if kind is float:
        return type(value) in {int, float} and math.isfinite(value)
    return type(value) is kind
