"""The resolver for pyproject.toml, which merges by key instead of by line."""

import json
import re
from collections.abc import Mapping

from new_ops_project.formats.toml import merge
from new_ops_project.formats.toml.text import KeyPath, TomlLine, TomlText, dotted_key, read, value_at
from new_ops_project.plan.draft import Draft

_FILE = "pyproject.toml"


def by_key(draft: Draft, ours: bytes | None = None) -> Draft:
    """`draft` without the conflict in pyproject.toml, if the project and the template changed different keys of it.

    `ours` is the project's file as it went into the merge, which a promotion gives. Then a file that merged by line but
    no longer parses is merged by key as well; an update leaves that for a person to see.
    """
    sides = draft.sides(_FILE)
    if ours is not None and sides:
        sides[2] = ours
    is_textual = "content" in draft.merged.reasons.get(_FILE, "") or ours is not None
    if _FILE not in draft.conflicts or not is_textual or sides.keys() != {1, 2, 3}:
        return draft
    try:
        text = three_way(sides[1].decode(), sides[2].decode(), sides[3].decode(), by_element=ours is not None)
    except ValueError:  # one of them is not TOML, or not text
        return draft
    return draft if text is None else draft.settle({_FILE: text.encode()}, f"{_FILE}: merged by key.")


def three_way(base: str, ours: str, theirs: str, *, by_element: bool = False) -> str | None:
    """`ours` with what `theirs` changed since `base`, key by key; None where both changed the same key.

    A key that the user deleted stays deleted. With `by_element`, arrays of strings are merged element by element;
    other arrays and inline tables are one value. Raises ValueError where one of the three does not parse.
    """
    old, current, new = read(base), read(ours), read(theirs)
    if any(_at(old, path) != _at(new, path) for path in old.arrays | new.arrays):
        return None
    changes = _changes(_lines(old), _lines(current), _lines(new), by_element=by_element)
    if changes is None:
        return None
    edits, added = changes
    fresh = _applied(current, edits)
    result, kept = merge.merge_toml(fresh, theirs, skip=(_lines(new).keys() - added) | new.arrays)
    return None if any(dotted_key(path) in {value.key for value in kept} for path in added) else result


def _at(document: TomlText, path: KeyPath) -> object:
    try:
        return value_at(document.values, path)
    except (KeyError, TypeError):
        return None


def _lines(document: TomlText) -> dict[KeyPath, TomlLine]:
    """The line of every key that is not in an array of tables."""
    return {
        line.path: line for section in document.sections if section.path in document.tables for line in section.lines
    }


def _changes(
    old: Mapping[KeyPath, TomlLine],
    current: Mapping[KeyPath, TomlLine],
    new: Mapping[KeyPath, TomlLine],
    *,
    by_element: bool,
) -> tuple[dict[KeyPath, str], set[KeyPath]] | None:
    """The new lines of keys in the user's file, '' to remove one, and the keys to add.

    None where both sides changed the same key differently.
    """
    edits, added = dict[KeyPath, str](), set[KeyPath]()
    for path in old.keys() | new.keys():
        was, ours, wanted = old.get(path), current.get(path), new.get(path)
        if _same(was, wanted) or _same(ours, wanted):
            continue
        if ours is None:
            added |= {path} if was is None else set()  # what the user deleted stays deleted
        elif by_element and (merged := _merged_list(was, ours, wanted)) is not None:
            edits[path] = merged
        elif was is None or ours.text.strip() != was.text.strip():
            return None
        else:
            edits[path] = wanted.text if wanted else ""
    return edits, added


def _merged_list(was: TomlLine | None, ours: TomlLine, wanted: TomlLine | None) -> str | None:
    """The user's list with what the template added to it, without what the template removed; None for other values.

    A path below a folder that the template added goes as well, since that folder includes it.
    """
    old, current, new = (line.value if line else [] for line in (was, ours, wanted))
    if wanted is None or not all(_is_texts(side) for side in (old, current, new)):
        return None
    added = [text for text in new if text not in old and text not in current]
    inside = {text for text in current for folder in added if text.startswith(f"{folder}/")}
    removed = [text for text in current if text in inside or (text in old and text not in new)]
    return _edited(ours, wanted, added, removed)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _edited(ours: TomlLine, wanted: TomlLine, added: list[str], removed: list[str]) -> str:
    """The user's line with its list edited, each new element as the template writes it."""
    text = ours.text
    for element in removed:
        quoted = rf"(?:{re.escape(json.dumps(element))}|'{re.escape(element)}')"
        text, count = re.subn(rf"^[ \t]*{quoted},?[ \t]*\r?\n", "", text, flags=re.MULTILINE)
        text = text if count else re.sub(rf"{quoted}(?:,[ \t]*)?", "", text)
    if not added:
        return text
    end = text.rindex("]")
    head, ending = text[:end].rstrip(), "\r\n" if "\r\n" in text else "\n"
    if "\n" not in text[:end]:
        comma = "" if head.endswith("[") else " " if head.endswith(",") else ", "
        return f"{head}{comma}{', '.join(map(json.dumps, added))}{text[end:]}"
    comma = "" if re.search(r"[\[,][ \t]*(#[^\n]*)?\Z", head) else ","
    rows = "".join(f"    {_row(wanted, element)}{ending}" for element in added)
    return f"{head}{comma}{ending}{rows}{text[end:]}"


def _row(line: TomlLine, element: str) -> str:
    """An element with its comma, and with the comment that the template has behind it."""
    match = re.search(rf"^[ \t]*({re.escape(json.dumps(element))},[^\r\n]*)", line.text, re.MULTILINE)
    return match[1].rstrip() if match else f"{json.dumps(element)},"


def _same(left: TomlLine | None, right: TomlLine | None) -> bool:
    if left is None or right is None:
        return left is right
    return repr(left.value) == repr(right.value)  # 1, 1.0 and True are equal in Python, but not in TOML


def _applied(document: TomlText, edits: Mapping[KeyPath, str]) -> str:
    """The user's text with the lines of some keys replaced."""
    parts, done, place = list[str](), 0, 0
    for section in document.sections:
        place += len(section.lead) + len(section.text)
        for line in section.lines:
            start = place + len(line.lead)
            place = start + len(line.text)
            if line.path in edits:
                parts += [document.text[done:start], edits[line.path]]
                done = place
    return "".join([*parts, document.text[done:]])
