"""Entry points as setup() takes them: https://packaging.python.org/en/latest/specifications/entry-points/."""

import configparser
from collections.abc import Mapping
from typing import Any


def groups(value: Any) -> dict[str, dict[str, str]]:
    """{group: {name: target}}, from a table or from the text of an INI file; raises ValueError for what is none."""
    found = _ini(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise ValueError("is no table")  # noqa: TRY004 (what a person wrote, no error of the caller)
    return {str(group): dict(map(_entry, _lines(entries))) for group, entries in found.items()}


def _ini(text: str) -> Mapping[str, str]:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string("\n".join(line.strip() for line in text.split("\n")))
    except configparser.Error as error:
        raise ValueError("is no INI") from error
    return {group: "\n".join(f"{key}={target}" for key, target in parser.items(group)) for group in parser.sections()}


def _lines(value: Any) -> list[str]:
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError("is no list of texts")
    return [line.strip() for line in lines if line.strip()]


def _entry(text: str) -> tuple[str, str]:
    name, _, target = (part.strip() for part in text.partition("="))
    if not name or not target:
        raise ValueError(f"holds {text[:60]!r}, which is no entry point")
    return name, target
