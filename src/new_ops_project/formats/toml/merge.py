"""Adds to one TOML file the keys of another that it lacks.

The user's text is never rewritten: new text is spliced into it, so its layout, comments and quotes stay byte for byte.
(tomlkit keeps them too, but appends a new key below the comment that belongs to the next header.)

TOML has many rules about which tables can be extended: not inline tables, not tables that dotted keys made from
elsewhere, not arrays of tables. This module does not repeat them. It chooses the likely place for each addition, then
parses the result: only text with exactly the user's values plus the new ones is returned.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from new_ops_project.base.parsers import read_toml
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
    written_key,
)


@dataclass(frozen=True)
class UnmergedKey:
    """A dotted key of `theirs` that was not merged: `mine` is the user's value, None where it cannot be added."""

    key: str
    mine: Any
    theirs: Any


def merge_toml(mine: str, theirs: str, *, skip: Container[KeyPath] = ()) -> tuple[str, tuple[UnmergedKey, ...]]:
    """Add to `mine` each key and table of `theirs` that it lacks. Returns the text and the keys that were not merged.

    Arrays, inline tables and arrays of tables count as one value. The keys in `skip` and everything below them are not
    added. Text is only ever added to `mine`, with its line endings; comments
    directly above an addition come along. Raises ValueError where one of the two does not parse.
    """
    ours, other = read(mine), read(theirs.replace("\r\n", "\n"))
    wanted = [item for item in _items(other) if not within(item.path, skip)]
    existing = {ours.existing_part(item.path): None for item in wanted}
    different = [unmerged for path in existing if path and (unmerged := _difference(path, ours, other))]
    text, refused = _add_items(ours, [item for item in wanted if not ours.existing_part(item.path)])
    return text, (*different, *refused)


@dataclass(frozen=True)
class _Item:
    """The smallest addition: a key with its value, a header without keys, or (`text`) a whole array of tables."""

    path: KeyPath
    section: Section
    value: Any
    line: TomlLine | None = None
    text: str = ""


def _items(document: TomlText) -> Iterator[_Item]:
    for section in document.sections:
        if section.path in document.tables:
            yield from (_Item(line.path, section, value_at(document.values, line.path), line) for line in section.lines)
            if section.path and not section.lines:
                yield _Item(section.path, section, {})
        elif not within(section.path[:-1], document.arrays):
            parts = [part for part in document.sections if part.path[: len(section.path)] == section.path]
            if section is parts[0]:
                value, text = value_at(document.values, section.path), "".join(_whole(part) for part in parts)
                yield _Item(section.path, section, value, text=text)


def _whole(section: Section) -> str:
    return f"\n{_titled(section)}" + "".join(line.lead + _ended(line.text) for line in section.lines)


def _difference(path: KeyPath, mine: TomlText, theirs: TomlText) -> UnmergedKey | None:
    """The values of both at this path; None where they are equal, or tables on both sides."""
    my_value, their_value = value_at(mine.values, path), value_at(theirs.values, path)
    is_same = _exact(my_value) == _exact(their_value) or (path in mine.tables and path in theirs.tables)
    return None if is_same else UnmergedKey(dotted_key(path), my_value, their_value)


def _add_items(mine: TomlText, items: list[_Item]) -> tuple[str, list[UnmergedKey]]:
    """Add as many items as TOML allows. Returns the text and the items left out."""
    if _parses_as(text := _text(mine, items), _values(mine, items)):
        return text, []
    # Some item does not fit. Adding them one by one takes quadratic time, but finds the largest part that does.
    done, refused = list[_Item](), list[UnmergedKey]()
    for item in items:
        if _parses_as(_text(mine, [*done, item]), _values(mine, [*done, item])):
            done.append(item)
        else:
            refused.append(UnmergedKey(dotted_key(item.path), None, item.value))
    return _text(mine, done), refused


def _parses_as(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _exact(read_toml(text)) == _exact(wanted)
    except ValueError:
        return False


def _exact(value: Any) -> str:
    """The value as text, for comparison: nan equals itself there, and 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True, default=repr)


def _values(mine: TomlText, items: Iterable[_Item]) -> dict[str, Any]:
    """The user's values with those of the items: what the result must parse as."""
    values = read_toml(mine.text)
    for item in items:
        table = values
        for part in item.path[:-1]:
            table = table.setdefault(part, {})
        table.setdefault(item.path[-1], deepcopy(item.value))
    return values


def _text(mine: TomlText, items: Iterable[_Item]) -> str:
    """Add the items to the user's text: keys at the end of their table, new tables after the most related one."""
    inserted = dict[int, str]()  # text by the offset where it goes in
    new = dict[KeyPath, str]()  # text of new tables
    for item in items:
        if not item.line:
            new[item.path] = item.text or f"\n{_titled(item.section)}"
        elif home := _home(item.path, item.section, mine):
            piece = comments_above(item.line.lead) + _relative(item.line, home.path)
            inserted[home.end] = inserted.get(home.end, "") + piece
        else:
            _add_line(new, item.line, item.section, mine)
    places = {path: _place(path, mine) for path in new}
    # Related tables first: several can go to the end of the file, and an unrelated one must not come between relatives.
    for path in sorted(new, key=lambda path: not places[path][0]):
        offset = places[path][1]
        inserted[offset] = inserted.get(offset, "") + new[path]
    return _splice(mine.text, inserted)


def _home(path: KeyPath, section: Section, mine: TomlText) -> Section | None:
    """The user's section to which the key is added; None where it needs a new one.

    A new one is needed where the template's table is missing, and where the user has the table only through headers
    below it: beside `[a.b]`, the key `a.c` needs a header `[a]`, since a dotted key cannot reopen a table of a header.
    """
    above = [path[:length] for length in range(len(path))]
    nearest = [table for table in above if table in mine.homes][-1]
    is_implicit = any(table in mine.tables for table in above[len(nearest) + 1 :])
    return None if is_implicit or len(nearest) < len(section.path) else mine.homes[nearest]


def _add_line(new: dict[KeyPath, str], line: TomlLine, section: Section, mine: TomlText) -> None:
    """Add a line to a new table: the template's, or a deeper one that the user has only through headers below it."""
    existing = [line.path[:length] for length in range(len(line.path)) if line.path[:length] in mine.tables]
    path = max(section.path, existing[-1], key=len)
    title = _titled(section) if path == section.path else f"[{dotted_key(path)}]\n"
    lead = line.lead if path in new else line.lead.lstrip("\n")
    new[path] = new.get(path, f"\n{title}") + lead + _relative(line, path)


def _titled(section: Section) -> str:
    return comments_above(section.lead) + _ended(section.text)


def _relative(line: TomlLine, table: KeyPath) -> str:
    """The line with its key relative to `table`."""
    wanted, key, text = line.path[len(table) :], written_key(line.text), _ended(line.text)
    is_written = key_path(f"{key} = 0") == wanted
    return text if is_written else dotted_key(wanted) + text.lstrip(" \t").removeprefix(key)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _place(path: KeyPath, mine: TomlText) -> tuple[int, int]:
    """How related the most related section is, and the offset after the last such section: there a new table goes."""
    lengths = range(len(path) + 1)
    shared = [max(number for number in lengths if section.path[:number] == path[:number]) for section in mine.sections]
    last = max(range(len(shared)), key=lambda number: (shared[number], number))
    is_between = shared[last] and last + 1 < len(shared)
    return shared[last], mine.sections[last].end if is_between else len(mine.text)


def _splice(text: str, inserted: Mapping[int, str]) -> str:
    """Insert the pieces at their offsets, with the line endings of the text and one blank line around tables."""
    parts, copied = list[str](), 0
    for offset in sorted(inserted):
        before, piece = text[:offset], inserted[offset]
        if not before.strip() or re.search(r"\n[ \t\r]*\n\Z", before):
            piece = piece.lstrip("\n")
        if before and not before.endswith("\n"):
            piece = f"\n{piece}"
        if re.match(r"[ \t]*[\[#]", text[offset:]):  # the next header, or comments directly above it
            piece = f"{piece}\n"
        parts += [text[copied:offset], piece.replace("\n", "\r\n") if "\r\n" in text else piece]
        copied = offset
    return "".join([*parts, text[copied:]])
