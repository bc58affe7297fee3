"""The keywords that setup.py passes to setup(), read from its syntax: none of it runs."""

import ast
from collections.abc import Iterator
from typing import Any

from new_ops_project.formats.document import Document, Files, decoded
from new_ops_project.formats.python import last_name, parse
from new_ops_project.formats.setuptools.evaluation import Evaluator
from new_ops_project.formats.setuptools.scope import scope
from new_ops_project.formats.setuptools.values import Computed


def keywords(files: Files) -> Document:
    """Read setup.py as {keyword: value}; empty where there is no setup.py.

    A value that the syntax alone does not give is `Computed`.
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
        return _document(text, calls, Evaluator(files, scope(tree)))
    except (SyntaxError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return Document(path, text, problem=f"{path}{line} does not parse as Python")


def _document(text: str, calls: list[ast.Call], evaluator: Evaluator) -> Document:
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    for name, node in _arguments(calls[0], evaluator):
        data[name] = evaluator.evaluate(node)
        lines[(name,)] = evaluator.line(node)
    if len(calls) > 1:
        data["setup"] = Computed("setup() is called more than once")
        lines["setup",] = calls[1].lineno
    return Document("setup.py", text, data, lines)


def _arguments(call: ast.Call, evaluator: Evaluator) -> Iterator[tuple[str, ast.expr]]:
    """Each keyword with its expression, also those in `**name` and `**dict(...)`."""
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value
            continue
        mapping = evaluator.bound(keyword.value)
        if isinstance(mapping, ast.Dict) and all(isinstance(key, ast.Constant) for key in mapping.keys):
            yield from (
                (str(key.value), value)
                for key, value in zip(mapping.keys, mapping.values, strict=True)
                if isinstance(key, ast.Constant)
            )
        elif isinstance(mapping, ast.Call) and last_name(mapping.func) == "dict":
            yield from _arguments(mapping, evaluator)
        else:
            yield f"**{ast.unparse(keyword.value)}"[:60], keyword.value
