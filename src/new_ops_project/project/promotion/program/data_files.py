"""The data files that a Python file names, relative to itself or to the current folder."""

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
    beside: bool  # relative to __file__, not to the current folder


@dataclass(frozen=True)
class Doubt:
    """Something that the analysis cannot follow, as a clause for people."""

    line: int
    text: str


def find_data(tree: ast.Module, exists: Callable[[str], bool]) -> tuple[tuple[DataFile, ...], tuple[Doubt, ...]]:
    """The tracked files that the code names, and what it does with its own path that cannot be followed."""
    uses = list(_uses(tree, module_scope(tree)))
    paths = [use for use in uses if isinstance(use, PathValue)]
    doubts = [use for use in uses if isinstance(use, Doubt)]
    # After os.chdir(dirname(__file__)), every relative path is one beside the file. Where a name beside the file is
    # computed (`HERE / name`), any string that names a tracked file may be that name, so it counts as beside too.
    changes_folder = any(doubt.text == _CHDIR for doubt in doubts)
    is_computed = any(path.beside and path.is_open and not path.text for path in paths)
    files: dict[tuple[str, bool], DataFile] = {}
    for path in paths:
        beside = path.beside or changes_folder or (is_computed and not path.is_path)
        name = posixpath.normpath(path.text) if path.text else ""
        if _is_followed(path, name) and exists(name):
            files.setdefault((name, beside), DataFile(name, path.line, beside))
        elif path.beside:
            doubts.append(Doubt(path.line, _doubt(path, name)))
    unique = dict.fromkeys(doubts)
    return tuple(sorted(files.values(), key=lambda file: file.line)), tuple(
        sorted(unique, key=lambda doubt: doubt.line)
    )


def _is_followed(path: PathValue, name: str) -> bool:
    """Whether this can be the path of a file in the repository, in the file's folder or below it.

    A bare word such as "data" counts only where it is used as a path: most words in a program name no file.
    """
    if name in {"", "."} or name.startswith(("/", "..")) or SELF in name or "\n" in name:
        return False
    return path.beside or path.is_path or "." in name or "/" in name


_CHDIR = "changes into its own folder, which will be inside an installed package"


def _doubt(path: PathValue, name: str) -> str:
    if SELF in name:
        return "uses the name of its own file" if name == SELF else "makes a name from the name of its own file"
    if name in {"", "."} and path.is_open:
        return "makes the name of a file beside the code at run time"
    if name in {"", "."}:
        return "uses the folder of the code, which will be inside an installed package"
    if name.startswith(".."):
        return f"names {name} relative to the folder of the code, which moves"
    return f"names {name} beside the code, which will be inside an installed package"


# Walking


def _uses(node: ast.AST, scope: PathScope) -> Iterator[PathValue | Doubt]:
    """The paths that a piece of code names, and what it does with its own path.

    Each path is reported once, as the largest expression that has a value: `HERE / "a" / "b"` gives a/b, and neither
    HERE nor "a". Only the open ones (`HERE / name`) are searched further, for paths in the part that is not known.
    """
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        yield from _uses_of_block(node, scope)
    elif _is_passed_over(node, scope):
        return
    elif isinstance(node, ast.expr) and (path := path_of(node, scope)):
        yield path
        if path.is_open and not path.beside:
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
    """Whether this is a docstring, or the definition of a name whose value counts where the name is used.

    `HERE = Path(__file__).parent` by itself says nothing: what counts is what the code makes of HERE.
    """
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
        # What a helper makes of its parameters counts where it is called, with the arguments of that call.
        yield from (use for use in uses if not (is_helper and isinstance(use, PathValue) and use.is_open))


_IMPORT_PATH_CALLS = {"sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"}


def _uses_of_call(node: ast.Call, scope: PathScope) -> Iterator[PathValue | Doubt]:
    name = dotted(node.func, scope.known)
    if name in _IMPORT_PATH_CALLS:
        yield Doubt(node.lineno, "puts a folder on sys.path")
        return
    path = path_of(node.args[0], scope) if node.args else None
    if name == "os.chdir" and path and path.beside and not path.text:
        yield Doubt(node.lineno, _CHDIR)
        return
    if path and _takes_path(name):
        yield replace(path, is_path=True)
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
    """sys.argv[0] and sys.path[0]: the file that is run, or its folder."""
    if isinstance(node.slice, ast.Constant) and node.slice.value == 0:
        words = "names the command then" if dotted(node.value, scope.known) == "sys.argv" else "is another folder then"
        yield Doubt(node.lineno, f"uses {ast.unparse(node)}, which {words}")
    else:
        yield from _uses(node.slice, scope)
