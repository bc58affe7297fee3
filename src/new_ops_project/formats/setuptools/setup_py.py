"""The literal keywords that setup.py passes to setup(), read from its syntax: none of it runs."""

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.document import Document, Files, decoded
from new_ops_project.formats.python import last_name, parse

FOUND = "find:"  # the value of `packages` where setuptools looks for them, as setup.cfg spells it


@dataclass(frozen=True)
class Computed:
    """A value that only setuptools knows when it builds; `text` is what is written there."""

    text: str


def keywords(files: Files) -> Document:
    """Read setup.py as {keyword: value}; empty where there is no setup.py.

    A value that is no literal is `Computed`, except the name of a string and a call of find_packages(). What `**` adds
    is `Computed` under a key such as `**more`; so is `setup()` where it is called twice.
    """
    path = "setup.py"
    if path not in files:
        return Document(path)
    text = decoded(files[path])
    try:
        tree = parse(files[path])
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node.func) == "setup"]
        if not calls:
            return Document(path, text, problem=f"{path} does not call setup()")
        strings = _strings(tree)
        given = {each.arg or f"**{ast.unparse(each.value)}"[:60]: each.value for each in calls[0].keywords}
        values = {name: _value(node, strings) for name, node in given.items()}
        lines: dict[tuple[str | int, ...], int] = {(name,): node.lineno for name, node in given.items()}
    except (SyntaxError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return Document(path, text, problem=f"{path}{line} does not parse as Python")
    if len(calls) > 1:
        values["setup()"], lines["setup()",] = Computed("it is called more than once"), calls[1].lineno
    return Document(path, text, values, lines)


def _strings(tree: ast.Module) -> dict[str, ast.expr]:
    """The strings that the module names: `exec`, `import *` and whatever else binds the name make it unknown."""
    stored = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
    aliases = [node for node in ast.walk(tree) if isinstance(node, ast.alias)]
    bound = Counter([*stored, *(alias.asname or alias.name for alias in aliases)])
    called = {last_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if "*" in bound or called & {"exec", "execfile", "globals", "locals", "vars"}:
        return {}
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name) and bound[target.id] == 1
    }


def _value(node: ast.expr, strings: Mapping[str, ast.expr]) -> Any:
    if isinstance(node, ast.Name):
        node = strings.get(node.id, node)
    if isinstance(node, ast.Call) and last_name(node.func) == "find_packages":
        return FOUND
    try:
        return _listed(ast.literal_eval(node))
    except (ValueError, TypeError, MemoryError, RecursionError):
        return Computed(" ".join(ast.unparse(node).split())[:80])


def _listed(value: Any) -> Any:
    """The value with a list for each tuple, as TOML has it."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value
