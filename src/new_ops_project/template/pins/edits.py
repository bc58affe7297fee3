"""Edits to the text of pins.yml that leave every byte alone except the values they change."""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template.pins.comparison import Edit, End, Replace
from new_ops_project.template.pins.pins_yml import load, minor

_CHECKED = re.compile(r"(?m)^(#.*\bChecked )\d{4}-\d{2}-\d{2}\b")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor or a tag before a value (YAML 1.2, 6.9)


@dataclass(frozen=True)
class _Patch:
    """Replaces the characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit], checked: date | None = None) -> str:
    """The text of pins.yml with the edits, and with the date `checked` in the comment at its top, if that has a date.

    Raises ToolError when the result would not have exactly the data that it should have.
    """
    edits, patched = tuple(edits), text
    for edit in edits:
        # Parsed again for each edit: patches of one edit do not overlap, those of two edits may.
        root = _default_node(yaml.compose(patched, Loader=yaml.SafeLoader))
        patched = _apply(patched, [*_patches(patched, root, edit)])
    _require_same_data(text, patched, edits)
    return _set_date(patched, checked) if checked else patched


def _patches(text: str, root: yaml.MappingNode, edit: Edit) -> Iterator[_Patch]:
    if isinstance(edit, Replace):
        yield _replace_scalar(text, _node(root, edit.path), edit.value)
        return
    python = _node(root, ("python",))
    yield _remove_entry(text, _node(python, ("versions",)), edit.minor)
    month = _node(python, ("versions", edit.minor, "end_of_life"))
    yield _insert_entry(text, _node(python, ("ended",)), edit.minor, str(month.value))


def _apply(text: str, patches: list[_Patch]) -> str:
    """`text` with all patches, applied from the end so that the offsets of the others stay right."""
    for patch in sorted(patches, key=lambda patch: patch.start, reverse=True):
        text = text[: patch.start] + patch.text + text[patch.end :]
    return text


# ---- one scalar ----


def _replace_scalar(text: str, node: yaml.Node, value: str) -> _Patch:
    if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
        raise _unsupported(node)
    start = node.start_mark.index
    properties = _PROPERTIES.match(text, start)
    return _Patch(properties.end() if properties else start, node.end_mark.index, _quote(value, node.style))


def _quote(value: str, style: str | None) -> str:
    """A value in the given quotes (' or " or none), or in quotes if YAML would not read it as a string without."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value) if style or yaml.safe_load(value) != value else value


# ---- one Python ----


def _remove_entry(text: str, versions: yaml.MappingNode, name: str) -> _Patch:
    """Remove one entry of a mapping: its lines in block style, itself and its comma in flow style."""
    key, value = _entry(versions, name)
    start, end = key.start_mark.index, _end(value)
    if versions.flow_style:
        comma = re.compile(r"\s*,[ \t]*(?!#)").match(text, end)  # a comment needs the space before it
        return _Patch(start, comma.end() if comma else end, "")
    line_end = text.find("\n", end)
    return _Patch(text.rfind("\n", 0, start) + 1, len(text) if line_end < 0 else line_end + 1, "")


def _insert_entry(text: str, ended: yaml.Node, name: str, month: str) -> _Patch:
    """Insert one entry into a mapping whose newest minor comes first."""
    if not isinstance(ended, yaml.MappingNode) or not ended.value:
        return _first_entry(ended, f"{json.dumps(name)}: {month}")
    sample, value = ended.value[0]
    entry = f"{_quote(name, sample.style)}: {_quote(month, value.style)}"
    older = [key for key, _ in ended.value if minor(key.value) < minor(name)]
    offset = older[0].start_mark.index if older else _end(ended.value[-1][1])
    if ended.flow_style:
        return _Patch(offset, offset, f"{entry}, " if older else f", {entry}")
    indent, line_end = " " * sample.start_mark.column, _line_end(text)
    return _Patch(offset, offset, f"{entry}{line_end}{indent}" if older else f"{line_end}{indent}{entry}")


def _first_entry(ended: yaml.Node, entry: str) -> _Patch:
    if not isinstance(ended, yaml.MappingNode):
        message = "`ended` of pins.yml is not a mapping."
        raise ToolError(message, "Write `ended: {}` below `python`, then run this again.")
    return _Patch(ended.start_mark.index, ended.end_mark.index, "{" + entry + "}")


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(node: yaml.Node) -> int:
    """The offset at which a node ends. PyYAML's end mark of a block mapping is after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


# ---- nodes by their path ----


def _default_node(root: yaml.Node | None) -> yaml.MappingNode:
    if not isinstance(root, yaml.MappingNode):
        raise ToolError("pins.yml is not a mapping.", "Fix that file first.")
    default = _node(root, ("pins", "default"))
    if not isinstance(default, yaml.MappingNode):
        raise _unsupported(default)
    return default


def _node(node: yaml.Node, path: tuple[str, ...]) -> Any:
    """The node at `path` below `node`; a package is found under any spelling of its name."""
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            raise _unsupported(node)
        node = _entry(node, name)[1]
    return node


def _entry(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node]:
    exact = [pair for pair in mapping.value if pair[0].value == name]
    normalized = [pair for pair in mapping.value if canonical_name(str(pair[0].value)) == name]
    if not exact and not normalized:
        raise ToolError(f"pins.yml has no {name!r} in line {mapping.start_mark.line + 1}.", "Add it there.")
    entry: tuple[yaml.Node, yaml.Node] = (exact or normalized)[0]
    return entry


def _unsupported(node: yaml.Node) -> ToolError:
    line = node.start_mark.line + 1
    return ToolError(f"Line {line} of pins.yml has a form that cannot be rewritten.", "Change it by hand.")


# ---- the data that the result must have ----


def _require_same_data(before: str, after: str, edits: tuple[Edit, ...]) -> None:
    """Raise ToolError unless `after` has the data of `before` with the edits, in the same order."""
    expected = _edited(load(before), edits)
    try:
        data = load(after)
    except yaml.YAMLError:
        data = None
    if json.dumps(data, default=str) != json.dumps(expected, default=str):  # dicts alone compare without their order
        raise ToolError("pins.yml has a form that cannot be rewritten safely.", "Change it by hand.")


def _edited(data: Any, edits: tuple[Edit, ...]) -> Any:
    # A deep copy keeps shared what an alias shares: an edit of the text changes it in both places too.
    data = deepcopy(data)
    for edit in edits:
        mapping = data["pins"]["default"]
        if isinstance(edit, End):
            _move_to_ended(mapping["python"], edit.minor)
            continue
        for name in edit.path[:-1]:
            mapping = mapping[_key(mapping, name)]
        mapping[_key(mapping, edit.path[-1])] = edit.value
    return data


def _move_to_ended(python: Any, name: str) -> None:
    month = str(python["versions"].pop(_key(python["versions"], name))["end_of_life"])
    ended = {**(python["ended"] or {}), name: month}
    names = list(python["ended"] or {})
    position = next((index for index, key in enumerate(names) if minor(str(key)) < minor(name)), len(names))
    names.insert(position, name)
    python["ended"] = {key: ended[key] for key in names}


def _key(mapping: Any, name: str) -> Any:
    """The key as it is in the file, where 3.14 may be a number and a package may have another spelling."""
    return next((key for key in mapping if str(key) == name), None) or next(
        key for key in mapping if canonical_name(str(key)) == name
    )


def _set_date(text: str, checked: date) -> str:
    """`text` with another date in the comment at its top."""
    head = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*").match(text)
    end = head.end() if head else 0
    return _CHECKED.sub(rf"\g<1>{checked:%Y-%m-%d}", text[:end]) + text[end:]
