"""Whether a merged file still parses."""

import json
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

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
