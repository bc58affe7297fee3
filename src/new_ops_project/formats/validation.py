"""Whether a merged file still parses."""

import json
import tomllib
from collections.abc import Iterable
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
    except RecursionError:
        return ""  # nested too deeply to judge
    except ValueError as error:
        return f"no longer parses as {kind}: {' '.join(str(error).split())}"
    return ""


def _toml(content: bytes) -> None:
    tomllib.loads(content.decode())


def _json(content: bytes) -> None:
    json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a key that an object holds twice: the parser would keep one and drop the other without a word."""
    if twice := _twice(name for name, _ in pairs):
        raise ValueError(f"{twice!r} stands twice in one object")


def _twice(names: Iterable[str]) -> str:
    """The first name that was there before, or ''."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def _yaml(content: bytes) -> None:
    """Check form, not meaning: tags of other programs (CloudFormation, MkDocs) are fine."""
    import yaml

    try:
        for document in yaml.compose_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            _no_key_twice(document, set())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _no_key_twice(node: "yaml.Node | None", seen: set[int]) -> None:
    """Look at each node once: an anchor can be used many times, also below itself."""
    import yaml

    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_key_twice(item, seen)
    if isinstance(node, yaml.MappingNode):
        keys = (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<")
        if twice := _twice(keys):
            raise ValueError(f"{twice!r} stands twice in the mapping at line {node.start_mark.line + 1}")
        for _, value in node.value:
            _no_key_twice(value, seen)
