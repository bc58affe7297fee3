"""A pyproject.toml whose lines are in conflict is merged by key instead, where no key is in conflict."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from new_ops_project.formats.toml import merge
from new_ops_project.formats.toml.text import Path, TomlLine, TomlText, dotted, read, value
from new_ops_project.git.tree import Entry
from new_ops_project.plan.draft import Draft

_FILE = "pyproject.toml"
_SIDES = 3


def by_key(draft: Draft, mine: bytes | None = None) -> Draft:
    """`draft` without the conflict in pyproject.toml, if the project and the template changed different keys of it.

    With `mine`, the project's file as it went into the merge, also where it merged by lines and no longer parses; in an
    update that stays for a person to see.
    """
    stages = [stage for stage in draft.merged.stages if stage.path == _FILE]
    blobs = draft.scratch.contents([stage.blob for stage in stages])
    sides = {stage.number: blobs[stage.blob] for stage in stages} | ({2: mine} if mine is not None and stages else {})
    is_textual = "content" in draft.merged.reasons.get(_FILE, "") or mine is not None
    if _FILE not in draft.conflicts or not is_textual or len(sides) != _SIDES:
        return draft
    try:
        text = three_way(sides[1].decode(), sides[2].decode(), sides[3].decode(), by_element=mine is not None)
    except ValueError:  # one of them is no TOML, or no text
        return draft
    if text is None:
        return draft
    conflicts = {path: reason for path, reason in draft.conflicts.items() if path != _FILE}
    over = {**draft.over, _FILE: Entry(draft.mode(_FILE), text.encode())}
    return replace(draft, over=over, conflicts=conflicts, notes=(*draft.notes, f"{_FILE}: merged by key."))


@dataclass(frozen=True)
class _Changes:
    """What the template changed and the user did not: lines in place of others, lines that go, keys that come."""

    other: Mapping[Path, TomlLine]
    gone: frozenset[Path]
    new: frozenset[Path]


def three_way(base: str, mine: str, theirs: str, *, by_element: bool = False) -> str | None:
    """`mine` with what `theirs` changed since `base`, key by key; None where both changed one.

    A key that the user deleted stays deleted. Arrays of texts are merged `by_element`; other arrays and inline tables
    are one value. Raises ValueError where one of the three does not parse.
    """
    old, ours, new = read(base), read(mine), read(theirs)
    if any(_at(old, path) != _at(new, path) for path in old.arrays | new.arrays):
        return None
    changes = _changes(_lines(old), _lines(ours), _lines(new), by_element=by_element)
    if changes is None:
        return None
    text = _applied(ours, changes)
    unwanted = {dotted(path) for path in _lines(new).keys() - changes.new} | {dotted(path) for path in new.arrays}
    result, kept = merge.toml(text, theirs, skip=unwanted)
    return None if any(dotted(path) in {one.key for one in kept} for path in changes.new) else result


def _at(document: TomlText, path: Path) -> object:
    try:
        return value(document.values, path)
    except (KeyError, TypeError):
        return None


def _lines(document: TomlText) -> dict[Path, TomlLine]:
    """Every key with a value that is in no array of tables."""
    return {
        line.path: line for section in document.sections if section.path in document.tables for line in section.lines
    }


def _changes(
    old: Mapping[Path, TomlLine], ours: Mapping[Path, TomlLine], new: Mapping[Path, TomlLine], *, by_element: bool
) -> _Changes | None:
    """What to do to the user's file; None where it and the template's contradict each other."""
    other, gone, come = dict[Path, TomlLine](), set[Path](), set[Path]()
    for path in old.keys() | new.keys():
        was, mine, wanted = old.get(path), ours.get(path), new.get(path)
        if _same(was, wanted) or _same(mine, wanted):
            continue
        if mine is None:
            come |= {path} if was is None else set()  # what the user deleted stays deleted
        elif by_element and (joined := _listed(was, mine, wanted)) is not None:
            other[path] = joined
        elif was is None or mine.text.strip() != was.text.strip():
            return None
        elif wanted is None:
            gone.add(path)
        else:
            other[path] = wanted
    return _Changes(other, frozenset(gone), frozenset(come))


def _listed(was: TomlLine | None, mine: TomlLine, wanted: TomlLine | None) -> TomlLine | None:
    """The user's list with what the template added to it, and without what that took away; None for no lists of texts.

    What lies below a folder that the template added is in that folder.
    """
    old, ours, new = (line.value if line else [] for line in (was, mine, wanted))
    if wanted is None or not all(_is_texts(side) for side in (old, ours, new)):
        return None
    added = [one for one in new if one not in old and one not in ours]
    inside = {one for one in ours for above in added if one.startswith(f"{above}/")}
    gone = [one for one in ours if one in inside or (one in old and one not in new)]
    return _edited(mine, wanted, added, gone)


def _is_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(one, str) for one in found)


def _edited(mine: TomlLine, wanted: TomlLine, added: list[str], gone: list[str]) -> TomlLine:
    """The user's line with its list edited, each new element as the template writes it."""
    text = mine.text
    for one in gone:
        quoted = rf"(?:{re.escape(json.dumps(one))}|'{re.escape(one)}')"
        text, count = re.subn(rf"^[ \t]*{quoted},?[ \t]*\r?\n", "", text, flags=re.MULTILINE)
        text = text if count else re.sub(rf"{quoted}(?:,[ \t]*)?", "", text)
    if not added:
        return replace(mine, text=text)
    end = text.rindex("]")
    head, ending = text[:end].rstrip(), "\r\n" if "\r\n" in text else "\n"
    if "\n" not in text[:end]:
        comma = "" if head.endswith("[") else " " if head.endswith(",") else ", "
        return replace(mine, text=f"{head}{comma}{', '.join(map(json.dumps, added))}{text[end:]}")
    comma = "" if re.search(r"[\[,][ \t]*(#[^\n]*)?\Z", head) else ","
    rows = "".join(f"    {_row(wanted, one)}{ending}" for one in added)
    return replace(mine, text=f"{head}{comma}{ending}{rows}{text[end:]}")


def _row(line: TomlLine, one: str) -> str:
    """An element as it is written in a line of its own, with its comment; else with a comma."""
    found = re.search(rf"^[ \t]*({re.escape(json.dumps(one))},[^\r\n]*)", line.text, re.MULTILINE)
    return found[1].rstrip() if found else f"{json.dumps(one)},"


def _same(one: TomlLine | None, other: TomlLine | None) -> bool:
    if one is None or other is None:
        return one is other
    return repr(one.value) == repr(other.value)


def _applied(document: TomlText, changes: _Changes) -> str:
    """The user's text with lines replaced and taken out."""
    parts, done, place = list[str](), 0, 0
    for section in document.sections:
        place += len(section.lead) + len(section.text)
        for line in section.lines:
            start = place + len(line.lead)
            place = start + len(line.text)
            if line.path in changes.other or line.path in changes.gone:
                fresh = changes.other[line.path].text if line.path in changes.other else ""
                parts += [document.text[done:start], fresh]
                done = place
    return "".join([*parts, document.text[done:]])
