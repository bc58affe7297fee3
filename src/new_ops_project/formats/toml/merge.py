"""Two TOML files become one, by key: what the user's lacks is added, and all that it holds stays as it is."""

import json
import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.toml.text import (
    KeyPath,
    Section,
    TomlLine,
    TomlText,
    comments_above,
    dotted_key,
    key_path,
    read,
    value_at,
    within,
)


@dataclass(frozen=True)
class KeptValue:
    """A key, dotted, at which both files have something, and not the same: the user's value stayed."""

    key: str
    mine: Any
    theirs: Any


def merge_toml(mine: str, theirs: str, *, skip: Container[str] = ()) -> tuple[str, tuple[KeptValue, ...]]:
    """`mine` with each key and table of `theirs` that it lacks, and where both have something else.

    Arrays, inline tables and arrays of tables are one value. The keys of `skip` (dotted, quoted where TOML needs it)
    are not added, and nothing below them. Text is only ever added to `mine`, in its own line ends; comments right
    above what is added come along. What TOML forbids to add is left out, and is among the second with None for the
    user's value. Raises ValueError where one of the two does not parse.
    """
    ours, other = read(mine), read(theirs.replace("\r\n", "\n"))
    wanted = [item for item in _items(other) if not within_keys(item.path, skip)]
    taken = {ours.taken(item.path): None for item in wanted}
    kept = [one for path in taken if path and (one := _kept(path, ours, other))]
    text, refused = _joined(ours, [item for item in wanted if not ours.taken(item.path)])
    return text, (*kept, *refused)


def within_keys(path: KeyPath, keys: Container[str]) -> bool:
    """Whether `path`, or what it is below, is among the dotted keys."""
    return any(dotted_key(path[:length]) in keys for length in range(1, len(path) + 1))


@dataclass(frozen=True)
class _Item:
    """What is added or left out as a whole: a key, a table without any, or (`text`) an array of tables."""

    path: KeyPath
    section: Section
    line: TomlLine | None = None
    text: str = ""

    @property
    def value(self) -> Any:
        if self.line:
            return self.line.value
        return value_at(tomllib.loads(self.text), self.path) if self.text else {}


def _items(document: TomlText) -> Iterator[_Item]:
    for section in document.sections:
        if section.path in document.tables:
            yield from (_Item(line.path, section, line) for line in section.lines)
            if section.path and not section.lines:
                yield _Item(section.path, section)
        elif not within(section.path[:-1], document.arrays):
            parts = [one for one in document.sections if one.path[: len(section.path)] == section.path]
            if section is parts[0]:
                yield _Item(section.path, section, text="".join(_whole(one) for one in parts))


def _whole(section: Section) -> str:
    return f"\n{_titled(section)}" + "".join(line.lead + _ended(line.text) for line in section.lines)


def _kept(path: KeyPath, mine: TomlText, theirs: TomlText) -> KeptValue | None:
    """What both have at this key, if it differs and is not a table in both."""
    one, other = value_at(mine.values, path), value_at(theirs.values, path)
    is_same = _exact(one) == _exact(other) or (path in mine.tables and path in theirs.tables)
    return None if is_same else KeptValue(dotted_key(path), one, other)


def _joined(mine: TomlText, items: list[_Item]) -> tuple[str, list[KeptValue]]:
    """The user's text with as many of these added as TOML allows, and the others."""
    if _says(text := _text(mine, items), _values(mine, items)):
        return text, []
    done, refused = list[_Item](), list[KeptValue]()
    for item in items:
        if _says(_text(mine, [*done, item]), _values(mine, [*done, item])):
            done.append(item)
        else:
            refused.append(KeptValue(dotted_key(item.path), None, item.value))
    return _text(mine, done), refused


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _exact(tomllib.loads(text)) == _exact(wanted)
    except tomllib.TOMLDecodeError:
        return False


def _exact(found: Any) -> str:
    """The value as text, in which nan is itself, and 1 neither 1.0 nor true."""
    return json.dumps(found, sort_keys=True, default=repr)


def _values(mine: TomlText, items: Iterable[_Item]) -> dict[str, Any]:
    """The user's values and those of the items."""
    found = tomllib.loads(mine.text)
    for item in items:
        table = found
        for part in item.path[:-1]:
            table = table.setdefault(part, {})
        table.setdefault(item.path[-1], item.value)
    return found


# ---- where it is added ------------------------------------------------------------------------------------------


def _text(mine: TomlText, items: Iterable[_Item]) -> str:
    """The user's text with these added: each at the end of its table, new tables beside their nearest relative."""
    inserted, new = dict[int, str](), dict[KeyPath, str]()
    for item in items:
        if not item.line:
            new[item.path] = item.text or f"\n{_titled(item.section)}"
        elif home := _home(item.path, item.section, mine):
            piece = comments_above(item.line.lead) + _under(item.line, home.path)
            inserted[home.end] = inserted.get(home.end, "") + piece
        else:
            _add(new, item.line, item.section, mine)
    places = {path: _beside(path, mine) for path in new}
    for path in sorted(new, key=lambda path: not places[path][0]):
        place = places[path][1]
        inserted[place] = inserted.get(place, "") + new[path]
    return _spliced(mine.text, inserted)


def _home(path: KeyPath, section: Section, mine: TomlText) -> Section | None:
    """The section of the user's to which the key is added; None where it needs a new one."""
    above = [path[:length] for length in range(len(path))]
    nearest = [one for one in above if one in mine.homes][-1]
    is_open = any(one in mine.tables for one in above[len(nearest) + 1 :])
    return None if is_open or len(nearest) < len(section.path) else mine.homes[nearest]


def _add(new: dict[KeyPath, str], line: TomlLine, section: Section, mine: TomlText) -> None:
    """Add a line to a new table: the template's, or one below that which the user has only tables of."""
    open_here = [line.path[:length] for length in range(len(line.path)) if line.path[:length] in mine.tables]
    path = max(section.path, open_here[-1], key=len)
    title = _titled(section) if path == section.path else f"[{dotted_key(path)}]\n"
    lead = line.lead if path in new else line.lead.lstrip("\n")
    new[path] = new.get(path, f"\n{title}") + lead + _under(line, path)


def _titled(section: Section) -> str:
    return comments_above(section.lead) + _ended(section.text)


def _under(line: TomlLine, table: KeyPath) -> str:
    """The line as it is written below the header of `table`."""
    wanted, text = line.path[len(table) :], _ended(line.text)
    return (
        text
        if key_path(f"{line.key} = 0") == wanted
        else dotted_key(wanted) + text.lstrip(" \t").removeprefix(line.key)
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _beside(path: KeyPath, mine: TomlText) -> tuple[int, int]:
    """Where a new table goes: behind the last of its nearest relatives, else to the end; first, how near they are."""
    shared = [_shared(section.path, path) for section in mine.sections]
    last = max(range(len(shared)), key=lambda number: (shared[number], number))
    is_inside = shared[last] and last + 1 < len(shared)
    return shared[last], mine.sections[last].end if is_inside else len(mine.text)


def _shared(one: KeyPath, other: KeyPath) -> int:
    """How many keys both begin with."""
    return next((n for n in range(min(len(one), len(other))) if one[n] != other[n]), min(len(one), len(other)))


def _spliced(text: str, inserted: Mapping[int, str]) -> str:
    """The text with these pieces at their places, in its own line ends."""
    parts, place = list[str](), 0
    for at in sorted(inserted):
        before, piece = text[:at], inserted[at]
        if not before.strip() or re.search(r"\n[ \t\r]*\n\Z", before):
            piece = piece.lstrip("\n")
        if before and not before.endswith("\n"):
            piece = f"\n{piece}"
        if re.match(r"[ \t]*[\[#]", text[at:]):  # the next header, or the comments right above it
            piece = f"{piece}\n"
        parts += [text[place:at], piece.replace("\n", "\r\n") if "\r\n" in text else piece]
        place = at
    return "".join([*parts, text[place:]])
