"""Dataclasses from JSON objects, with every type checked: a file may come from a job that nobody trusts."""

import math
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
INVALID = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading raises for JSON that is not the expected object."""


def read(kind: type[T], values: Mapping[str, Any]) -> T:
    """An instance of the dataclass `kind`, whose fields may be texts, numbers, paths, enums, dataclasses, tuples.

    An integer will do for a float. Raises one of INVALID, with the key and the value, for an object that does not fit.
    """
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    return kind(**{key: _value(hints.get(key, Any), key, value) for key, value in values.items()})


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _value(kind: Any, key: str, value: Any) -> Any:
    plain = (get_args(kind) or (kind,))[0]  # the type of a tuple's members, or of what may also be None
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(plain, key, member) for member in value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    if is_dataclass(kind):
        return read(kind, value)  # type: ignore[arg-type]  # it is a class
    if kind is str and type(value) is str:
        return sys.intern(value)  # thousands of results have the same files, versions and news
    if plain is Path:
        return None if value is None else Path(value)
    fits = type(value) is kind or (get_origin(kind) is Mapping and isinstance(value, dict))
    if (type(value) in {int, float} and math.isfinite(value)) if kind is float else fits:
        return value
    raise TypeError(f"its {key} is {value!r:.60}")
