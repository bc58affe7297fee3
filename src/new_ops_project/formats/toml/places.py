"""Where the values of a TOML document stand: each with its line, its column and the text as it is written."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from new_ops_project.formats.document import Document, Keys

_STRING = r"""'[^'\n]*'|"(?:\\.|[^"\\\n])*\""""
_LONG = r"""\"{3}(?:\\[\s\S]|[^\\])*?\"{3,5}|'{3}[\s\S]*?'{3,5}"""
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_PART = re.compile(rf"[A-Za-z0-9_-]+|{_STRING}")
_SCALAR = re.compile(rf"{_LONG}|{_STRING}|[^,\]}}#\r\n]+")


@dataclass(frozen=True)
class TomlPlace:
    """Line and column, from 1, and the value as it is written; of a list or a table, what it begins with."""

    line: int
    column: int
    raw: str = ""

    def quoted(self, new: str) -> str:
        """`new` in the quotes of this text; '' where that would not say the same."""
        quote = self.raw[:1]
        made = f"{quote}{new}{quote}"
        is_plain = quote in {"'", '"'} and not self.raw.startswith(quote * 3) and "\\" not in self.raw + new
        return made if is_plain and quote not in new else ""


def place(document: Document, *keys: str | int) -> TomlPlace:
    """Where the value at these keys stands, or that of the closest above them; of a file without any, its line 0."""
    found = places(document.text) if not document.problem else {}
    known = next((found[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in found), None)
    return known or TomlPlace(min(len(document.text), 1), min(len(document.text), 1))


@lru_cache(maxsize=16)
def places(text: str) -> Mapping[Keys, TomlPlace]:
    """The place of each value of a TOML document, by its keys, and of each header; {} for what is no TOML."""
    try:
        tomllib.loads(text)
        return _Reader(text).read()
    except (ValueError, RecursionError):
        return {}


@dataclass
class _Reader:
    """What was found so far in a text that tomllib takes, and how far that is."""

    text: str
    at: int = 0
    found: dict[Keys, TomlPlace] = field(default_factory=dict)
    arrays: dict[Keys, int] = field(default_factory=dict)
    line: int = 1
    counted: int = 0  # up to where the lines were counted

    def read(self) -> Mapping[Keys, TomlPlace]:
        """Read it to its end."""
        table: Keys = ()
        while self._skip(_BLANK) < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _header(self) -> Keys:
        start = self._here("[")
        is_array = self.text.startswith("[[", self.at)
        self.at += 1 + is_array
        keys = self._resolved([*self._names()], is_array=is_array)
        self.at += 1 + is_array
        self.found.setdefault(keys, start)
        return keys

    def _resolved(self, names: list[str], *, is_array: bool) -> Keys:
        """The keys of a header: an array of tables is entered at its last one, or at a new one."""
        keys: Keys = ()
        for number, name in enumerate(names, 1):
            keys = (*keys, name)
            if is_array and number == len(names):
                self.arrays[keys] = self.arrays.get(keys, -1) + 1
            if keys in self.arrays:
                keys = (*keys, self.arrays[keys])
        return keys

    def _names(self) -> Iterator[str]:
        """The parts of a dotted key; leaves off behind it and the space after it."""
        while True:
            self._skip(_SPACE)
            part = _PART.match(self.text, self.at)
            if part is None:
                raise ValueError(f"There is no key at {self.at}.")
            self.at = part.end()
            yield _plain(part[0])
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return
            self.at += 1

    def _pair(self, table: Keys) -> None:
        keys = (*table, *self._names())
        self.at += 1  # =
        self._skip(_SPACE)
        self._value(keys)

    def _value(self, keys: Keys) -> None:
        opening = self.text[self.at]
        if opening not in "[{":
            scalar = _SCALAR.match(self.text, self.at)
            raw = scalar[0].rstrip() if scalar else ""
            self.found[keys] = self._here(raw)
            self.at += max(len(raw), 1)
            return
        self.found[keys] = self._here(opening)
        self.at += 1
        number = 0
        while self._skip(_BLANK) < len(self.text) and self.text[self.at] not in "]}":
            if opening == "{":
                self._pair(keys)
            else:
                self._value((*keys, number))
            number += 1
            self.at += self.text.startswith(",", self._skip(_BLANK))
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _here(self, raw: str) -> TomlPlace:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return TomlPlace(self.line, self.at - self.text.rfind("\n", 0, self.at), raw)


def _plain(part: str) -> str:
    return str(tomllib.loads(f"x = {part}")["x"]) if part[0] in "\"'" else part
