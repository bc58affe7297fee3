"""The analysis of a Python file: what it does when somebody runs, imports or moves it."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from new_ops_project.formats import python
from new_ops_project.formats.python import Syntax
from new_ops_project.project.promotion.program.data_files import DataFile, Doubt, find_data, literal
from new_ops_project.project.promotion.program.import_effects import Function, Module, offers_help, read_module, runs_at


@dataclass(frozen=True)
class PublicName:
    """A public function or class of a file; `parameters` of a function without decorators, None for others."""

    name: str
    parameters: tuple[str, ...] | None


@dataclass(frozen=True)
class Program:
    """The result of the analysis; of a file that does not parse nothing is known."""

    parses: bool = True
    modules: tuple[str, ...] = ()  # top-level modules that it imports
    public: tuple[PublicName, ...] = ()
    runs_at: int = 0  # line of the first statement that may have an effect when the file is imported; 0 if none
    parses_arguments: bool = False  # --help has no effect but the help, and exits with 0
    knows_dry_run: bool = False
    has_examples: bool = False  # a docstring holds >>>
    data: tuple[DataFile, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read(source: str, *, exists: Callable[[str], bool]) -> Program:
    """Analyse a file's source; raises SyntaxError where it does not parse.

    `exists` says whether git tracks a file or folder of that path, relative to the file's folder.
    """
    syntax = Syntax(python.parse(source.removeprefix("\ufeff")))
    if syntax.is_deep:
        raise SyntaxError("too deeply nested to be read")
    own = read_module(syntax)
    data, doubts = find_data(syntax, exists)
    everything = {*doubts, *_doubts(syntax, exists), *_untyped(syntax)}
    return Program(
        modules=_modules(syntax),
        public=tuple(_public(own)),
        runs_at=runs_at(own),
        parses_arguments=offers_help(own),
        knows_dry_run=_knows_dry_run(syntax),
        has_examples=any(re.search(r"^\s*>>> ", text, re.MULTILINE) for text in _docstrings(syntax)),
        data=data,
        doubts=tuple(sorted(everything, key=lambda doubt: (doubt.line, doubt.text))),
    )


_IMPORTERS = {"importlib.import_module", "__import__", "runpy.run_module"}


def _modules(syntax: Syntax) -> tuple[str, ...]:
    """The top-level modules that absolute imports and import_module("...") name."""
    names = [alias.name for node in syntax.nodes(ast.Import) for alias in node.names]
    names += [node.module for node in syntax.nodes(ast.ImportFrom) if node.module and not node.level]
    names += [_first_string(it) for it in syntax.nodes(ast.Call) if syntax.qualified_name(it.func) in _IMPORTERS]
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names if name))


def _first_string(call: ast.Call) -> str:
    """The first argument of a call if it is a literal string, else ''."""
    return next((literal(argument) or "" for argument in call.args), "")


def _docstrings(syntax: Syntax) -> list[str]:
    """The docstrings, and other strings that are statements of their own."""
    values = [node.value.value for node in syntax.nodes(ast.Expr) if isinstance(node.value, ast.Constant)]
    return [value for value in values if isinstance(value, str)]


# Its public names


def _public(own: Module) -> Iterator[PublicName]:
    listed = own.values.get("__all__")
    elements = listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else None
    chosen = [item.value for item in elements or () if isinstance(item, ast.Constant)]
    definitions = {**own.functions, **own.classes}
    for name, node in sorted(definitions.items(), key=lambda item: item[1].lineno):
        if name in chosen if elements is not None else not name.startswith("_"):
            is_plain = isinstance(node, Function) and not node.decorator_list
            yield PublicName(name, tuple(it.arg for it in _arguments(own.functions[name])) if is_plain else None)


def _arguments(node: Function) -> list[ast.arg]:
    """What a function takes, in the order of inspect.signature."""
    return [it for it in ast.iter_child_nodes(node.args) if isinstance(it, ast.arg)]


def _knows_dry_run(syntax: Syntax) -> bool:
    """Whether --dry-run is an option of the program.

    argparse and click take it as a string, docopt reads it from the docstring, typer and fire from a parameter.
    """
    imported = {*_modules(syntax)}
    strings = [it.value for it in syntax.nodes(ast.Constant) if isinstance(it.value, str)]
    is_named = any("--dry-run" in string.split("/") for string in strings)
    is_documented = "docopt" in imported and any("--dry-run" in text for text in _docstrings(syntax))
    is_parameter = bool(imported & {"typer", "fire"}) and any(it.arg == "dry_run" for it in syntax.nodes(ast.arg))
    return is_named or is_documented or is_parameter


# Its doubts


def _untyped(syntax: Syntax) -> Iterator[Doubt]:
    """One doubt about all functions that lack types."""
    functions: list[Function] = [*syntax.nodes(ast.FunctionDef), *syntax.nodes(ast.AsyncFunctionDef)]
    if untyped := sorted((it for it in functions if not _is_typed(it, syntax)), key=lambda it: it.lineno):
        more = f" and {len(untyped) - 1} more" if len(untyped) > 1 else ""
        words = f"{untyped[0].name}{more} without types, which mypy refuses (strict, in pyproject.toml)."
        yield Doubt(untyped[0].lineno, words)


def _is_typed(node: Function, syntax: Syntax) -> bool:
    is_static = "staticmethod" in map(ast.unparse, node.decorator_list)
    checked = _arguments(node)[isinstance(syntax.parent(node), ast.ClassDef) and not is_static :]
    has_result = node.returns is not None or (node.name == "__init__" and bool(checked))
    return has_result and all(it.annotation for it in checked)


_SHOWS_FILE = re.compile(r"%\((?:module|filename|pathname)\)|\{(?:module|filename|pathname)[}:!]")
_RISKS = {
    "sys.path": "uses sys.path, which begins with another folder then",
    "runpy.run_path": "runs a file by its path",
    "importlib.util.spec_from_file_location": "runs a file by its path",
}


def _doubts(syntax: Syntax, exists: Callable[[str], bool]) -> Iterator[Doubt]:
    for name in syntax.nodes(ast.Name, ast.Attribute):
        if words := _RISKS.get(syntax.qualified_name(name)):
            yield Doubt(name.lineno, words)
    for item in syntax.nodes(ast.Subscript):
        if syntax.qualified_name(item.value) == "sys.argv" and ast.unparse(item.slice) == "0":
            yield Doubt(item.lineno, "uses sys.argv[0], which names the command then")
    for call in syntax.nodes(ast.Call):
        if words := _import_doubt(call, syntax, exists):
            yield Doubt(call.lineno, words)
    for constant in syntax.nodes(ast.Constant):
        if isinstance(constant.value, str) and _SHOWS_FILE.search(constant.value):
            yield Doubt(constant.lineno, "shows the name of its file in the log")


def _import_doubt(call: ast.Call, syntax: Syntax, exists: Callable[[str], bool]) -> str:
    """What is doubtful about a call that imports a module by name; '' for any other call."""
    importer, module = syntax.qualified_name(call.func), _first_string(call)
    if importer not in _IMPORTERS:
        return ""
    if not module:
        return "imports a module whose name is computed at run time"
    # The argument of import_module is rewritten with the imports, so only the others remain for a person.
    top = module.partition(".")[0]
    is_left = importer != "importlib.import_module" and (exists(f"{top}.py") or exists(top))
    return f"imports {module} by name" if is_left else ""
