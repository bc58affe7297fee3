"""The data files that a Python file names, relative to itself or to the current folder.

Only what is certain counts: expressions that are put together from `__file__`, names that are bound once in the file,
and literal strings. Whatever else the code makes of its own path is a doubt, for a person to look at.
"""

import ast
import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from new_ops_project.formats.python import Syntax, is_guard


@dataclass(frozen=True)
class DataFile:
    """A file or folder that the code names, relative to the folder the code is in."""

    path: str  # posix, without a leading ./
    line: int
    beside: bool  # relative to __file__, not to the current folder


@dataclass(frozen=True)
class Doubt:
    """Something that the analysis cannot follow, as a clause for people."""

    line: int
    text: str


@dataclass(frozen=True)
class _Paths:
    """A file with the names in it that stand for a path relative to the file."""

    syntax: Syntax
    names: dict[str, str]
    passed: set[str]  # of these, the names of the folder or the file itself that count where they are used


_OWN = _SELF, _FOLDER = "\0", "."  # the file itself, whose name differs before and after the move, and its folder


def find_data(syntax: Syntax, exists: Callable[[str], bool]) -> tuple[tuple[DataFile, ...], tuple[Doubt, ...]]:
    """The tracked files that the code names, and what it does with its own path that cannot be followed."""
    paths = _paths(syntax)
    # After os.chdir(dirname(__file__)), every relative path is one beside the file.
    changes = [it for it in syntax.nodes(ast.Call) if syntax.qualified_name(it.func) == "os.chdir"]
    is_there = any(_beside(argument, paths) == _FOLDER for call in changes for argument in call.args)
    files: dict[tuple[str, bool], DataFile] = {}
    doubts: dict[Doubt, None] = {}
    for path, line, is_beside in _named(syntax.tree, paths):
        beside = is_beside or is_there
        if path != _FOLDER and not path.startswith(("/", "..")) and _SELF not in path and exists(path):
            files.setdefault((path, beside), DataFile(path, line, beside))
        elif is_beside:
            doubts[Doubt(line, _doubt(path))] = None
    return tuple(files.values()), tuple(doubts)


def _doubt(path: str) -> str:
    if _SELF in path:
        return "uses the name of its own file"
    if path == _FOLDER:
        return "uses the folder of the code, which will be inside an installed package"
    if path.startswith(".."):
        return f"names {path} relative to the folder of the code, which moves"
    return f"names {path} beside the code, which will be inside an installed package"


def _paths(syntax: Syntax) -> _Paths:
    """The file with the names that it binds once, by an assignment outside classes."""
    paths = _Paths(syntax, {}, set())
    times = Counter(name for node in ast.walk(syntax.tree) for name in _bound(node))
    for node in ast.walk(syntax.tree):
        name = _assigned(node)
        if times[name] == 1 and not isinstance(syntax.parent(node), ast.ClassDef):
            path = _beside(node.value, paths)  # type: ignore[attr-defined]  # it may use the names before it
            paths.names.update({name: path} if path else {})
    if any(is_guard(node) for node in syntax.tree.body):  # any other module may import HERE and make paths of it
        loaded = {it.id for it in syntax.nodes(ast.Name) if isinstance(it.ctx, ast.Load)}
        paths.passed.update(name for name in loaded if paths.names.get(name) in _OWN)
    return paths


def _bound(node: ast.AST) -> list[str]:
    """The names that a node binds, as a variable, a parameter, a definition, an import or a global."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    return [name for field in ("arg", "name", "asname") if (name := getattr(node, field, None))]


def _assigned(node: ast.AST) -> str:
    """The name that an assignment to one name defines; '' for any other node."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _named(node: ast.AST, paths: _Paths) -> Iterator[tuple[str, int, bool]]:
    """The paths that a piece of code names, with the line, and whether they are relative to the file.

    Each is the largest expression that stands for a path: `HERE / "a" / "b"` gives a/b, and neither HERE nor "a".
    """
    if _assigned(node) in paths.passed or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return  # a docstring names nothing
    path, start = _beside(node, paths), _start(node)
    if isinstance(node, ast.Name) and path not in _OWN:
        return  # TABLE = HERE / "table.csv" counts there
    if path is not None:
        yield path, node.lineno, True  # type: ignore[attr-defined]
    elif start and _beside(start, paths) not in (None, _FOLDER):
        yield "*", start.lineno, True
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and {".", "/"} & {*node.value}:
        yield posixpath.normpath(node.value), node.lineno, False
    else:
        for child in ast.iter_child_nodes(node):
            yield from _named(child, paths)


def _start(node: ast.AST) -> ast.expr | None:
    """What an expression makes another path from: `TABLE.with_suffix(".bak")`, `f"{TABLE}.bak"`; None for others."""
    match node:
        case ast.Attribute(value, "with_suffix" | "with_stem" | "with_name") | ast.BinOp(value, ast.Add()):
            return value
        case ast.JoinedStr([ast.FormattedValue(value), ast.Constant(str(rest)), *_]) if rest[0] in "._-~":
            return value
    return None


# Functions that return their argument, or another form of the same path; with more arguments, joined to it.
_SAME = {"str", "os.fspath", "os.path.abspath", "os.path.realpath", "os.path.normpath"}
_JOINS = {"os.path.join", "pathlib.Path", "pathlib.PurePath"}
_SAME_METHODS, _JOINING_METHODS = {"resolve", "absolute", "as_posix"}, {"joinpath": "", "with_name": ".."}


def _beside(node: ast.AST, paths: _Paths) -> str | None:  # noqa: PLR0911 - one for each kind of expression
    """The path that an expression stands for, relative to the folder of the file; None where that is not certain."""
    match node:
        case ast.Name(name):
            return _SELF if name == "__file__" else paths.names.get(name)
        case ast.Attribute(value, "parent"):
            return _joined(value, [".."], paths)
        case ast.Subscript(ast.Attribute(value, "parents"), ast.Constant(int(number))):
            return _joined(value, [".."] * (number + 1), paths)
        case ast.BinOp(left, ast.Div(), ast.Constant(str(part))):
            return _joined(left, [part], paths)
        case ast.BinOp(left, ast.Add(), ast.Constant(str(part))) | ast.JoinedStr(
            [ast.FormattedValue(left), ast.Constant(str(part))]
        ) if part.startswith("/"):
            return _joined(left, [part.lstrip("/")], paths)
        case ast.Call(ast.Attribute(value, method), []) if method in _SAME_METHODS:
            return _beside(value, paths)
        case ast.Call(ast.Attribute(value, method), parts) if method in _JOINING_METHODS:
            return _joined(value, [_JOINING_METHODS[method], *map(literal, parts)], paths)
        case ast.Call(func, [first, *parts]):
            name = paths.syntax.qualified_name(func)
            if name == "os.path.dirname":
                return _joined(first, [".."], paths)
            return _joined(first, map(literal, parts), paths) if name in (_JOINS if parts else _JOINS | _SAME) else None
    return None


def _joined(folder: ast.expr, parts: Iterable[str | None], paths: _Paths) -> str | None:
    path, known = _beside(folder, paths), list(parts)
    if path is None or None in known:
        return None
    return posixpath.normpath(posixpath.join(path, *(part for part in known if part is not None)))


def literal(node: ast.expr) -> str | None:
    """The value of a literal string; None for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
