"""The evaluation of expressions in a Python file that stand for paths, relative to the file's own folder.

A small abstract interpreter: it follows names that are bound once, attributes that are assigned once, functions that
are one `return`, and the calls of pathlib, os.path and importlib.resources that make paths from paths. Where a part is
known only at run time, the value is open: it has the folder up to that part. Anything else has no value (None), so that
the analysis says too little rather than something wrong.
"""

import ast
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from new_ops_project.project.promotion.program.names import Function, block_nodes, bound_names, dotted, imported_names

SELF = "\0"  # stands for the name of the file itself, which differs before and after the move


@dataclass(frozen=True)
class PathValue:
    """A path that an expression stands for."""

    text: str  # '' for the file's own folder
    line: int
    beside: bool = False  # relative to the file's folder, not to the current folder
    is_open: bool = False  # a part that only a run knows follows
    is_path: bool = False  # used as a path; otherwise a string that may mean anything


@dataclass(frozen=True)
class PathScope:
    """What names stand for in a block: expressions, each with the scope that it is evaluated in.

    A name maps to None where the block binds it to something unknown, which hides an outer name of the same spelling.
    """

    known: Mapping[str, str]  # imported names with their full names
    values: "Mapping[str, tuple[ast.expr, PathScope] | PathValue | None]"
    attributes: "Mapping[str, tuple[ast.expr, PathScope]]"
    functions: Mapping[str, ast.expr]  # what a function that is one `return` returns, by its name
    parameters: Mapping[str, tuple[str, ...]]  # the parameters of those functions
    loads: frozenset[str]  # names and attributes that the file reads anywhere
    depth: int = 0


_MAX_DEPTH = 20  # of names that stand for names: `a = b; b = a` must end


# Scopes


def module_scope(tree: ast.Module) -> PathScope:
    """What names stand for at the top level of a file."""
    reads = [node for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Load)]
    loads = {node.id for node in reads if isinstance(node, ast.Name)}
    loads |= {node.attr for node in reads if isinstance(node, ast.Attribute)}
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and _returned(node)}
    attributes: dict[str, tuple[ast.expr, PathScope]] = {}
    empty = PathScope(imported_names(tree), {}, attributes, {}, {}, frozenset(loads))
    scope = replace(
        empty,
        functions={name: value for name, node in helpers.items() if (value := _returned(node))},
        parameters={name: tuple(arg.arg for arg in node.args.args) for name, node in helpers.items()},
    )
    scope = block_scope(scope, tree.body, ())
    # The scopes above share this dictionary: attributes are evaluated in the module's scope, which needs them itself.
    attributes |= _attributes(tree, scope)
    return scope


def _returned(function: Function) -> ast.expr | None:
    """What a function returns, if returning it is all that it does."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    is_plain = len(body) == 1 and not function.decorator_list and not (function.args.vararg or function.args.kwonlyargs)
    return body[0].value if is_plain and isinstance(body[0], ast.Return) else None


def block_scope(scope: PathScope, body: Iterable[ast.stmt], parameters: Iterable[str]) -> PathScope:
    """The scope of a block: a name that it binds once, by an assignment, stands for its value.

    A name that is bound more often may have any of its values, so it stands for nothing. Parameters start with two, as
    each call binds them again.
    """
    times: dict[str, int] = dict.fromkeys(parameters, 2)
    values: dict[str, ast.expr] = {}
    for node in block_nodes(body):
        for name in bound_names(node):
            times[name] = times.get(name, 0) + 1
        if (target := assigned_name(node)) and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            values[target] = node.value
    merged: dict[str, tuple[ast.expr, PathScope] | PathValue | None] = {**scope.values, **dict.fromkeys(times)}
    # `inner` refers to `merged`, which gets the values last, so that each value is evaluated in the scope with all of
    # them: a function may use a name that the module defines further down.
    inner = replace(scope, values=merged)
    merged |= {name: (value, inner) for name, value in values.items() if times[name] == 1}
    return inner


def assigned_name(node: ast.AST) -> str:
    """The name that an assignment to one name defines; '' for any other node."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _attributes(tree: ast.Module, scope: PathScope) -> dict[str, tuple[ast.expr, PathScope]]:
    """The values of attributes that the file assigns once: in the body of a class, or as self.NAME.

    The class of an object is not known, so an attribute is only identified by its name: a second assignment to the same
    name anywhere makes it unknown.
    """
    assigned: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            assigned += [(name, it.value) for it in node.body if (name := assigned_name(it)) and it.value]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            assigned.append((node.targets[0].attr, node.value))
    names = [name for name, _ in assigned]
    return {name: (value, scope) for name, value in assigned if names.count(name) == 1}


# Expressions


def path_of(node: ast.expr, scope: PathScope) -> PathValue | None:
    """The path that an expression stands for, or None."""
    if scope.depth > _MAX_DEPTH:
        return None
    evaluate = _EVALUATE.get(type(node))
    return evaluate(node, scope) if evaluate else None


def _of_constant(node: ast.Constant, scope: PathScope) -> PathValue | None:  # noqa: ARG001
    return PathValue(node.value, node.lineno) if isinstance(node.value, str) else None


def _of_name(node: ast.Name, scope: PathScope) -> PathValue | None:
    if node.id == "__file__":
        return PathValue(SELF, node.lineno, beside=True, is_path=True)
    bound = scope.values.get(node.id)
    path = path_of(bound[0], replace(bound[1], depth=scope.depth + 1)) if isinstance(bound, tuple) else bound
    # The line to show is that of the file's name: where HERE is used, but where CONFIG = "x.yml" is defined.
    return replace(path, line=node.lineno) if path and path.text in {"", SELF} else path


def _of_operation(node: ast.BinOp, scope: PathScope) -> PathValue | None:
    if isinstance(node.op, ast.Div):
        return _joined([node.left, node.right], scope)
    return _concatenated([node.left, node.right], scope) if isinstance(node.op, ast.Add) else None


def _of_fstring(node: ast.JoinedStr, scope: PathScope) -> PathValue | None:
    return _concatenated([it.value if isinstance(it, ast.FormattedValue) else it for it in node.values], scope)


def _of_attribute(node: ast.Attribute, scope: PathScope) -> PathValue | None:
    if node.attr == "parent" and (path := path_of(node.value, scope)):
        return _parent(path)
    if isinstance(node.value, ast.Name) and node.attr in scope.attributes and node.value.id not in scope.known:
        value, where = scope.attributes[node.attr]
        return path_of(value, replace(where, depth=scope.depth + 1))
    return None


def _of_subscript(node: ast.Subscript, scope: PathScope) -> PathValue | None:
    """Path.parents[N] and os.path.split(...)[0]."""
    index = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(index, int) or not 0 <= index <= _MAX_DEPTH:
        return None
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        path = path_of(node.value.value, scope)
        for _ in range(index + 1):
            path = _parent(path) if path else None
        return path
    if isinstance(node.value, ast.Call) and dotted(node.value.func, scope.known) == "os.path.split" and index == 0:
        path = path_of(node.value.args[0], scope) if node.value.args else None
        return _parent(path) if path else None
    return None


def _parent(path: PathValue) -> PathValue | None:
    """The folder above; `..` where that is above the file's own folder."""
    if path.is_open or (not path.beside and not path.text):
        return path if path.beside else None
    if path.beside and (not path.text or path.text.endswith("..")):
        return replace(path, text=posixpath.join(path.text, ".."))
    return replace(path, text=posixpath.dirname(path.text))


# Functions that return their argument, or another form of the same path.
_IDENTITIES = {
    "str",
    "os.fspath",
    "os.path.abspath",
    "os.path.realpath",
    "os.path.normpath",
    "os.path.expanduser",
    "importlib.resources.as_file",
}
_JOINS = {"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath", "os.path.join"}
_METHODS = {"resolve", "absolute", "expanduser", "as_posix", "__str__"}
_READS = ("files", "read_text", "read_binary", "open_text", "open_binary", "path", "contents")
_RESOURCES = {f"importlib.resources.{name}" for name in _READS}
_RESOURCES |= {"pkgutil.get_data", "inspect.getfile", "inspect.getsourcefile"}


def _of_call(node: ast.Call, scope: PathScope) -> PathValue | None:
    name = dotted(node.func, scope.known).replace("importlib_resources.", "importlib.resources.")
    if name in _JOINS:
        return _joined(node.args, scope)
    if name in _IDENTITIES or name == "os.path.dirname":
        path = path_of(node.args[0], scope) if node.args else None
        return _parent(path) if path and name == "os.path.dirname" else path
    if name in _RESOURCES:
        return _of_resource(node, scope)
    if isinstance(node.func, ast.Name) and node.func.id in scope.functions:
        return _of_helper(node.func.id, node, scope)
    return _of_method(node.func, node, scope) if isinstance(node.func, ast.Attribute) else None


def _of_resource(node: ast.Call, scope: PathScope) -> PathValue | None:
    """The file of the running code (inspect), or a path in the package that it is in (importlib.resources)."""
    if dotted(node.func, scope.known).startswith("inspect."):
        return PathValue(SELF, node.lineno, beside=True, is_path=True)
    is_own = not node.args or (isinstance(node.args[0], ast.Name) and node.args[0].id in {"__package__", "__name__"})
    return _after(PathValue("", node.lineno, beside=True, is_path=True), node.args[1:], scope) if is_own else None


def _of_helper(name: str, node: ast.Call, scope: PathScope) -> PathValue | None:
    """The result of a function that is one `return`, with the arguments of this call."""
    given = dict(zip(scope.parameters[name], node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    bound = {
        parameter: path_of(given[parameter], scope) if parameter in given else None
        for parameter in scope.parameters[name]
    }
    inner = replace(scope, values={**scope.values, **bound}, depth=scope.depth + 1)
    path = path_of(scope.functions[name], inner)
    return replace(path, line=node.lineno) if path else None


def _of_method(func: ast.Attribute, node: ast.Call, scope: PathScope) -> PathValue | None:
    if func.attr not in {*_METHODS, "joinpath", "with_name", "with_suffix", "with_stem"}:
        return None
    path = path_of(func.value, scope)
    if not path or func.attr in _METHODS:
        return path
    if func.attr == "joinpath":
        return _after(path, node.args, scope)
    if func.attr == "with_name":
        parent = _parent(path)
        return _after(parent, node.args, scope) if parent else None
    # `?` marks a name that is made from the file's own: such a name is another doubt than the file's own name itself.
    stem = posixpath.splitext(path.text)[0]
    return replace(path, text=f"{stem}.?" if SELF in path.text else stem, is_open=SELF not in path.text)


def _joined(nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    first = path_of(nodes[0], scope) if nodes else None
    return _after(replace(first, is_path=True), nodes[1:], scope) if first else None


def _after(path: PathValue, nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    """The path with these parts joined to it, up to the first part that is not known.

    A part that is itself beside the file starts again from there, as an absolute path does in os.path.join.
    """
    for node in nodes:
        part = path_of(node, scope)
        if path.is_open or (part and part.beside):
            return part if part and part.beside else path
        if not part:
            return replace(path, is_open=True)
        text = posixpath.normpath(posixpath.join(path.text, part.text))
        path = replace(
            path,
            text="" if text == "." else text,
            line=part.line,
            is_open=part.is_open,
            beside=path.beside and not part.text.startswith("/"),
        )
    return path


def _concatenated(nodes: list[ast.expr], scope: PathScope) -> PathValue | None:
    """The path that a concatenation of strings begins with, up to the last `/` before a part that is not known."""
    path = path_of(nodes[0], scope) if nodes else None
    for node in nodes[1:]:
        part = path_of(node, scope) if path else None
        if not path or path.is_open:
            return path
        if not part:
            return replace(
                path, text=path.text.rpartition("/")[0] if SELF not in path.text else path.text + "?", is_open=True
            )
        if part.beside and path.text:
            return replace(path, is_open=True)
        text = path.text + part.text
        path = replace(path, text=text.lstrip("/") if path.beside else text, line=part.line, is_open=part.is_open)
    return path


_EVALUATE: dict[type[ast.expr], Callable[[Any, PathScope], PathValue | None]] = {
    ast.Constant: _of_constant,
    ast.Name: _of_name,
    ast.Attribute: _of_attribute,
    ast.Subscript: _of_subscript,
    ast.BinOp: _of_operation,
    ast.JoinedStr: _of_fstring,
    ast.Call: _of_call,
}
