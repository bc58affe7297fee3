"""Whether a merged file still parses, and if not, where the template's part of it stands."""

import json
import tomllib
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

OURS, BASE, THEIRS = "your project", "old template", "new template"
KINDS = {".toml": "TOML", ".json": "JSON", ".yml": "YAML", ".yaml": "YAML"}


def problem(path: str, content: bytes) -> str:
    """Why the file at `path` does not parse as what its name says, or ''; '' for a name that says nothing."""
    kind = KINDS.get(PurePosixPath(path).suffix.lower())
    if kind is None:
        return ""
    try:
        {"TOML": _toml, "JSON": _json, "YAML": _yaml}[kind](content)
    except ValueError as error:
        return f"no longer parses as {kind}: {' '.join(str(error).split())}"
    return ""


def _toml(content: bytes) -> None:
    tomllib.loads(content.decode())


def _json(content: bytes) -> None:
    json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a key that an object holds twice: the parser would keep one and drop the other without a word."""
    names = [name for name, _ in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{min(twice)!r} stands twice in one object")


def _yaml(content: bytes) -> None:
    """Check form, not meaning: tags of other programs (CloudFormation, MkDocs) are fine."""
    import yaml

    try:
        for document in yaml.compose_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            _no_key_twice(document)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _no_key_twice(node: "yaml.Node | None") -> None:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_key_twice(item)
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"{min(twice)!r} stands twice in the mapping at line {node.start_mark.line + 1}")
        for _, value in node.value:
            _no_key_twice(value)


def as_conflict(ours: bytes, merged: bytes, parses: Callable[[bytes], bool]) -> bytes:
    """`merged` with conflict markers around what breaks it of the template's changes, or around all of them.

    The merge was clean, so what the template changes was in the user's file as it was in the old template.
    """
    old, new = ours.splitlines(keepends=True), merged.splitlines(keepends=True)
    hunks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [number for number, hunk in enumerate(hunks) if hunk[0] != "equal"]

    def written(*, marked: list[int], left_out: list[int]) -> bytes:
        parts: list[bytes] = []
        for number, (_, start, end, new_start, new_end) in enumerate(hunks):
            mine, his = old[start:end], new[new_start:new_end]
            if number in marked:
                parts += _marked(mine, his)
            else:
                parts += mine if number in left_out else his
        return b"".join(parts)

    guilty = [one for one in changes if parses(written(marked=[], left_out=[one]))][:1]
    return written(marked=guilty or changes, left_out=[])


def _marked(mine: list[bytes], his: list[bytes]) -> list[bytes]:
    ending = b"\r\n" if any(line.endswith(b"\r\n") for line in (*mine, *his)) else b"\n"

    def mark(sign: str, label: str = "") -> bytes:
        return f"{sign * 7} {label}".rstrip().encode() + ending

    mine, his = _ended(mine, ending), _ended(his, ending)
    return [mark("<", OURS), *mine, mark("|", BASE), *mine, mark("="), *his, mark(">", THEIRS)]


def _ended(lines: list[bytes], ending: bytes) -> list[bytes]:
    """The lines with an end after the last, so that the marker after it begins a line."""
    return [*lines[:-1], lines[-1] + ending] if lines and not lines[-1].endswith(b"\n") else lines
