"""Replaces the pins in a pyproject.toml by the lower bounds that a library needs."""

import re
from typing import NamedTuple

from new_ops_project.base.parsers import read_toml
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.toml import places
from new_ops_project.formats.toml.places import Keys

_EXACT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*(?: *\[[^]]*\])?) *={2,3} *(?P<version>[^\s;,*=+]+?)(?:\.\*)? *(?P<rest>;.*)?"
)
_COMMENT = "Lower bounds, since others depend on it now; requirements.txt has the exact versions."


class BoundChange(NamedTuple):
    """A requirement of `[project]` before and after; `line` is its line in the new text, from 1."""

    before: str
    after: str
    line: int


def replace_pins(text: str) -> tuple[str, tuple[BoundChange, ...]]:
    """Replace `==` with `>=` in the dependencies of a pyproject.toml. Returns the new text and the changes.

    A comment above the first changed list names the pins that it had. Everything else stays byte for byte, and so does
    a file that is not TOML.
    """
    known, lines = places.places(text), text.split("\n")
    listed = [(keys, place) for keys, place in known.items() if _is_item(keys) and place.raw.startswith(("'", '"'))]
    changes, first = list[BoundChange](), 0
    for keys, place in reversed(listed):  # from the end, so that the columns before it stay
        before = str(read_toml(f"x = {place.raw}")["x"])
        after, line, start = lower_bound(before), lines[place.line - 1], place.column - 1
        if after != before and (quoted := place.quoted(after)):
            lines[place.line - 1] = line[:start] + quoted + line[start + len(place.raw) :]
            changes.insert(0, BoundChange(before, after, place.line + 1))
            first = known[keys[:-1]].line
    if changes:
        ending = "\r" if "\r\n" in text else ""
        lines.insert(first - 1, f"# {_COMMENT} It was {', '.join(change.before for change in changes)}.{ending}")
    return "\n".join(lines), tuple(changes)


def _is_item(keys: Keys) -> bool:
    """Whether the keys, without the last one, are those of the project's dependencies or of one of its extras."""
    *table, _ = keys
    return table == ["project", "dependencies"] or table[:-1] == ["project", "optional-dependencies"]


def lower_bound(requirement: str) -> str:
    """Replace the `==` of a requirement (PEP 508) with `>=`, where PEP 440 allows that for its version."""
    pin = _EXACT.fullmatch(requirement.strip())
    if not pin:
        return requirement
    rest = f"; {pin['rest'][1:].strip()}" if pin["rest"] else ""
    bound = f"{pin['name']}>={pin['version']}{rest}"
    return bound if pep508.parse(bound) else requirement
