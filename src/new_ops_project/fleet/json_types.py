"""A type check for JSON objects that become dataclasses."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_PLAIN = (str, int, float)


def require(kind: type, values: Mapping[str, Any]) -> None:
    """Raise TypeError if a text or number field of the dataclass `kind` has a value of another type.

    An integer is accepted for a float. Fields of other types are left to the caller. The files may come from a job
    that nobody trusts, so a wrong type must not travel further.
    """
    for spec in fields(kind):
        if spec.type in _PLAIN and spec.name in values and not _fits(spec.type, values[spec.name]):
            raise TypeError(f"its {spec.name} is {values[spec.name]!r:.60}")


def _fits(kind: Any, value: Any) -> bool:
    if kind is float:
        return type(value) in {int, float} and math.isfinite(value)
    return type(value) is kind
