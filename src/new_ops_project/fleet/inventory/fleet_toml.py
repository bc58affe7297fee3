"""The format of fleet.toml."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.parsers import read_toml
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.fleet.model import Limits

_AUTHOR = re.compile(r"[^<>\n]*[^<>\s] <[^<>\s]+>")
_EXAMPLES = {"a table": "[{key}]", "a string": '{short} = "..."', "a list of strings": '{short} = ["...", "..."]'}


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
    try:
        document = read_toml(text.replace("\r\n", "\n"))
    except ValueError as error:
        raise ToolError(f"{path} is not TOML: {error}.", "Fix that line.") from error
    try:
        return _checked(document)
    except ToolError as error:
        raise ToolError(f"{path}: {error.message}", error.hint) from error


def _checked(document: dict[str, Any]) -> FleetToml:
    _require_known("", document, ("author", "forge", "sources", "groups", "waves", "limits"))
    groups = [Group("sources", _sources("sources", document.get("sources", [])))]
    for name, table in _table("groups", document).items():
        _require_known(f"groups.{name}.", table, ("owner", "sources"))
        key, owner = f"groups.{name}.sources", _typed(f"groups.{name}.owner", table.get("owner", ""), "a string")
        groups.append(Group(key, _sources(key, table.get("sources", [])), name, owner))
    for wave, meaning in _table("waves", document).items():
        _require_wave(wave, meaning)
    author, forge = (_typed(key, document.get(key, ""), "a string") for key in ("author", "forge"))
    if forge not in {"", "github", "gitlab"}:
        raise ToolError(f"forge is {forge!r}.", "It is github or gitlab.")
    if author and not _AUTHOR.fullmatch(author):
        raise ToolError(f"author is {author!r}.", 'Write author = "NAME <ADDRESS>".')
    return FleetToml(tuple(groups), _table("waves", document), _limits(_table("limits", document)), author, forge)


def _typed(key: str, value: Any, wanted: str) -> Any:
    """The value of a key; raises ToolError unless it is what is `wanted`, one of _EXAMPLES."""
    strings = isinstance(value, list) and all(isinstance(member, str) and member for member in value)
    if not {"a table": isinstance(value, dict), "a string": isinstance(value, str)}.get(wanted, strings):
        example = _EXAMPLES[wanted].format(key=key, short=key.rpartition(".")[2])
        raise ToolError(f"{key} is {value!r}, not {wanted}.", f"Write {example}.")
    return value


def _table(key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = _typed(key, document.get(key, {}), "a table")
    return table


def _require_known(prefix: str, table: Any, known: tuple[str, ...]) -> None:
    """Raise ToolError for a key of the table that is not `known`; `prefix` is the table's own key with a dot."""
    for key in sorted(_typed(prefix.rstrip("."), table, "a table").keys() - set(known)):
        hint = nearest(key, [*known]) or f"It may have {', '.join(known)}."
        raise ToolError(f"there is no key {prefix}{key}.", capitalize(hint))


def _require_wave(wave: str, meaning: Any) -> None:
    is_list = isinstance(meaning, list) and all(isinstance(member, str) and member.strip("/ ") for member in meaning)
    if not is_list and not (isinstance(meaning, str) and is_share(meaning)):
        message = f"waves.{wave} is {meaning!r}, neither a list of groups and repositories nor a percentage."
        raise ToolError(message, f'Write {wave} = ["...", "..."], or "10%", or "all".')


def is_share(text: str) -> bool:
    """Whether `text` is a share of a fleet: `all`, or a percentage above 0 and up to 100."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) *%", text)
    return text == "all" or bool(match and 0 < float(match[1]) <= 100)  # noqa: PLR2004 - percent


def _sources(key: str, value: Any) -> tuple[str, ...]:
    """The sources; raises ToolError if one is another fleet.toml, whose waves and limits would be lost."""
    sources = _typed(key, value, "a list of strings")
    if other := next((source for source in sources if source.endswith(".toml")), ""):
        raise ToolError(f"{key} names {other!r}, which is another fleet.toml.", "Give both as a SOURCE.")
    return tuple(sources)


def _limits(table: Mapping[str, Any]) -> Limits:
    _require_known("limits.", table, tuple(Limits.__dataclass_fields__))
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ToolError(f"limits.{key} is {value!r}, not a number from 0 up.", f"Write {key} = 10.")
    return Limits(**{key: float(value) for key, value in table.items()})
