"""The format of fleet.toml."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.fleet.model import Limits

_KEYS = ("author", "forge", "sources", "groups", "waves", "limits")
_GROUP_KEYS = ("owner", "sources")
_AUTHOR = re.compile(r"[^<>\n]*[^<>\s] <[^<>\s]+>")


@dataclass(frozen=True)
class Group:
    """Sources that belong together; `key` is their key in the file. Sources outside groups have no name or owner."""

    key: str
    sources: tuple[str, ...]
    name: str = ""
    owner: str = ""


@dataclass(frozen=True)
class FleetToml:
    """The content of the file, with checked types."""

    groups: tuple[Group, ...]
    waves: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    author: str = ""
    forge: str = ""


def read(path: Path, text: str) -> FleetToml:
    """Parse the text of the file `path`; raises ToolError with the key and the value of the first error."""
    document = _parsed(path, text)
    _require_known(path, "", document, _KEYS)
    groups = [Group("sources", _strings(path, "sources", document))]
    for name, table in _table(path, "groups", document).items():
        prefix = f"groups.{name}."
        _require_known(path, prefix, table, _GROUP_KEYS)
        key = f"{prefix}sources"
        groups.append(Group(key, _strings(path, key, table), name, _string(path, f"{prefix}owner", table)))
    limits, waves = _limits(path, _table(path, "limits", document)), _table(path, "waves", document)
    for wave, meaning in waves.items():
        _require_wave(path, wave, meaning)
    author, forge = _string(path, "author", document), _string(path, "forge", document)
    if forge not in {"", "github", "gitlab"}:
        raise ToolError(f"{path}: forge is {forge!r}.", "It is github or gitlab.")
    if author and not _AUTHOR.fullmatch(author):
        raise ToolError(f"{path}: author is {author!r}.", 'Write author = "NAME <ADDRESS>".')
    return FleetToml(tuple(groups), waves, limits, author, forge)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{path} is not TOML: {error}.", "Fix that line.") from error


def _require_known(path: Path, prefix: str, table: Any, known: tuple[str, ...]) -> None:
    """Raise ToolError for a key of the table that is not `known`; `prefix` is the table's own key with a dot."""
    if not isinstance(table, dict):
        raise ToolError(f"{path}: {prefix.rstrip('.')} is {table!r}, not a table.", f"Write [{prefix.rstrip('.')}].")
    for key in sorted(table.keys() - set(known)):
        hint = nearest(key, [*known]) or f"It may have {', '.join(known)}."
        raise ToolError(f"{path}: there is no key {prefix}{key}.", capitalize(hint))


def _require_wave(path: Path, wave: str, meaning: Any) -> None:
    is_list = isinstance(meaning, list) and all(isinstance(member, str) and member.strip("/ ") for member in meaning)
    if not is_list and not (isinstance(meaning, str) and is_share(meaning)):
        message = f"{path}: waves.{wave} is {meaning!r}, neither a list of groups and repositories nor a percentage."
        raise ToolError(message, f'Write {wave} = ["...", "..."], or "10%", or "all".')


def is_share(text: str) -> bool:
    """Whether `text` is a share of a fleet: `all`, or a percentage above 0 and up to 100."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) *%", text)
    return text == "all" or bool(match and 0 < float(match[1]) <= 100)  # noqa: PLR2004 - percent


def _table(path: Path, key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise ToolError(f"{path}: {key} is {value!r}, not a table.", f"Write [{key}].")
    return value


def _string(path: Path, key: str, table: Mapping[str, Any]) -> str:
    """The string of `key`, a full name whose last part is the key in `table`; '' if it is missing."""
    value = table.get(key.rpartition(".")[2], "")
    if not isinstance(value, str):
        raise ToolError(f"{path}: {key} is {value!r}, not a string.", f'Write {key.rpartition(".")[2]} = "...".')
    return value


def _strings(path: Path, key: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    short = key.rpartition(".")[2]
    values = table.get(short, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise ToolError(f"{path}: {key} is {values!r}, not a list of strings.", f'Write {short} = ["...", "..."].')
    return _without_toml(path, key, values)


def _without_toml(path: Path, key: str, sources: list[str]) -> tuple[str, ...]:
    """The sources; raises ToolError if one is another fleet.toml, whose waves and limits would be lost."""
    if other := next((source for source in sources if source.endswith(".toml")), ""):
        raise ToolError(f"{path}: {key} names {other!r}, which is another fleet.toml.", "Give both as a SOURCE.")
    return tuple(sources)


def _limits(path: Path, table: Mapping[str, Any]) -> Limits:
    _require_known(path, "limits.", table, tuple(Limits.__dataclass_fields__))
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ToolError(f"{path}: limits.{key} is {value!r}, not a number from 0 up.", f"Write {key} = 10.")
    return Limits(**{key: float(value) for key, value in table.items()})
