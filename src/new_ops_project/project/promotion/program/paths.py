"""The paths that expressions in a Python file stand for, seen from the file's own folder."""

import ast
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from new_ops_project.project.promotion.program.names import Function, block_nodes, bound_names, dotted, imported_names

SELF = "\0"  # stands for the name of the file itself, which is not known


@dataclass(frozen=True)
class PathValue:
    """A path that an expression stands for. Beside: relative to the file's folder, which is ''."""

    text: str
    line: int
    beside: bool = False
    is_open: bool = False  # something that only a run can tell follows
    is_path: bool = False  # more than a string that may be anything


@dataclass(frozen=True)
class PathScope:
    """What names stand for at one place: expressions, each with the scope that it is evaluated in."""

    known: Mapping[str, str]
    values: "Mapping[str, tuple[ast.expr, PathScope] | PathValue | None]"
    attributes: "Mapping[str, tuple[ast.expr, PathScope]]"
    functions: Mapping[str, ast.expr]  # what a function that is one `return` returns, by its name
    parameters: Mapping[str, tuple[str, ...]]
    loads: frozenset[str]
    depth: int = 0


_DEEP = 20  # names that stand for names; a cycle ends here


# Scopes


def module_scope(tree: ast.Module) -> PathScope:
    """What names stand for at the top level of a file."""
    used = [it for it in ast.walk(tree) if isinstance(getattr(it, "ctx", None), ast.Load)]
    loads = {it.id for it in used if isinstance(it, ast.Name)} | {
        it.attr for it in used if isinstance(it, ast.Attribute)
    }
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and _returned(node)}
    attributes: dict[str, tuple[ast.expr, PathScope]] = {}
    empty = PathScope(imported_names(tree), {}, attributes, {}, {}, frozenset(loads))
    scope = replace(
        empty,
        functions={name: value for name, node in helpers.items() if (value := _returned(node))},
        parameters={name: tuple(arg.arg for arg in node.args.args) for name, node in helpers.items()},
    )
    scope = block_scope(scope, tree.body, ())
    attributes |= _attributes(tree, scope)
    return scope


def _returned(function: Function) -> ast.expr | None:
    """What a function returns that does nothing else."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    is_plain = len(body) == 1 and not function.decorator_list and not (function.args.vararg or function.args.kwonlyargs)
    return body[0].value if is_plain and isinstance(body[0], ast.Return) else None


def block_scope(scope: PathScope, body: Iterable[ast.stmt], parameters: Iterable[str]) -> PathScope:
    """The scope of a block: names that it binds once, by an assignment, stand for their value."""
    times: dict[str, int] = dict.fromkeys(parameters, 2)
    values: dict[str, ast.expr] = {}
    for node in block_nodes(body):
        for name in bound_names(node):
            times[name] = times.get(name, 0) + 1
        if (target := assigned_name(node)) and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            values[target] = node.value
    merged: dict[str, tuple[ast.expr, PathScope] | PathValue | None] = {**scope.values, **dict.fromkeys(times)}
    inner = replace(scope, values=merged)
    merged |= {name: (value, inner) for name, value in values.items() if times[name] == 1}
    return inner


def assigned_name(node: ast.AST) -> str:
    """The name that an assignment defines, if it is one."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _attributes(tree: ast.Module, scope: PathScope) -> dict[str, tuple[ast.expr, PathScope]]:
    """What attributes stand for that are assigned once in the file: in a class, or as self.NAME."""
    found: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found += [(name, it.value) for it in node.body if (name := assigned_name(it)) and it.value]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            found.append((node.targets[0].attr, node.value))
    names = [name for name, _ in found]
    return {name: (value, scope) for name, value in found if names.count(name) == 1}


# What an expression stands for


def path_of(node: ast.expr, scope: PathScope) -> PathValue | None:
    """The path that an expression stands for, or None."""
    if scope.depth > _DEEP:
        return None
    evaluate = _EVALUATE.get(type(node))
    return evaluate(node, scope) if evaluate else None


def _of_constant(node: ast.Constant, scope: PathScope) -> PathValue | None:  # noqa: ARG001
    return PathValue(node.value, node.lineno) if isinstance(node.value, str) else None


def _of_name(node: ast.Name, scope: PathScope) -> PathValue | None:
    if node.id == "__file__":
        return PathValue(SELF, node.lineno, beside=True, is_path=True)
    bound = scope.values.get(node.id)
    place = path_of(bound[0], replace(bound[1], depth=scope.depth + 1)) if isinstance(bound, tuple) else bound
    return replace(place, line=node.lineno) if place and place.text in {"", SELF} else place


def _of_operation(node: ast.BinOp, scope: PathScope) -> PathValue | None:
    if isinstance(node.op, ast.Div):
        return _joined([node.left, node.right], scope)
    return _concatenated([node.left, node.right], scope) if isinstance(node.op, ast.Add) else None


def _of_fstring(node: ast.JoinedStr, scope: PathScope) -> PathValue | None:
    return _concatenated([it.value if isinstance(it, ast.FormattedValue) else it for it in node.values], scope)


def _of_attribute(node: ast.Attribute, scope: PathScope) -> PathValue | None:
    if node.attr == "parent" and (place := path_of(node.value, scope)):
        return _parent(place)
    if isinstance(node.value, ast.Name) and node.attr in scope.attributes and node.value.id not in scope.known:
        value, where = scope.attributes[node.attr]
        return path_of(value, replace(where, depth=scope.depth + 1))
    return None


def _of_subscript(node: ast.Subscript, scope: PathScope) -> PathValue | None:
    """Path.parents[N] and os.path.split(...)[0]."""
    index = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(index, int) or not 0 <= index <= _DEEP:
        return None
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        place = path_of(node.value.value, scope)
        for _ in range(index + 1):
            place = _parent(place) if place else None
        return place
    if isinstance(node.value, ast.Call) and dotted(node.value.func, scope.known) == "os.path.split" and index == 0:
        place = path_of(node.value.args[0], scope) if node.value.args else None
        return _parent(place) if place else None
    return None


def _parent(place: PathValue) -> PathValue | None:
    if place.is_open or (not place.beside and not place.text):
        return place if place.beside else None
    if place.beside and (not place.text or place.text.endswith("..")):
        return replace(place, text=posixpath.join(place.text, ".."))
    return replace(place, text=posixpath.dirname(place.text))


_SAME = {
    "str",
    "os.fspath",
    "os.path.abspath",
    "os.path.realpath",
    "os.path.normpath",
    "os.path.expanduser",
    "importlib.resources.as_file",
}
_MADE = {"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath", "os.path.join"}
_METHODS = {"resolve", "absolute", "expanduser", "as_posix", "__str__"}
_READS = ("files", "read_text", "read_binary", "open_text", "open_binary", "path", "contents")
_RESOURCES = {f"importlib.resources.{name}" for name in _READS}
_RESOURCES |= {"pkgutil.get_data", "inspect.getfile", "inspect.getsourcefile"}


def _of_call(node: ast.Call, scope: PathScope) -> PathValue | None:
    name = dotted(node.func, scope.known).replace("importlib_resources.", "importlib.resources.")
    if name in _MADE:
        return _joined(node.args, scope)
    if name in _SAME or name == "os.path.dirname":
        place = path_of(node.args[0], scope) if node.args else None
        return _parent(place) if place and name == "os.path.dirname" else place
    if name in _RESOURCES:
        return _of_resource(node, scope)
    if isinstance(node.func, ast.Name) and node.func.id in scope.functions:
        return _of_helper(node.func.id, node, scope)
    return _of_method(node.func, node, scope) if isinstance(node.func, ast.Attribute) else None


def _of_resource(node: ast.Call, scope: PathScope) -> PathValue | None:
    """What inspect.getfile says of the running code, and importlib.resources of the package that it is in."""
    if dotted(node.func, scope.known).startswith("inspect."):
        return PathValue(SELF, node.lineno, beside=True, is_path=True)
    is_own = not node.args or (isinstance(node.args[0], ast.Name) and node.args[0].id in {"__package__", "__name__"})
    return _after(PathValue("", node.lineno, beside=True, is_path=True), node.args[1:], scope) if is_own else None


def _of_helper(name: str, node: ast.Call, scope: PathScope) -> PathValue | None:
    """What a function of the file that is one `return` makes of these arguments."""
    given = dict(zip(scope.parameters[name], node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    bound = {
        parameter: path_of(given[parameter], scope) if parameter in given else None
        for parameter in scope.parameters[name]
    }
    inner = replace(scope, values={**scope.values, **bound}, depth=scope.depth + 1)
    place = path_of(scope.functions[name], inner)
    return replace(place, line=node.lineno) if place else None


def _of_method(func: ast.Attribute, node: ast.Call, scope: PathScope) -> PathValue | None:
    if func.attr not in {*_METHODS, "joinpath", "with_name", "with_suffix", "with_stem"}:
        return None
    place = path_of(func.value, scope)
    if not place or func.attr in _METHODS:
        return place
    if func.attr == "joinpath":
        return _after(place, node.args, scope)
    if func.attr == "with_name":
        parent = _parent(place)
        return _after(parent, node.args, scope) if parent else None
    stem = posixpath.splitext(place.text)[0]
    return replace(place, text=f"{stem}.?" if SELF in place.text else stem, is_open=SELF not in place.text)


def _joined(nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    first = path_of(nodes[0], scope) if nodes else None
    return _after(replace(first, is_path=True), nodes[1:], scope) if first else None


def _after(place: PathValue, nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    """The path with these parts joined to it."""
    for node in nodes:
        part = path_of(node, scope)
        if place.is_open or (part and part.beside):
            return part if part and part.beside else place
        if not part:
            return replace(place, is_open=True)
        text = posixpath.normpath(posixpath.join(place.text, part.text))
        place = replace(
            place,
            text="" if text == "." else text,
            line=part.line,
            is_open=part.is_open,
            beside=place.beside and not part.text.startswith("/"),
        )
    return place


def _concatenated(nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    """The path that strings put together begin with."""
    place = path_of(nodes[0], scope) if nodes else None
    for node in nodes[1:]:
        part = path_of(node, scope) if place else None
        if not place or place.is_open:
            return place
        if not part:
            return replace(
                place, text=place.text.rpartition("/")[0] if SELF not in place.text else place.text + "?", is_open=True
            )
        if part.beside and place.text:
            return replace(place, is_open=True)
        text = place.text + part.text
        place = replace(place, text=text.lstrip("/") if place.beside else text, line=part.line, is_open=part.is_open)
    return place


_EVALUATE: dict[type[ast.expr], Callable[[Any, PathScope], PathValue | None]] = {
    ast.Constant: _of_constant,
    ast.Name: _of_name,
    ast.Attribute: _of_attribute,
    ast.Subscript: _of_subscript,
    ast.BinOp: _of_operation,
    ast.JoinedStr: _of_fstring,
    ast.Call: _of_call,
}
