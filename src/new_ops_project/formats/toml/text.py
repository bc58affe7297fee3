"""A TOML document as text: its tables and keys, each with its place, its value and the comments above it."""

import json
import re
import tomllib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

KeyPath = tuple[str, ...]

_STRING = r"""'[^'\n]*'|"(?:\\.|[^"\\\n])*\""""
_LONG = r"""\"{3}(?:\\[\s\S]|[^\\])*?\"{3,5}|'{3}[\s\S]*?'{3,5}"""
TOKEN = re.compile(rf"{_LONG}|{_STRING}|#[^\n]*|[\[\]{{}}\n]|[^\[\]{{}}\n#'\"]+")
_PART = rf"(?:[A-Za-z0-9_-]+|{_STRING})"
_KEY = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)(?=[ \t]*=)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class TomlLine:
    """A key with its value, over as many lines as that takes; `lead` is the blank lines and comments before it."""

    lead: str
    text: str
    path: KeyPath

    @property
    def key(self) -> str:
        """The key as it is written."""
        return written_key(self.text)

    @property
    def value(self) -> Any:
        """What the key stands for."""
        return value_at(tomllib.loads(self.text), key_path(f"{self.key} = 0"))


@dataclass
class Section:
    """A table's header ('' at the root) and what is below it; at `end` something can be added to it."""

    path: KeyPath
    lead: str = ""
    text: str = ""
    is_array: bool = False
    lines: list[TomlLine] = field(default_factory=list)
    end: int = 0


@dataclass(frozen=True)
class TomlText:
    """A whole document, and what it says."""

    text: str
    values: Mapping[str, Any]
    sections: tuple[Section, ...]

    @cached_property
    def arrays(self) -> frozenset[KeyPath]:
        """The arrays of tables."""
        return frozenset(section.path for section in self.sections if section.is_array)

    @cached_property
    def tables(self) -> frozenset[KeyPath]:
        """The tables that can grow, also those that no header names: neither inline ones nor parts of an array."""
        paths = [section.path for section in self.sections]
        paths += [line.path[:-1] for section in self.sections for line in section.lines]
        above = {path[:length] for path in paths for length in range(len(path) + 1)}
        return frozenset(path for path in above if not within(path, self.arrays))

    @cached_property
    def homes(self) -> Mapping[KeyPath, Section]:
        """The section where a table gets more keys, for each table that a header or a dotted key defines."""
        found: dict[KeyPath, Section] = {}
        for section in self.sections:
            for line in section.lines:
                between = range(len(section.path) + 1, len(line.path))
                found |= {line.path[:length]: section for length in between}
            found[section.path] = section
        return {path: section for path, section in found.items() if path in self.tables}

    def taken(self, path: KeyPath) -> KeyPath:
        """The shortest beginning of `path` that is there and cannot grow, or all of it if that is there; else ()."""
        found: Any = self.values
        for length, part in enumerate(path, 1):
            if part not in found:
                return ()
            found = found[part]
            if path[:length] not in self.tables:
                return path[:length]
        return path


def read(text: str) -> TomlText:
    """The document in `text`; raises ValueError where that is none."""
    values, sections, lead, place = tomllib.loads(text), [Section(())], "", 0
    for statement in _statements(text):
        place += len(statement)
        if not statement.strip() or statement.lstrip().startswith("#"):
            lead += statement
            continue
        if statement.lstrip().startswith("["):
            _close(sections[-1], lead)
            sections.append(Section(key_path(statement), lead, statement, statement.lstrip().startswith("[[")))
        else:
            path = sections[-1].path + key_path(f"{written_key(statement)} = 0")
            sections[-1].lines.append(TomlLine(lead, statement, path))
        sections[-1].end, lead = place, ""
    _close(sections[-1], f"{lead}\n")
    return TomlText(text, values, tuple(sections))


def _statements(text: str) -> Iterator[str]:
    """The text in pieces of whole lines: a header, a key with its value, a comment, a blank line."""
    start = depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if token[0] == "\n" and not depth:
            yield text[start : token.end()]
            start = token.end()
    if text[start:]:
        yield text[start:]


def _close(section: Section, lead: str) -> None:
    """Count comments right below a section's last line as its own, unless the next header is right below them."""
    for line in lead.removesuffix(comments_above(lead)).splitlines(keepends=True):
        if not line.strip():
            break
        section.end += len(line)


def comments_above(lead: str) -> str:
    """The comments right above what follows."""
    lines = lead.splitlines(keepends=True)
    blank = [number for number, line in enumerate(lines, 1) if not line.strip()]
    return "".join(lines[blank[-1] if blank else 0 :])


def written_key(statement: str) -> str:
    """The key of a statement as it is written."""
    found = _KEY.match(statement)
    if not found:
        raise ValueError(f"There is no key in {statement!r}.")
    return found[1]


def key_path(statement: str) -> KeyPath:
    """The keys that one header names, or one key with a value that is no table."""
    found, path = tomllib.loads(statement), KeyPath()
    while isinstance(found, dict | list) and found:
        if isinstance(found, dict):
            path += tuple(found)
        found = found[0] if isinstance(found, list) else found[path[-1]]
    return path


def value_at(values: Any, path: KeyPath) -> Any:
    """What is at the path."""
    for part in path:
        values = values[part]
    return values


def dotted_key(path: KeyPath) -> str:
    """A key as TOML writes it."""
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part) for part in path)


def within(path: KeyPath, above: Container[KeyPath]) -> bool:
    """Whether `path`, or what it is below, is in `above`."""
    return any(path[:length] in above for length in range(len(path) + 1))
