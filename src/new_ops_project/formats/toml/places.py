"""The places of values in a TOML document: line, column, source text.

tomllib reports no places, so the text is read a second time here, after tomllib has accepted it: this reader can rely
on valid TOML.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from new_ops_project.base.parsers import read_toml
from new_ops_project.formats.toml.text import MULTILINE_STRING, STRING, KeyPath, key_path, written_key

Keys = tuple[str | int, ...]  # a number is an index in an array
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER = re.compile(r"\[[^\r\n]*")
_SCALAR = re.compile(rf"{MULTILINE_STRING}|{STRING}|[^,\]}}#\r\n]+")


@dataclass(frozen=True)
class TomlPlace:
    """Line and column, from 1, and the source text of the value; of an array or a table only its opening bracket."""

    line: int
    column: int
    raw: str = ""

    def quoted(self, new: str) -> str:
        """`new` in the quotes of this string; '' where it would need an escape, or this is not a one-line string."""
        quote = self.raw[:1]
        is_simple = quote in {"'", '"'} and not self.raw.startswith(quote * 3) and "\\" not in self.raw + new
        return f"{quote}{new}{quote}" if is_simple and quote not in new else ""


@lru_cache(maxsize=16)
def places(text: str) -> Mapping[Keys, TomlPlace]:
    """The place of each value and each header by its keys; {} where the text is not TOML."""
    try:
        read_toml(text)
        return _Reader(text).read()
    except (ValueError, RecursionError):
        return {}


@dataclass
class _Reader:
    """Reads a text that tomllib accepts; `offset` is where it has got to."""

    text: str
    offset: int = 0
    places: dict[Keys, TomlPlace] = field(default_factory=dict)
    arrays: dict[Keys, int] = field(default_factory=dict)
    line: int = 1
    counted: int = 0  # the offset up to which line ends were counted

    def read(self) -> Mapping[Keys, TomlPlace]:
        """Read the text to its end. Returns the places by keys."""
        table: Keys = ()
        while self._skip(_BLANK) < len(self.text):
            if header := _HEADER.match(self.text, self.offset):
                table = self._resolved(key_path(header[0]), is_array=header[0].startswith("[["))
                self.places.setdefault(table, self._here("["))
                self.offset = header.end()
            else:
                self._pair(table)
        return self.places

    def _resolved(self, names: KeyPath, *, is_array: bool) -> Keys:
        """The keys of a header, with the index in each array of tables: `[[a]]` opens a new one, `[a.b]` the last."""
        keys: Keys = ()
        for number, name in enumerate(names, 1):
            keys = (*keys, name)
            if is_array and number == len(names):
                self.arrays[keys] = self.arrays.get(keys, -1) + 1
            if keys in self.arrays:
                keys = (*keys, self.arrays[keys])
        return keys

    def _pair(self, table: Keys) -> None:
        key = written_key(self.text, self.offset)
        self.offset = self.text.index("=", self.offset + len(key)) + 1
        self._skip(_BLANK)
        self._value((*table, *key_path(f"{key} = 0")))

    def _value(self, keys: Keys) -> None:
        opening = self.text[self.offset]
        if opening not in "[{":
            scalar = _SCALAR.match(self.text, self.offset)
            raw = scalar[0].rstrip() if scalar else ""
            self.places[keys] = self._here(raw)
            self.offset += max(len(raw), 1)
            return
        self.places[keys] = self._here(opening)
        self.offset += 1
        number = 0
        while self._skip(_BLANK) < len(self.text) and self.text[self.offset] not in "]}":
            if opening == "{":
                self._pair(keys)
            else:
                self._value((*keys, number))
            number += 1
            self.offset += self.text.startswith(",", self._skip(_BLANK))
        self.offset += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.offset)
        self.offset = match.end() if match else self.offset
        return self.offset

    def _here(self, raw: str) -> TomlPlace:
        self.line += self.text.count("\n", self.counted, self.offset)
        self.counted = self.offset
        return TomlPlace(self.line, self.offset - self.text.rfind("\n", 0, self.offset), raw)
