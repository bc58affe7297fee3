"""What a fleet.toml says: sources in groups with their owners, waves, and limits."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError, nearest, sentence
from new_ops_project.fleet.model import Limits

_KEYS = ("author", "forge", "sources", "groups", "waves", "limits")
_GROUP = ("owner", "sources")
_AUTHOR = re.compile(r"[^<>\n]*[^<>\s] <[^<>\s]+>")


@dataclass(frozen=True)
class Group:
    """Sources that belong together; `key` is where the file has them. Those of no group have neither name nor owner."""

    key: str
    sources: tuple[str, ...]
    name: str = ""
    owner: str = ""


@dataclass(frozen=True)
class FleetToml:
    """What the file says, every value of its type."""

    groups: tuple[Group, ...]
    waves: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    author: str = ""
    forge: str = ""


def read(path: Path, text: str) -> FleetToml:
    """What the text of the file `path` says; raises ToolError with the key and the value of what is wrong."""
    found = _parsed(path, text)
    _require_known(path, "", found, _KEYS)
    groups = [Group("sources", _strings(path, "sources", found))]
    for name, table in _table(path, "groups", found).items():
        where = f"groups.{name}."
        _require_known(path, where, table, _GROUP)
        key = f"{where}sources"
        groups.append(Group(key, _strings(path, key, table), name, _word(path, f"{where}owner", table)))
    limits, waves = _limits(path, _table(path, "limits", found)), _table(path, "waves", found)
    for wave, meaning in waves.items():
        _require_wave(path, wave, meaning)
    author, forge = _word(path, "author", found), _word(path, "forge", found)
    if forge not in {"", "github", "gitlab"}:
        raise ToolError(f"{path}: forge is {forge!r}.", "It is github or gitlab.")
    if author and not _AUTHOR.fullmatch(author):
        raise ToolError(f"{path}: author is {author!r}.", 'Write author = "NAME <ADDRESS>".')
    return FleetToml(tuple(groups), waves, limits, author, forge)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{path} is not TOML: {error}.", "Mend that line.") from error


def _require_known(path: Path, where: str, found: Any, known: tuple[str, ...]) -> None:
    if not isinstance(found, dict):
        raise ToolError(f"{path}: {where.rstrip('.')} is {found!r}, not a table.", f"Write [{where.rstrip('.')}].")
    for key in sorted(found.keys() - set(known)):
        hint = nearest(key, [*known]) or f"It may have {', '.join(known)}."
        raise ToolError(f"{path}: there is no key {where}{key}.", sentence(hint))


def _require_wave(path: Path, wave: str, meaning: Any) -> None:
    is_list = isinstance(meaning, list) and all(isinstance(one, str) and one.strip("/ ") for one in meaning)
    if not is_list and not (isinstance(meaning, str) and is_share(meaning)):
        message = f"{path}: waves.{wave} is {meaning!r}, neither a list of groups and repositories nor a percentage."
        raise ToolError(message, f'Write {wave} = ["...", "..."], or "10%", or "all".')


def is_share(text: str) -> bool:
    """Whether `text` is a part of a fleet: all, or a percentage above 0 and up to 100."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) *%", text)
    return text == "all" or bool(found and 0 < float(found[1]) <= 100)  # noqa: PLR2004 - percent


def _table(path: Path, key: str, found: Mapping[str, Any]) -> dict[str, Any]:
    value = found.get(key, {})
    if not isinstance(value, dict):
        raise ToolError(f"{path}: {key} is {value!r}, not a table.", f"Write [{key}].")
    return value


def _word(path: Path, key: str, found: Mapping[str, Any]) -> str:
    """The text that `key` has, which is the last part of its full name; '' where it has none."""
    value = found.get(key.rpartition(".")[2], "")
    if not isinstance(value, str):
        raise ToolError(f"{path}: {key} is {value!r}, not a text.", f'Write {key.rpartition(".")[2]} = "...".')
    return value


def _strings(path: Path, key: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    short = key.rpartition(".")[2]
    value = found.get(short, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ToolError(f"{path}: {key} is {value!r}, not a list of texts.", f'Write {short} = ["...", "..."].')
    return _without_files(path, key, value)


def _without_files(path: Path, key: str, value: list[str]) -> tuple[str, ...]:
    if other := next((one for one in value if one.endswith(".toml")), ""):
        raise ToolError(f"{path}: {key} names {other!r}, a fleet.toml of its own.", "Give both as a SOURCE.")
    return tuple(value)


def _limits(path: Path, found: Mapping[str, Any]) -> Limits:
    _require_known(path, "limits.", found, tuple(Limits.__dataclass_fields__))
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ToolError(f"{path}: limits.{key} is {value!r}, not a number from 0 on.", f"Write {key} = 10.")
    return Limits(**{key: float(value) for key, value in found.items()})
