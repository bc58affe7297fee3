"""Replaces the pins in a pyproject.toml by the lower bounds that a library needs."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from new_ops_project.formats.toml.text import TOKEN, TomlLine, TomlText, read

_EXACT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*(?: *\[[^]]*\])?) *={2,3} *(?P<version>[^\s;,*=+]+?)(?:\.\*)? *(?P<rest>;.*)?"
)
_COMMENT = "Lower bounds, since others depend on it now; requirements.txt has the exact versions."


@dataclass(frozen=True)
class BoundChange:
    """A requirement of `[project]` before and after; `line` is its line in the new text, from 1."""

    before: str
    after: str
    line: int


def replace_pins(text: str) -> tuple[str, tuple[BoundChange, ...]]:
    """Replace `==` with `>=` in the dependencies of a pyproject.toml. Returns the new text and the changes.

    A comment above the first changed list names the pins that it had. Everything else stays byte for byte, and so does
    a file that is not TOML.
    """
    try:
        document = read(text)
    except ValueError:
        return text, ()
    parts, done, first = list[str](), 0, None
    edits = list(_edits(document))
    for place, start, end, new in edits:
        first = place if first is None else first
        parts += [text[done:start], new]
        done = end
    if first is None:
        return text, ()
    pins = ", ".join(_unquoted(text[start:end]) for _, start, end, _ in edits)
    ending = "\r\n" if "\r\n" in text else "\n"
    result = "".join([*parts, text[done:]])
    result = f"{result[:first]}# {_COMMENT} It was {pins}.{ending}{result[first:]}"
    return result, tuple(_changes(text, edits))


# The offset of the list, those of the string's start and end, the new string with its quotes.
_Edit = tuple[int, int, int, str]


def _changes(text: str, edits: list[_Edit]) -> Iterator[BoundChange]:
    """The changes, each with its line in the result: one more than before, because of the comment above them."""
    for _, start, end, new in edits:
        yield BoundChange(_unquoted(text[start:end]), _unquoted(new), text.count("\n", 0, start) + 2)


def _unquoted(quoted: str) -> str:
    return str(tomllib.loads(f"x = {quoted}")["x"])


def _edits(document: TomlText) -> Iterator[_Edit]:
    """The edits of all lists of requirements, in the order of the text."""
    place = 0
    for section in document.sections:
        place += len(section.lead) + len(section.text)
        for line in section.lines:
            start = place + len(line.lead)
            place = start + len(line.text)
            if _is_requirements(line):
                yield from _strings(line, start)


def _is_requirements(line: TomlLine) -> bool:
    is_list = line.path == ("project", "dependencies") or line.path[:2] == ("project", "optional-dependencies")
    return is_list and isinstance(line.value, list | dict)


def _strings(line: TomlLine, start: int) -> Iterator[_Edit]:
    """The edits of one list. Only strings in brackets are requirements; keys and comments can hold quotes too."""
    depth = 0
    for token in TOKEN.finditer(line.text):
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        if depth and token[0][0] in "\"'":
            new = lower_bound(_unquoted(token[0]))
            if new != _unquoted(token[0]):
                quote = token[0][: 3 if token[0].startswith(('"""', "'''")) else 1]
                yield start, start + token.start(), start + token.end(), f"{quote}{new}{quote}"


def lower_bound(requirement: str) -> str:
    """Replace the `==` of a requirement (PEP 508) with `>=`, where PEP 440 allows that for its version."""
    pin = _EXACT.fullmatch(requirement.strip())
    if not pin or not _is_version(pin["version"]):
        return requirement
    rest = f"; {pin['rest'][1:].strip()}" if pin["rest"] else ""
    return f"{pin['name']}>={pin['version']}{rest}"


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False
