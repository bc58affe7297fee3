"""Exact versions in a script's metadata become the lower bounds that a library has."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from new_ops_project.formats.toml.text import TOKEN, TomlLine, TomlText, read

_EXACT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*(?: *\[[^]]*\])?) *={2,3} *(?P<version>[^\s;,*=+]+?)(?:\.\*)? *(?P<rest>;.*)?"
)
_WHY = "Lower bounds, since others depend on it now; requirements.txt has the exact versions."


@dataclass(frozen=True)
class BoundChange:
    """One requirement of `[project]`, as it was and as it is; `line` is where it is now."""

    before: str
    after: str
    line: int


def replace_pins(text: str) -> tuple[str, tuple[BoundChange, ...]]:
    """A pyproject.toml with `>=` where its dependencies had `==`, and a comment that says so; and what was changed.

    Everything else stays to the byte; a file that is no TOML stays as it is.
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
    said = ", ".join(_plain(text[start:end]) for _, start, end, _ in edits)
    ending = "\r\n" if "\r\n" in text else "\n"
    result = "".join([*parts, text[done:]])
    result = f"{result[:first]}# {_WHY} It was {said}.{ending}{result[first:]}"
    return result, tuple(_changes(text, edits))


# Where the list begins, where the string begins and ends, and what it is now.
_Edit = tuple[int, int, int, str]


def _changes(text: str, edits: list[_Edit]) -> Iterator[BoundChange]:
    """What was done, with the line in the result: a comment was added above all of it, versions keep their line."""
    for _, start, end, new in edits:
        yield BoundChange(_plain(text[start:end]), _plain(new), text.count("\n", 0, start) + 2)


def _plain(quoted: str) -> str:
    return str(tomllib.loads(f"x = {quoted}")["x"])


def _edits(document: TomlText) -> Iterator[_Edit]:
    """The strings in lists of requirements that become others."""
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
    """The strings of one list, in brackets: neither keys nor comments."""
    depth = 0
    for token in TOKEN.finditer(line.text):
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        if depth and token[0][0] in "\"'":
            new = lower_bound(_plain(token[0]))
            if new != _plain(token[0]):
                quote = token[0][: 3 if token[0].startswith(('"""', "'''")) else 1]
                yield start, start + token.start(), start + token.end(), f"{quote}{new}{quote}"


def lower_bound(requirement: str) -> str:
    """A requirement (PEP 508) with `>=` where it has `==`, if there is such a bound (PEP 440)."""
    found = _EXACT.fullmatch(requirement.strip())
    if not found or not _is_version(found["version"]):
        return requirement
    rest = f"; {found['rest'][1:].strip()}" if found["rest"] else ""
    return f"{found['name']}>={found['version']}{rest}"


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return bool(Version(text))
    except InvalidVersion:
        return False
