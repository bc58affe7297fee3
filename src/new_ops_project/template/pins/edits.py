"""pins.yml with other values: only their scalars are replaced, every other byte stays."""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins.comparison import Edit, End, Replace
from new_ops_project.template.pins.pins_yml import load, minor, normalise

_CHECKED = re.compile(r"(?m)^(#.*\bChecked )\d{4}-\d{2}-\d{2}\b")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor or a tag before a value (YAML 1.2, 6.9)


@dataclass(frozen=True)
class _Patch:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit], checked: date | None = None) -> str:
    """The text of pins.yml with the edits, and with `checked` as the date in its head, if it has one there.

    Raises ToolError where the result would not say exactly what it should.
    """
    edits, patched = tuple(edits), text
    for edit in edits:
        root = _default(yaml.compose(patched, Loader=yaml.SafeLoader))
        patched = _patched(patched, [*_patches(patched, root, edit)])
    _require(text, patched, edits)
    return _dated(patched, checked) if checked else patched


def _patches(text: str, root: yaml.MappingNode, edit: Edit) -> Iterator[_Patch]:
    if isinstance(edit, Replace):
        yield _replaced(text, _at(root, edit.path), edit.value)
        return
    python = _at(root, ("python",))
    yield _removed(text, _at(python, ("versions",)), edit.minor)
    month = _at(python, ("versions", edit.minor, "end_of_life"))
    yield _inserted(text, _at(python, ("ended",)), edit.minor, str(month.value))


def _patched(text: str, patches: list[_Patch]) -> str:
    """`text` with all patches, the last one first, so that the places of the others stay."""
    for patch in sorted(patches, key=lambda patch: patch.start, reverse=True):
        text = text[: patch.start] + patch.text + text[patch.end :]
    return text


# ---- one scalar ----


def _replaced(text: str, node: yaml.Node, value: str) -> _Patch:
    if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
        raise _unknown(node)
    start = node.start_mark.index
    properties = _PROPERTIES.match(text, start)
    return _Patch(properties.end() if properties else start, node.end_mark.index, _spelt(value, node.style))


def _spelt(value: str, style: str | None) -> str:
    """A value in the style of the one before it, unless YAML would not take it for a string then."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value) if style or yaml.safe_load(value) != value else value


# ---- one Python ----


def _removed(text: str, versions: yaml.MappingNode, name: str) -> _Patch:
    """Without one entry of a mapping: its lines in block style, itself and its comma in flow style."""
    key, value = _entry(versions, name)
    start, end = key.start_mark.index, _end(value)
    if versions.flow_style:
        found = re.compile(r"\s*,[ \t]*(?!#)").match(text, end)  # a comment needs a space before it
        return _Patch(start, found.end() if found else end, "")
    line = text.find("\n", end)
    return _Patch(text.rfind("\n", 0, start) + 1, len(text) if line < 0 else line + 1, "")


def _inserted(text: str, ended: yaml.Node, name: str, month: str) -> _Patch:
    """With one entry more in a mapping, which has the newest first."""
    if not isinstance(ended, yaml.MappingNode) or not ended.value:
        return _first(ended, f"{json.dumps(name)}: {month}")
    sample, value = ended.value[0]
    entry = f"{_spelt(name, sample.style)}: {_spelt(month, value.style)}"
    older = [key for key, _ in ended.value if minor(key.value) < minor(name)]
    if ended.flow_style:
        at = older[0].start_mark.index if older else _end(ended.value[-1][1])
        return _Patch(at, at, f"{entry}, " if older else f", {entry}")
    indent = " " * sample.start_mark.column
    if older:
        at = older[0].start_mark.index
        return _Patch(at, at, f"{entry}{_line_end(text)}{indent}")
    at = _end(ended.value[-1][1])
    return _Patch(at, at, f"{_line_end(text)}{indent}{entry}")


def _first(ended: yaml.Node, entry: str) -> _Patch:
    if not isinstance(ended, yaml.MappingNode):
        raise ToolError("`ended` of pins.yml is no mapping.", "Write `ended: {}` below `python`, then run this again.")
    return _Patch(ended.start_mark.index, ended.end_mark.index, "{" + entry + "}")


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(node: yaml.Node) -> int:
    """Where a node ends; the mark of a block mapping is beyond the comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


# ---- where things are ----


def _default(root: yaml.Node | None) -> yaml.MappingNode:
    if not isinstance(root, yaml.MappingNode):
        raise ToolError("pins.yml is no mapping.", "Mend that file first.")
    found = _at(root, ("pins", "default"))
    if not isinstance(found, yaml.MappingNode):
        raise _unknown(found)
    return found


def _at(node: yaml.Node, path: tuple[str, ...]) -> Any:
    """The node below `node`; a package is found however its name is spelt."""
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            raise _unknown(node)
        node = _entry(node, name)[1]
    return node


def _entry(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node]:
    exact = [pair for pair in mapping.value if pair[0].value == name]
    like = [pair for pair in mapping.value if normalise(str(pair[0].value)) == name]
    if not exact and not like:
        raise ToolError(f"pins.yml has no {name!r} in line {mapping.start_mark.line + 1}.", "Add it there.")
    found: tuple[yaml.Node, yaml.Node] = (exact or like)[0]
    return found


def _unknown(node: yaml.Node) -> ToolError:
    line = node.start_mark.line + 1
    return ToolError(f"Line {line} of pins.yml is written in a way that cannot be rewritten.", "Change it by hand.")


# ---- what it must say ----


def _require(before: str, after: str, edits: tuple[Edit, ...]) -> None:
    """Raise ToolError unless `after` says exactly what `before` says, but for the edits."""
    expected = _expected(load(before), edits)
    try:
        said = load(after)
    except yaml.YAMLError:
        said = None
    if json.dumps(said, default=str) != json.dumps(expected, default=str):  # which compares the order, too
        raise ToolError("pins.yml is written in a way that cannot be rewritten safely.", "Change it by hand.")


def _expected(data: Any, edits: tuple[Edit, ...]) -> Any:
    data = deepcopy(data)  # deepcopy keeps what an alias shares, which a rewrite would change twice
    for edit in edits:
        at = data["pins"]["default"]
        if isinstance(edit, End):
            _end_of(at["python"], edit.minor)
            continue
        for name in edit.path[:-1]:
            at = at[_key(at, name)]
        at[_key(at, edit.path[-1])] = edit.value
    return data


def _end_of(python: Any, name: str) -> None:
    month = str(python["versions"].pop(_key(python["versions"], name))["end_of_life"])
    ended = {**(python["ended"] or {}), name: month}
    newest_first = list(python["ended"] or {})
    at = next((index for index, key in enumerate(newest_first) if minor(str(key)) < minor(name)), len(newest_first))
    newest_first.insert(at, name)
    python["ended"] = {key: ended[key] for key in newest_first}


def _key(mapping: Any, name: str) -> Any:
    """The key as it is in the file: 3.14 may be a number there, and a package spelt in another way."""
    return next((key for key in mapping if str(key) == name), None) or next(
        key for key in mapping if normalise(str(key)) == name
    )


def _dated(text: str, checked: date) -> str:
    """The date of the comment in the head, before anything else."""
    head = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*").match(text)
    end = head.end() if head else 0
    return _CHECKED.sub(rf"\g<1>{checked:%Y-%m-%d}", text[:end]) + text[end:]
