"""The files that a Python file names: beside itself, or in the folder where it is run."""

import ast
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from new_ops_project.project.promotion.program.names import Function, dotted
from new_ops_project.project.promotion.program.paths import (
    SELF,
    PathScope,
    PathValue,
    assigned_name,
    block_scope,
    module_scope,
    path_of,
)


@dataclass(frozen=True)
class DataFile:
    """A file or folder that the code names, relative to the folder the code is in."""

    path: str  # posix, without a leading ./
    line: int
    beside: bool  # relative to __file__; else relative to the current folder


@dataclass(frozen=True)
class Doubt:
    """What cannot be followed, as a clause for people."""

    line: int
    text: str


def find_data(tree: ast.Module, exists: Callable[[str], bool]) -> tuple[tuple[DataFile, ...], tuple[Doubt, ...]]:
    """The tracked files that the code names, and what it does with its own place that cannot be followed."""
    uses = list(_uses(tree, module_scope(tree)))
    places = [use for use in uses if isinstance(use, PathValue)]
    doubts = [use for use in uses if isinstance(use, Doubt)]
    is_moving = any(doubt.text == _CHDIR for doubt in doubts)
    is_computed = any(place.beside and place.is_open and not place.text for place in places)
    found: dict[tuple[str, bool], DataFile] = {}
    for place in places:
        beside = place.beside or is_moving or (is_computed and not place.is_path)
        path = posixpath.normpath(place.text) if place.text else ""
        if _is_followed(place, path) and exists(path):
            found.setdefault((path, beside), DataFile(path, place.line, beside))
        elif place.beside:
            doubts.append(Doubt(place.line, _doubt(place, path)))
    unique = dict.fromkeys(doubts)
    return tuple(sorted(found.values(), key=lambda data: data.line)), tuple(sorted(unique, key=lambda it: it.line))


def _is_followed(place: PathValue, path: str) -> bool:
    """Whether this can be the path of a file in the repository, at or below the file's folder."""
    if path in {"", "."} or path.startswith(("/", "..")) or SELF in path or "\n" in path:
        return False
    return place.beside or place.is_path or "." in path or "/" in path


_CHDIR = "changes into its own folder, which will be an installed package's"


def _doubt(place: PathValue, path: str) -> str:
    if SELF in path:
        return "uses the name of its own file" if path == SELF else "makes a name from that of its own file"
    if path in {"", "."} and place.is_open:
        return "makes the name of a file beside the code at run time"
    if path in {"", "."}:
        return "uses the folder that the code is in, which will be an installed package's"
    if path.startswith(".."):
        return f"names {path}, seen from the folder that the code is in, which moves"
    return f"names {path} beside the code, which will be an installed package's folder"


# Walking


def _uses(node: ast.AST, scope: PathScope) -> Iterator[PathValue | Doubt]:
    """The paths that a piece of code names, each as whole as it is written, and what is done with its own place."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        yield from _uses_of_block(node, scope)
    elif _is_passed_over(node, scope):
        return
    elif isinstance(node, ast.expr) and (place := path_of(node, scope)):
        yield place
        if place.is_open and not place.beside:
            yield from _below(node, scope)
    elif isinstance(node, ast.Call):
        yield from _uses_of_call(node, scope)
    elif isinstance(node, ast.Subscript) and dotted(node.value, scope.known) in {"sys.argv", "sys.path"}:
        yield from _uses_of_first(node, scope)
    else:
        yield from _below(node, scope)


def _below(node: ast.AST, scope: PathScope) -> Iterator[PathValue | Doubt]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.BinOp) and child is node.right and isinstance(child, ast.Constant)):
            yield from _uses(child, scope)


def _is_passed_over(node: ast.AST, scope: PathScope) -> bool:
    """Whether this is a docstring, or the definition of a name that is looked at where it is used."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None or not path_of(node.value, scope):
        return False
    name = assigned_name(node)
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not name and isinstance(target, ast.Attribute) and target.attr in scope.attributes:
        return target.attr in scope.loads
    return name in scope.loads and scope.values.get(name) is not None


def _uses_of_block(node: Function | ast.Lambda | ast.ClassDef, scope: PathScope) -> Iterator[PathValue | Doubt]:
    if isinstance(node, ast.ClassDef):
        inner = block_scope(scope, node.body, ())
    else:
        body = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
        arguments = (arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg))
        inner = block_scope(scope, body, arguments)
    is_helper = getattr(node, "name", "") in scope.functions.keys() & scope.loads
    for child in ast.iter_child_nodes(node):
        is_body = isinstance(child, ast.stmt) or isinstance(node, ast.Lambda)
        uses = _uses(child, inner if is_body else scope)
        # What a helper makes of its parameters is looked at where it is called.
        yield from (use for use in uses if not (is_helper and isinstance(use, PathValue) and use.is_open))


_PATHS = {"sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"}


def _uses_of_call(node: ast.Call, scope: PathScope) -> Iterator[PathValue | Doubt]:
    name = dotted(node.func, scope.known)
    if name in _PATHS:
        yield Doubt(node.lineno, "puts a folder on sys.path")
        return
    place = path_of(node.args[0], scope) if node.args else None
    if name == "os.chdir" and place and place.beside and not place.text:
        yield Doubt(node.lineno, _CHDIR)
        return
    if place and _takes_path(name):
        yield replace(place, is_path=True)
        yield from (use for child in (*node.args[1:], *node.keywords) for use in _uses(child, scope))
        return
    if name == "os.path.join" or (isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath"):
        strings = [arg for arg in node.args if isinstance(arg, ast.Constant)]
        yield from (use for child in (node.func, *node.args) if child not in strings for use in _uses(child, scope))
        return
    yield from _below(node, scope)


def _takes_path(name: str) -> bool:
    return name in {"open", "io.open", "codecs.open"} or name.startswith(("os.", "shutil.", "glob."))


def _uses_of_first(node: ast.Subscript, scope: PathScope) -> Iterator[PathValue | Doubt]:
    """sys.argv[0] and sys.path[0] are the file as it is run, or its folder."""
    if isinstance(node.slice, ast.Constant) and node.slice.value == 0:
        words = "names the command then" if dotted(node.value, scope.known) == "sys.argv" else "is another folder then"
        yield Doubt(node.lineno, f"uses {ast.unparse(node)}, which {words}")
    else:
        yield from _uses(node.slice, scope)
