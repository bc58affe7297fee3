"""Whether a file still parses after a merge, by the format that its name says."""

import json
import tomllib
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.formats import yaml

KINDS = {".toml": "TOML", ".json": "JSON", ".yml": "YAML", ".yaml": "YAML"}


def problem(path: str, content: bytes) -> str:
    """Why the file at `path` does not parse in the format of its suffix; '' if it does, and for other suffixes."""
    kind = KINDS.get(PurePosixPath(path).suffix.lower())
    try:
        if kind == "TOML":
            tomllib.loads(content.decode())
        elif kind == "JSON":
            json.loads(content, object_pairs_hook=_refuse_duplicates)
        elif kind == "YAML":
            _require_yaml(content)
    except RecursionError:
        return ""  # nested too deeply to judge
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
    if tree.problem and tree.problem != yaml.TOO_DEEP:
        raise ValueError(f"{tree.problem}, at line {tree.where[1]}")
    for key in tree.duplicate_keys:
        raise ValueError(f"{key.text!r} appears twice in the mapping, at line {key.line}")
    for anchor in tree.duplicate_anchors:  # not every parser accepts that
        raise ValueError(f"the anchor {anchor!r} appears twice")
