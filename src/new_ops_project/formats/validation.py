"""Whether a file still parses after a merge, by the format that its name says."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import yaml

KINDS = {".toml": "TOML", ".json": "JSON", ".yml": "YAML", ".yaml": "YAML"}


def problem(path: str, content: bytes) -> str:
    """Why the file at `path` does not parse in the format of its suffix; '' if it does, and for other suffixes."""
    kind = KINDS.get(PurePosixPath(path).suffix.lower())
    if kind is None:
        return ""
    try:
        {"TOML": _toml, "JSON": _json, "YAML": _yaml}[kind](content)
    except RecursionError:
        return ""  # nested too deeply to judge
    except ValueError as error:
        return f"no longer parses as {kind}: {' '.join(str(error).split())}"
    return ""


def _toml(content: bytes) -> None:
    tomllib.loads(content.decode())


def _json(content: bytes) -> None:
    json.loads(content, object_pairs_hook=_refuse_duplicates)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError for a duplicate key.

    A merge can leave the same key from both sides in one object. JSON and YAML parsers accept that, but keep only one
    of the values.
    """
    if duplicate := _first_duplicate(name for name, _ in pairs):
        raise ValueError(f"{duplicate!r} appears twice in one object")


def _first_duplicate(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def _yaml(content: bytes) -> None:
    """Check the form, not the meaning: other programs' tags (CloudFormation, MkDocs) are fine."""
    try:
        for document in yaml.compose_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            _refuse_duplicate_keys(document, set())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _refuse_duplicate_keys(node: yaml.Node | None, seen: set[int]) -> None:
    """Raise ValueError for a duplicate key. Each node is visited once: an alias can repeat it, even below itself."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicate_keys(item, seen)
    if isinstance(node, yaml.MappingNode):
        keys = (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<")
        if duplicate := _first_duplicate(keys):
            raise ValueError(f"{duplicate!r} appears twice in the mapping at line {node.start_mark.line + 1}")
        for _, value in node.value:
            _refuse_duplicate_keys(value, seen)
