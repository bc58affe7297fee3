"""The analysis of a Python file: what it does when somebody runs, imports or moves it."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from new_ops_project.project.promotion.program.data_files import DataFile, Doubt, find_data
from new_ops_project.project.promotion.program.entry_point import entry, is_command, offers_help
from new_ops_project.project.promotion.program.import_effects import Module, is_program, read_module, runs_at
from new_ops_project.project.promotion.program.names import (
    Function,
    docstrings,
    dotted,
    first_argument,
    imported_modules,
    is_import,
    string_value,
)

__all__ = ["DataFile", "Doubt", "Program", "PublicName", "UntypedFunction", "read"]


@dataclass(frozen=True)
class PublicName:
    """A public function or class of a file."""

    name: str
    line: int
    kind: str  # function, class, command (of click or typer), or wrapped: a decorator may have changed the parameters
    parameters: tuple[str, ...]  # of a function, in the order of inspect.signature


@dataclass(frozen=True)
class UntypedFunction:
    """A function that mypy --strict refuses, because a parameter or the result has no annotation."""

    name: str  # qualified by its class or function: Keys.rotate
    line: int


@dataclass(frozen=True)
class Program:
    """The result of the analysis."""

    modules: tuple[str, ...]  # top-level modules that it imports, in order
    entry: str  # a function for which sys.exit(function()) does the same as running the file; '' if there is none
    public: tuple[PublicName, ...]
    runs_at: int  # line of the first statement with an effect when the file is imported; 0 if there is none
    is_program: bool  # running it does something
    parses_arguments: bool  # --help has no effect but the help, and exits with 0
    knows_dry_run: bool
    has_examples: bool  # a docstring holds >>>
    untyped: tuple[UntypedFunction, ...]
    data: tuple[DataFile, ...]
    doubts: tuple[Doubt, ...]


def read(source: str, *, exists: Callable[[str], bool]) -> Program:
    """Analyse a file's source; raises SyntaxError where it does not parse.

    `exists` says whether git tracks a file or folder of that path, relative to the file's folder.
    """
    try:
        return _read(ast.parse(source.removeprefix("\ufeff")), exists)
    except (RecursionError, MemoryError, ValueError) as error:  # too deep, or a null byte
        raise SyntaxError(str(error) or "too deeply nested to be read") from error


def _read(tree: ast.Module, exists: Callable[[str], bool]) -> Program:
    own = read_module(tree)
    data, doubts = find_data(tree, exists)
    return Program(
        modules=imported_modules(tree),
        entry=entry(own, exists),
        public=tuple(_public(own)),
        runs_at=runs_at(own),
        is_program=is_program(own),
        parses_arguments=offers_help(own),
        knows_dry_run=_knows_dry_run(own),
        has_examples=any(re.search(r"^\s*>>> ", string_value(node), re.MULTILINE) for node in docstrings(tree)),
        untyped=tuple(_untyped(tree, "", is_class=False)),
        data=data,
        doubts=tuple(sorted({*doubts, *_doubts(own, exists)}, key=lambda doubt: (doubt.line, doubt.text))),
    )


# Its public names


def _public(own: Module) -> Iterator[PublicName]:
    chosen = _all(own)
    definitions = {**own.functions, **own.classes}
    for name, node in sorted(definitions.items(), key=lambda item: item[1].lineno):
        if name in chosen if chosen is not None else not name.startswith("_"):
            kind = "class" if isinstance(node, ast.ClassDef) else _kind(node, own)
            yield PublicName(name, node.lineno, kind, _parameters(own.functions[name]) if kind == "function" else ())


def _all(own: Module) -> list[str] | None:
    """What __all__ lists, or None where it cannot be read."""
    value = own.values.get("__all__")
    if not isinstance(value, (ast.List, ast.Tuple)):
        return None
    return [name for item in value.elts if (name := string_value(item))]


def _kind(node: Function, own: Module) -> str:
    names = [dotted(it.func if isinstance(it, ast.Call) else it, own.known) for it in node.decorator_list]
    if is_command(node.name, own):
        return "command"
    return "function" if all(_keeps_signature(name, own) for name in names) else "wrapped"


def _keeps_signature(decorator: str, own: Module) -> bool:
    """Whether a decorator keeps the parameters: it uses functools.wraps, or is from a library that is known to."""
    if decorator in own.functions:
        return "wraps" in {
            name.rpartition(".")[2]
            for call in ast.walk(own.functions[decorator])
            if isinstance(call, ast.Call) and (name := dotted(call.func, own.known))
        }
    return decorator.startswith(_KEEP_SIGNATURE)


_KEEP_SIGNATURE = ("functools.", "contextlib.", "typing.", "tenacity.", "backoff.", "retrying.", "abc.", "atexit.")


def _parameters(node: Function) -> tuple[str, ...]:
    args = node.args
    star = [args.vararg] if args.vararg else []
    stars = [args.kwarg] if args.kwarg else []
    return tuple(arg.arg for arg in (*args.posonlyargs, *args.args, *star, *args.kwonlyargs, *stars))


# Its gaps


def _untyped(node: ast.AST, prefix: str, *, is_class: bool) -> Iterator[UntypedFunction]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = f"{prefix}{child.name}"
            if not _is_typed(child, is_method=is_class):
                yield UntypedFunction(name, child.lineno)
            yield from _untyped(child, f"{name}.", is_class=False)
        elif isinstance(child, ast.ClassDef):
            yield from _untyped(child, f"{prefix}{child.name}.", is_class=True)
        else:
            yield from _untyped(child, prefix, is_class=is_class and isinstance(child, (ast.If, ast.Try)))


def _is_typed(node: Function, *, is_method: bool) -> bool:
    names = {ast.unparse(it).rpartition(".")[2] for it in node.decorator_list}
    if "no_type_check" in names:
        return True
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    checked = positional[1:] if is_method and "staticmethod" not in names else positional
    checked += [*args.kwonlyargs, *(arg for arg in (args.vararg, args.kwarg) if arg)]
    result = node.returns is not None or (node.name in {"__init__", "__init_subclass__"} and bool(checked))
    return result and all(arg.annotation is not None for arg in checked)


def _knows_dry_run(own: Module) -> bool:
    """Whether --dry-run is an option of the program.

    argparse and click take it as a string, docopt reads it from the docstring, typer and fire from a parameter.
    """
    tops = {name.split(".", maxsplit=1)[0] for name in own.known.values()}
    nodes = list(ast.walk(own.tree))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    is_named = any("--dry-run" in string.split("/") for string in strings)
    is_documented = "docopt" in tops and any("--dry-run" in string_value(node) for node in docstrings(own.tree))
    is_parameter = any(isinstance(node, ast.arg) and node.arg == "dry_run" for node in nodes)
    return is_named or is_documented or (is_parameter and bool(tops & {"typer", "fire"}))


# Its doubts


def _doubts(own: Module, exists: Callable[[str], bool]) -> Iterator[Doubt]:
    for node in ast.walk(own.tree):
        if isinstance(node, ast.Call) and (words := _doubt(node, own, exists)):
            yield Doubt(node.lineno, words)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _SHOWS_FILE.search(node.value):
            yield Doubt(node.lineno, "shows the name of its file in the log")


_SHOWS_FILE = re.compile(r"%\((?:module|filename|pathname)\)|\{(?:module|filename|pathname)[}:!]")
_BY_PATH = {"runpy.run_path", "importlib.util.spec_from_file_location", "imp.load_source", "execfile"}


def _doubt(node: ast.Call, own: Module, exists: Callable[[str], bool]) -> str:
    """What a call does that makes it risky to move the file; '' for a call without such a risk."""
    name = dotted(node.func, own.known)
    if name in _BY_PATH:
        return "runs a file by its path"
    if not is_import(node, own.known):
        return ""
    name_of_module = string_value(first_argument(node))
    if not name_of_module:
        return "imports a module whose name is computed at run time"
    top = name_of_module.split(".", maxsplit=1)[0]
    is_sibling = exists(f"{top}.py") or exists(top)
    # The argument of import_module is rewritten with the imports, so only the others remain for a person.
    return f"imports {name_of_module} by name" if is_sibling and name != "importlib.import_module" else ""
