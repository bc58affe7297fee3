"""Whether a file still parses after a merge, by the format that its name says."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.base.parsers import NestingError, read_json, read_toml
from new_ops_project.formats import yaml


def problem(path: str, content: bytes) -> str:
    """Why the file at `path` does not parse in the format of its suffix; '' if it does, and for other suffixes."""
    kind, parse = _PARSERS.get(PurePosixPath(path).suffix.lower(), ("", bytes))
    try:
        parse(content)
    except NestingError:
        return ""  # which no merge does
    except ValueError as error:
        return f"no longer parses as {kind}: {' '.join(str(error).split())}"
    return ""


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError for a duplicate key.

    A merge can leave the same key from both sides in one object. JSON and YAML parsers accept that, but keep only one
    of the values.
    """
    names = [name for name, _ in pairs]
    if len({*names}) < len(names):
        raise ValueError(f"{max(names, key=names.count)!r} appears twice in one object")


def _require_yaml(content: bytes) -> None:
    """Check the form, not the meaning: other programs' tags (CloudFormation, MkDocs) are fine."""
    tree = yaml.read("", content)
    if tree.problem and tree.problem not in yaml.LIMITS:
        raise ValueError(f"{tree.problem}, at line {tree.where[1]}")
    for key in tree.duplicate_keys:
        raise ValueError(f"{key.text!r} appears twice in the mapping, at line {key.line}")


_PARSERS: Mapping[str, tuple[str, Callable[[bytes], object]]] = {
    ".toml": ("TOML", lambda content: read_toml(content.decode())),
    ".json": ("JSON", lambda content: read_json(content, _refuse_duplicates)),
    ".yml": ("YAML", _require_yaml),
    ".yaml": ("YAML", _require_yaml),
}
