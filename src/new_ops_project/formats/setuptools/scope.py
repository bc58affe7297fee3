"""The names in setup.py that its syntax alone gives a value."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SetupScope:
    """`values` by name, `functions` by name, and the names that are `changed` later, whose value is unknown."""

    values: Mapping[str, ast.expr]
    functions: Mapping[str, ast.FunctionDef]
    changed: frozenset[str]


def scope(tree: ast.Module) -> SetupScope:
    """The names of the module. A name bound in an `if`, bound twice or changed in place counts as changed."""
    values: dict[str, ast.expr] = {}
    changed: set[str] = set()
    for name, value in bindings(tree.body):
        if value is None or (name in values and ast.dump(values[name]) != ast.dump(value)):
            changed.add(name)
        else:
            values[name] = value
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if docstring := ast.get_docstring(tree, clean=False):
        values.setdefault("__doc__", ast.Constant(docstring))
    values.setdefault("__file__", ast.Constant("setup.py"))
    return SetupScope(values, functions, frozenset(changed))


def bindings(body: Sequence[ast.stmt], *, certain: bool = True) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that a statement binds, with its value; with None where the value is changed or uncertain.

    Uncertain are branches and loops, except the `if __name__` guard, which is true when setup.py runs.
    """
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from (_target(target, value if certain else None) for target in targets)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _target(target, value if certain else None)
            case ast.AugAssign(target=target) | ast.Expr(value=ast.Call(func=ast.Attribute(value=target))):
                yield _target(target, None)
            case ast.With(items=items, body=inner):
                yield from (_target(item.optional_vars, item.context_expr) for item in items if item.optional_vars)
                yield from bindings(inner, certain=certain)
            case ast.Try(body=inner, finalbody=last):
                yield from bindings([*inner, *last], certain=certain)
            case ast.If(test=test, body=inner, orelse=other):
                yield from bindings([*inner, *other], certain=certain and _is_guard(test))
            case ast.For(body=inner) | ast.While(body=inner) | ast.FunctionDef(body=inner, name="main"):
                yield from bindings(inner, certain=isinstance(node, ast.FunctionDef))


def _is_guard(test: ast.expr) -> bool:
    return "__name__" in ast.unparse(test)


def _target(node: ast.expr, value: ast.expr | None) -> tuple[str, ast.expr | None]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node, value = node.value, None
    return (node.id, value) if isinstance(node, ast.Name) else ("", None)
