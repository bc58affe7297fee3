"""The names in a Python file, resolved through its imports to dotted names."""

import ast
from collections.abc import Iterable, Iterator, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef


def imported_names(tree: ast.AST) -> dict[str, str]:
    """The full dotted name of each name that an absolute import anywhere in the tree binds."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or _top(alias.name): _bound_module(alias) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _bound_module(alias: ast.alias) -> str:
    return alias.name if alias.asname else _top(alias.name)


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def imported_modules(tree: ast.AST) -> tuple[str, ...]:
    """The top-level modules that absolute imports and import_module("...") name, in the order of the text."""
    known = imported_names(tree)
    lines: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            lines += [(node.lineno, _top(alias.name)) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            lines.append((node.lineno, _top(node.module)))
        elif isinstance(node, ast.Call) and is_import(node, known) and (name := string_value(first_argument(node))):
            lines.append((node.lineno, _top(name)))
    return tuple(dict.fromkeys(name for _, name in sorted(lines, key=lambda item: item[0]) if name))


_IMPORTERS = {"importlib.import_module", "__import__", "runpy.run_module"}


def is_import(call: ast.Call, known: Mapping[str, str]) -> bool:
    """Whether a call imports the module that its first argument names."""
    return dotted(call.func, known) in _IMPORTERS


def first_argument(call: ast.Call) -> ast.expr | None:
    """The first argument of a call, if it has one."""
    return call.args[0] if call.args else None


def string_value(node: ast.expr | None) -> str:
    """The value of a string literal; '' for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def dotted(node: ast.expr, known: Mapping[str, str]) -> str:
    """The dotted name that an expression such as `a.b.c` is, with an imported `a` replaced by its full name, or ''.

    `known` is the result of `imported_names`.
    """
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (before := dotted(node.value, known)):
        return f"{before}.{node.attr}"
    return ""


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """The docstrings, and other strings that are statements of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and string_value(node.value):
            yield node.value


def block_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a block, without the contents of functions and classes in it, which are scopes of their own."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from block_nodes(ast.iter_child_nodes(node))


def bound_names(node: ast.AST) -> list[str]:
    """The names that a node itself binds.

    Names in `global` and `nonlocal` count twice: they are bound elsewhere too, so nobody may take them for constant.
    """
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or _top(alias.name) for alias in node.names]
    return list(node.names) * 2 if isinstance(node, (ast.Global, ast.Nonlocal)) else []
