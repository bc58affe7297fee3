"""Answers of each type, read as copier reads them."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from new_ops_project.template.native.unsupported import UnsupportedError

_TRUE = {"y", "yes", "t", "true", "on"}
_FALSE = {"n", "no", "f", "false", "off", "~", "null", "none"}


def to_bool(value: Any) -> bool:
    """A number by whether it is 0, a word by what YAML says of it, anything else by whether it is empty."""
    with suppress(TypeError, ValueError):
        return bool(float(value))
    if isinstance(value, str):
        word = value.strip().lower()
        if not word or word in _FALSE:
            return False
        if word in _TRUE:
            return True
    return bool(value)


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (float, int)):
        return str(value)
    raise UnsupportedError(f"has {value!r} where a text is expected")


def read_yaml(text: Any) -> Any:
    """One YAML document; raises what PyYAML raises for one that is none, TypeError for what is no text."""
    import yaml

    if not isinstance(text, str):
        raise TypeError(text)
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way


CASTS: Mapping[str, Callable[[Any], Any]] = {
    "bool": to_bool,
    "float": float,
    "int": int,
    "json": json.loads,
    "str": _to_str,
    "yaml": read_yaml,
    "path": str,
}


def cast(kind: str, value: Any) -> Any:
    """`value` as an answer of this type; raises Unsure, or what the conversion raises, for what is none."""
    if kind in {"json", "yaml"}:
        return CASTS[kind](value) if isinstance(value, str) else _native(value)
    if value is None:
        raise UnsupportedError("has no value where one is expected")
    return CASTS[kind](value)


def _native(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        raise UnsupportedError("has bytes for an answer")
    return value


def items(text: str) -> list[str]:
    """The items of a YAML list as they are written; quotes around a text go.

    Raises Unsure for what is no list.
    """
    import yaml

    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(node, yaml.nodes.SequenceNode):
        raise UnsupportedError(f"has {text!r} where a list is expected")
    return [_raw(text, item) for item in node.value]


def _raw(text: str, item: Any) -> str:
    raw = text[item.start_mark.index : item.end_mark.index].strip()
    is_text = item.id == "scalar" and item.tag == "tag:yaml.org,2002:str"
    if is_text and any(raw.startswith(quote) and raw.endswith(quote) for quote in ('"', "'")):
        return raw[1:-1]
    return raw
