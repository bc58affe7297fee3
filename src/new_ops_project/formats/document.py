"""Configuration files as plain values, with the line of each key."""

import configparser
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from new_ops_project.base.parsers import read_toml
from new_ops_project.formats.toml import places
from new_ops_project.formats.toml.places import TomlPlace

Files = Mapping[str, bytes]
Keys = places.Keys
_Parsed = tuple[Any, Mapping[Keys, int] | None]  # the data and the lines of a Document

_SECTION = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([^\s#;=:\[][^=:]*)[=:]")


@dataclass(frozen=True)
class Document:
    """A file that was read: its data and the line, from 1, of each key; `problem` says why it does not parse, or ''."""

    path: str
    text: str = ""
    data: Any = field(default_factory=dict)
    lines: Mapping[Keys, int] | None = field(default_factory=dict)
    """None for a TOML file, in which they are looked for when they are needed: that takes longer than parsing."""
    problem: str = ""

    @cached_property
    def _lines(self) -> Mapping[Keys, int]:
        located = places.places(self.text) if self.lines is None else {}
        return self.lines or {keys: place.line for keys, place in located.items()}

    @cached_property
    def text_lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return self.text.split("\n")

    def get(self, *keys: str | int) -> Any:
        """The value at these keys; None where there is none."""
        value = self.data
        for key in keys:
            exists = key in value if isinstance(value, dict) else isinstance(value, list) and key in range(len(value))
            if not exists:
                return None
            value = value[key]
        return value

    def table(self, *keys: str | int) -> dict[str, Any]:
        """The mapping at these keys, without keys that are not text; {} for anything else."""
        value = self.get(*keys)
        items = value.items() if isinstance(value, dict) else ()
        return {name: item for name, item in items if isinstance(name, str)}

    def string(self, *keys: str | int) -> str:
        """The text at these keys without surrounding space; '' for anything else."""
        value = self.get(*keys)
        return str(value).strip() if isinstance(value, str) else ""

    def strings(self, *keys: str | int) -> list[str]:
        """The texts in the list at these keys; [] for anything else."""
        value = self.get(*keys)
        return [str(item) for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []

    def where(self, *keys: str | int, holding: str = "") -> str:
        """`path:line` of these keys, or of the first line from there on with the text `holding`.

        Just the path where the line is unknown.
        """
        line = self.line(*keys)
        if holding:
            numbers = range(max(line, 1), len(self.text_lines) + 1)
            line = next((number for number in numbers if holding in self.text_lines[number - 1]), line)
        return f"{self.path}:{line}" if line else self.path

    def place(self, *keys: str | int) -> TomlPlace:
        """The place of the value at these keys of a TOML file, else of the closest keys above them, else of its start.

        For an empty or missing file that start is line 0, column 0.
        """
        known = places.places(self.text)
        place = next((known[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in known), None)
        return place or TomlPlace(min(len(self.text), 1), min(len(self.text), 1))

    def line(self, *keys: str | int) -> int:
        """The line of these keys, else of the closest keys above them; 0 where none is known."""
        return next((self._lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self._lines), 0)


def toml(files: Files, path: str) -> Document:
    """Read the TOML file at `path`; an empty document where there is none."""
    return _read(files, path, "TOML", lambda text: (read_toml(text), None))


def ini(files: Files, path: str) -> Document:
    """Read the INI file at `path` as {section: {option: text}}; an empty document where there is none."""
    return _read(files, path, "INI", lambda text: (ini_sections(text), dict(_ini_lines(text))))


def script_metadata(files: Files, path: str) -> Document:
    """Read the inline metadata of a script (PEP 723); an empty document where it has none."""
    lines = decoded(files.get(path, b"")).split("\n")
    start = next((index for index, line in enumerate(lines) if line.rstrip() == "# /// script"), len(lines))
    end = next((index for index in range(start, len(lines)) if lines[index].rstrip() == "# ///"), start)
    # Lines outside of the block become empty instead of going away, so that line numbers are those of the script.
    block = [line[2:] if start < index < end else "" for index, line in enumerate(lines)]
    return toml({path: "\n".join(block).encode()} if end > start else {}, path)


def decoded(content: bytes) -> str:
    """The text of a file, without a byte order mark; bytes that are no UTF-8 become U+FFFD."""
    return content.decode("utf-8-sig", errors="replace")


def _read(files: Files, path: str, kind: str, parse: Callable[[str], _Parsed]) -> Document:
    if path not in files:
        return Document(path)
    text = decoded(files[path])
    try:
        files[path].decode("utf-8-sig")  # only to report bytes that are no UTF-8
        data, lines = parse(text)
    except (ValueError, configparser.Error) as error:
        reason = " ".join(str(error).split())[:200]
        return Document(path, text, problem=f"{path} does not parse as {kind}: {reason}")
    return Document(path, text, data, lines)


def ini_sections(text: str, delimiters: tuple[str, ...] = ("=", ":")) -> dict[str, dict[str, str]]:
    """Parse the text of an INI file as {section: {option: text}}. Raises configparser.Error."""
    parser = configparser.RawConfigParser(delimiters=delimiters)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return {name: {key: str(value) for key, value in parser.items(name)} for name in parser.sections()}


def _ini_lines(text: str) -> Iterator[tuple[Keys, int]]:
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if match := _SECTION.match(line):
            section = match[1]
            yield (section,), number
        elif match := _OPTION.match(line):
            yield (section, match[1].strip()), number
