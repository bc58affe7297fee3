"""A TOML document as pieces of its text, to edit it without losing a byte: headers, keys, comments.

The pieces come from a tokenizer that only knows strings, comments, brackets and line ends. Keys and values are read by
tomllib, from a piece that it can parse alone. The format: https://toml.io/en/v1.0.0.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from new_ops_project.base.parsers import read_toml

KeyPath = tuple[str, ...]  # ("tool", "ruff", "line-length")

STRING = r"""'[^'\n]*'|"(?:\\.|[^"\\\n])*\""""
MULTILINE_STRING = r"""\"{3}(?:\\[\s\S]|[^\\])*?\"{3,5}|'{3}[\s\S]*?'{3,5}"""
# Strings and comments are tokens, so that no bracket or line end within them counts.
TOKEN = re.compile(rf"{MULTILINE_STRING}|{STRING}|#[^\n]*|[\[\]{{}}\n]|[^\[\]{{}}\n#'\"]+")
_PART = rf"(?:[A-Za-z0-9_-]+|{STRING})"
_KEY = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)(?=[ \t]*=)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class TomlLine:
    """A key with its value, on one or more lines of `text`; `lead` has the blank lines and comments before it."""

    lead: str
    text: str
    path: KeyPath

    @property
    def value(self) -> Any:
        """The value of the key."""
        return value_at(read_toml(self.text), key_path(f"{written_key(self.text)} = 0"))


@dataclass
class Section:
    """A header (`text`; '' for the root table) with the lines below it; at the offset `end`, lines can be added."""

    path: KeyPath
    lead: str = ""
    text: str = ""
    is_array: bool = False
    lines: list[TomlLine] = field(default_factory=list)
    end: int = 0


@dataclass(frozen=True)
class TomlText:
    """A whole document, with its values and its sections in order; the first is the root table."""

    text: str
    values: Mapping[str, Any]
    sections: tuple[Section, ...]

    @cached_property
    def arrays(self) -> frozenset[KeyPath]:
        """The paths of arrays of tables."""
        return frozenset(section.path for section in self.sections if section.is_array)

    @cached_property
    def tables(self) -> frozenset[KeyPath]:
        """The tables that keys can be added to, also without a header of their own.

        Inline tables and tables in arrays of tables are not among them.
        """
        paths = [section.path for section in self.sections]
        paths += [line.path[:-1] for section in self.sections for line in section.lines]
        above = {path[:length] for path in paths for length in range(len(path) + 1)}
        return frozenset(path for path in above if not within(path, self.arrays))

    @cached_property
    def homes(self) -> Mapping[KeyPath, Section]:
        """The section where a table gets new keys, for each table that a header or a dotted key defines.

        A table made by a dotted key such as `a.b = 1` can only get keys in the section of that line, not under a header
        `[a]`. A table that exists only through headers below it has no section yet.
        """
        sections: dict[KeyPath, Section] = {}
        for section in self.sections:
            for line in section.lines:
                sections |= {line.path[:end]: section for end in range(len(section.path) + 1, len(line.path))}
            sections[section.path] = section
        return {path: section for path, section in sections.items() if path in self.tables}

    def existing_part(self, path: KeyPath) -> KeyPath:
        """The existing part of `path`: up to the first value that is not an open table, else all of it; () if new."""
        value: Any = self.values
        for length, part in enumerate(path, 1):
            if part not in value:
                return ()
            value = value[part]
            if path[:length] not in self.tables:
                return path[:length]
        return path


def read(text: str) -> TomlText:
    """Split a document into sections. Raises ValueError where it does not parse."""
    values, sections, lead, place = read_toml(text), [Section(())], "", 0
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
    """Split the text into whole lines: a header, a key with its value, a comment, a blank line.

    A line end within brackets does not end a statement, nor does one within a string, which is one token.
    """
    start = depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if token[0] == "\n" and not depth:
            yield text[start : token.end()]
            start = token.end()
    if text[start:]:
        yield text[start:]


def _close(section: Section, lead: str) -> None:
    """Extend a section by the comments directly below its last line, unless they are directly above the next header.

    New lines are added after such comments: they mostly belong to the line above, often as a disabled setting.
    """
    for line in lead.removesuffix(comments_above(lead)).splitlines(keepends=True):
        if not line.strip():
            break
        section.end += len(line)


def comments_above(lead: str) -> str:
    """The part of `lead` that is directly above what follows, without a blank line between."""
    lines = lead.splitlines(keepends=True)
    blank = [number for number, line in enumerate(lines, 1) if not line.strip()]
    return "".join(lines[blank[-1] if blank else 0 :])


def written_key(text: str, offset: int = 0) -> str:
    """The key of the statement at the offset, as the file writes it. Raises ValueError where there is none."""
    match = _KEY.match(text, offset)
    if not match:
        raise ValueError(f"There is no key at {text[offset:]!r}.")
    return match[1]


def key_path(statement: str) -> KeyPath:
    """The path of a header, or of a key whose value is a scalar: parsed alone, each level has just one key."""
    value, path = read_toml(statement), KeyPath()
    while isinstance(value, dict | list) and value:
        if isinstance(value, dict):
            path += tuple(value)
        value = value[0] if isinstance(value, list) else value[path[-1]]
    return path


def value_at(values: Any, path: KeyPath) -> Any:
    """The value at the path. Raises KeyError where there is none."""
    for part in path:
        values = values[part]
    return values


def dotted_key(path: KeyPath) -> str:
    """The path as a dotted key of TOML, with quotes where it needs them."""
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part) for part in path)


def within(path: KeyPath, above: Container[KeyPath]) -> bool:
    """Whether `path` or a table around it is in `above`."""
    return any(path[:length] in above for length in range(1, len(path) + 1))
