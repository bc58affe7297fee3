"""Entry points as setup() takes them.

The format: https://packaging.python.org/en/latest/specifications/entry-points/.
"""

import configparser
from collections.abc import Mapping
from typing import Any

from new_ops_project.formats.document import ini_sections


def groups(value: Any) -> dict[str, dict[str, str]]:
    """Read entry points as {group: {name: target}}, from a table or from the text of an INI file.

    Raises ValueError for anything else; its message continues a sentence that names the keyword.
    """
    table = _ini(value) if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        raise ValueError("is not a table")  # noqa: TRY004 (a user's mistake, not the caller's)
    return {str(group): dict(map(_entry, _lines(entries))) for group, entries in table.items()}


def _ini(text: str) -> Mapping[str, list[str]]:
    try:
        sections = ini_sections("\n".join(line.strip() for line in text.split("\n")), ("=",))
    except configparser.Error as error:
        raise ValueError("is not an INI file") from error
    return {group: [f"{name}={target}" for name, target in table.items()] for group, table in sections.items()}


def _lines(value: Any) -> list[str]:
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError("is not a list of strings")
    return [line.strip() for line in lines if line.strip()]


def _entry(text: str) -> tuple[str, str]:
    name, _, target = (part.strip() for part in text.partition("="))
    if not name or not target:
        raise ValueError(f"holds {text[:60]!r}, which is not an entry point")
    return name, target
