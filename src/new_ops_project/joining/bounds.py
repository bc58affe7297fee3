"""Exact versions in a script's metadata become the lower bounds that a library has."""

import re
import tomllib
from dataclasses import dataclass

_EXACT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*(?: *\[[^]]*\])?) *={2,3} *(?P<version>[^\s;,*]+?)(?:\.\*)? *(?P<rest>;.*)?"
)


@dataclass(frozen=True)
class Loosened:
    """One requirement of `[project]`, as it was and as it is."""

    before: str
    after: str


def loosened(text: str) -> tuple[str, tuple[Loosened, ...]]:
    """A pyproject.toml with `>=` where its dependencies had `==`, and a comment that says so; and what was changed.

    Everything else stays to the byte; a file that is no TOML stays as it is.
    """
    changes = [Loosened(one, after) for one in _dependencies(text) if (after := bound(one)) != one]
    done = []
    for change in dict.fromkeys(changes):
        text, count = _replaced(text, change)
        done += [change] * bool(count)
    return (_explained(text, done), tuple(done)) if done else (text, ())


def _dependencies(text: str) -> list[str]:
    """Every requirement of `[project]`, those of its extras too."""
    try:
        found = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return []
    extras = found.get("optional-dependencies", {})
    lists = [found.get("dependencies", []), *(extras.values() if isinstance(extras, dict) else [])]
    return [one for some in lists if isinstance(some, list) for one in some if isinstance(one, str)]


def bound(requirement: str) -> str:
    """A requirement (PEP 508) with `>=` where it has `==`."""
    found = _EXACT.fullmatch(requirement.strip())
    if not found:
        return requirement
    rest = f"; {found['rest'][1:].strip()}" if found["rest"] else ""
    return f"{found['name']}>={found['version']}{rest}"


def _replaced(text: str, change: Loosened) -> tuple[str, int]:
    """The string in the part of the file that is `[project]` (its extras included), whichever quotes it has."""
    start = re.search(r"^\s*\[project[\].]", text, re.MULTILINE)
    end = re.compile(r"^\s*\[(?!project[\].])", re.MULTILINE).search(text, start.end()) if start else None
    first, last = start.start() if start else 0, end.start() if end else len(text)
    quoted = rf"([\"']){re.escape(change.before)}\1"
    part, count = re.subn(quoted, lambda found: found[1] + change.after + found[1], text[first:last])
    return text[:first] + part + text[last:], count


def _explained(text: str, done: list[Loosened]) -> str:
    """With a comment above the first list that has changed."""
    said = ", ".join(change.before for change in done)
    ending = "\r\n" if "\r\n" in text else "\n"
    why = "Lower bounds, since others depend on it now; requirements.txt has the exact versions."
    line = f"# {why} It was {said}.{ending}"
    start = re.search(r"^\s*\[project[\].]", text, re.MULTILINE)
    lists = re.compile(r"^[ \t]*[\w-]+[ \t]*= *\[", re.MULTILINE).finditer(text, start.start() if start else 0)
    holding = (one.start() for one in lists if any(_holds(text[one.start() :], change) for change in done))
    place = next(holding, None)
    return text if place is None else text[:place] + line + text[place:]


def _holds(text: str, change: Loosened) -> bool:
    """Whether the list that the text begins with has the requirement."""
    quoted = (f'"{change.after}"', f"'{change.after}'")
    return any(one in text.partition("\n[")[0].split("]\n")[0] for one in quoted)
