"""The conversion of an answer to its type, as copier does it."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

from new_ops_project.template.native.unsupported import UnsupportedError

_TRUE = {"y", "yes", "t", "true", "on"}
_FALSE = {"n", "no", "f", "false", "off", "~", "null", "none"}


def to_bool(value: Any) -> bool:
    """False for 0, for a word that is false in YAML and for an empty value; otherwise True."""
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
    """The YAML document in a text; raises yaml.YAMLError, and TypeError for anything but a text."""
    if not isinstance(text, str):
        raise TypeError(text)
    yaml = _yaml()
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _yaml() -> ModuleType:
    import yaml  # noqa: PLC0415 - the first prompt does not need it

    return yaml


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
    """`value` converted to this type; raises UnsupportedError, or what the conversion raises, if that is impossible."""
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
    """The items of a YAML list as they are written there, without the quotes around a text.

    Raises UnsupportedError for anything but a list.
    """
    yaml = _yaml()
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
