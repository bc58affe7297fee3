"""The rewriting of a Python file's imports for modules that moved.

Only the text of import statements and of module names in strings changes: every other byte stays, so comments, layout
and line ends are the user's. That is why it edits the text at positions that `ast` gives, instead of unparsing a tree.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.project.promotion.program.data_files import Doubt
from new_ops_project.project.promotion.program.names import docstrings, dotted, imported_names

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as Python's tokenizer sees lines; str.splitlines sees more
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class _Edit:
    """New text for a part of the source, in characters."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Source:
    """The text of a file with the modules that moved."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]  # where each line begins in the text
    moved: Mapping[str, str]  # new dotted names of modules by their old top-level names
    known: Mapping[str, str]  # imported names with their full names
    used: frozenset[str]  # names that the file binds or uses


def rename_modules(source: str, moved: Mapping[str, str]) -> tuple[str, tuple[Doubt, ...]]:
    """`source` with its absolute imports of moved modules rewritten, and doubts about the rest.

    `moved` has the new dotted name of each module by its old top-level name. The names of moved modules in strings are
    rewritten where such a string is an argument of `mock.patch`, `monkeypatch.setattr` or `import_module`.
    """
    bare = source.removeprefix(_BYTE_ORDER_MARK)
    try:
        tree = ast.parse(bare)
        edits, doubts = _changes(tree, _source(bare, tree, moved))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        return source, (Doubt(line, "does not parse as Python, so its imports are left as they are"),)
    for edit in sorted(edits, key=lambda edit: -edit.start):  # from the end, so that earlier positions stay valid
        bare = bare[: edit.start] + edit.text + bare[edit.end :]
    return _BYTE_ORDER_MARK * source.startswith(_BYTE_ORDER_MARK) + bare, tuple(
        sorted(set(doubts), key=lambda doubt: doubt.line)
    )


def _source(text: str, tree: ast.Module, moved: Mapping[str, str]) -> _Source:
    lines = tuple(_LINE.findall(text))
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    used |= {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    return _Source(text, lines, tuple(starts), moved, imported_names(tree), frozenset(used))


def _changes(tree: ast.Module, source: _Source) -> tuple[list[_Edit], list[Doubt]]:
    runs = list(_runs(tree, source))
    edits = [edit for run in runs for edit in _merged_imports(run, source)]
    done = {id(node) for run in runs for node in run}
    for node in ast.walk(tree):
        if id(node) in done:
            continue
        if isinstance(node, ast.Import) and any(_top(alias.name) in source.moved for alias in node.names):
            edits.append(_rewrite_import(node, source))
        elif isinstance(node, ast.ImportFrom) and not node.level and _top(node.module or "") in source.moved:
            edits.append(_rewrite_import_from(node, source))
    targets = {id(target): target for node in ast.walk(tree) if (target := _target(node, source))}
    renamed = {key: edit for key, target in targets.items() if (edit := _renamed(target, source))}
    others = [target for key, target in targets.items() if key not in renamed]
    doubts = [Doubt(node.lineno, f"names {ast.unparse(node)}, whose module moved") for node in others]
    return edits + list(renamed.values()), doubts + list(_doubtful_strings(tree, targets, source))


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _new(name: str, moved: Mapping[str, str]) -> str:
    """The new dotted name of a module, or of something in it."""
    top = _top(name)
    return moved[top] + name[len(top) :]


def _offset(line: int, column: int, source: _Source) -> int:
    """The position in the text, in characters, of a line and a column of `ast`, which counts columns in UTF-8 bytes."""
    start = source.starts[line - 1]
    return start + len(
        source.lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass")
    )


def _span(node: ast.stmt | ast.expr, source: _Source) -> tuple[int, int]:
    end = _offset(node.end_lineno or node.lineno, node.end_col_offset or 0, source)
    return _offset(node.lineno, node.col_offset, source), end


# Import statements


def _rewrite_import(node: ast.Import, source: _Source) -> _Edit:
    """`import a, b` as several statements in the same order, since a module in a package takes a `from` of its own."""
    statements: list[str] = []
    for alias in node.names:
        if _top(alias.name) in source.moved:
            statements += _statements(alias, source)
        elif statements and statements[-1].startswith("import ") and not _is_new(statements[-1], source):
            statements[-1] += f", {_alias_text(alias)}"
        else:
            statements.append(f"import {_alias_text(alias)}")
    return _Edit(*_span(node, source), _between(node, source).join(statements))


def _runs(tree: ast.Module, source: _Source) -> Iterator[list[ast.Import]]:
    """Consecutive one-line statements that import modules which moved to the same package.

    They become one statement, since isort, which the linter of the generated project runs, would merge them.
    """
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            run: list[ast.Import] = []
            block = getattr(node, name, [])
            for statement in [*block, None] if isinstance(block, list) else []:
                if isinstance(statement, ast.Import) and _continues(statement, run, source):
                    run.append(statement)
                    continue
                if len(run) > 1:
                    yield run
                run = [statement] if isinstance(statement, ast.Import) and _continues(statement, [], source) else []


def _continues(node: ast.Import, run: list[ast.Import], source: _Source) -> bool:
    """Whether the statement is a whole line directly below the run, and imports only modules of the same package."""
    line = source.lines[node.lineno - 1]
    is_line = (
        not line[: node.col_offset].strip() and node.end_lineno == node.lineno and ";" not in line and "#" not in line
    )
    packages = {_new_package(alias, source) for statement in (node, *run) for alias in statement.names}
    return is_line and len(packages) == 1 and "" not in packages and (not run or node.lineno == run[-1].lineno + 1)


def _new_package(alias: ast.alias, source: _Source) -> str:
    """The package that a module moved to under the same name; '' for any other (isort does not merge `as`)."""
    before, _, last = source.moved.get(alias.name, "").rpartition(".")
    return before if last == (alias.asname or alias.name) else ""


def _merged_imports(run: list[ast.Import], source: _Source) -> Iterator[_Edit]:
    """One `from package import a, b` in place of the run's first statement; the other lines are removed."""
    first, *others = run
    names = sorted({alias.name for statement in run for alias in statement.names})
    package = source.moved[names[0]].rpartition(".")[0]
    yield _Edit(*_span(first, source), f"from {package} import {', '.join(names)}")
    for statement in others:  # removed from the end of the line above, so that the last line end of the file stays
        number = statement.lineno
        above, line = source.lines[number - 2].rstrip("\r\n"), source.lines[number - 1].rstrip("\r\n")
        yield _Edit(source.starts[number - 2] + len(above), source.starts[number - 1] + len(line), "")


def _is_new(statement: str, source: _Source) -> bool:
    """Whether a statement imports a module by its new name; nothing is added to such a statement."""
    return any(re.match(rf"import {re.escape(new)}\b", statement) for new in source.moved.values())


def _alias_text(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _statements(alias: ast.alias, source: _Source) -> list[str]:
    """The statements that import a moved module so that the code below can use the same names as before.

    `import keys` becomes `from package import keys`. `import keys.store` binds `keys` and loads `keys.store`, which
    takes one statement for the name and one that loads the submodule.
    """
    new = _new(alias.name, source.moved)
    if alias.asname or "." not in alias.name:
        return [_import_as(new, alias.asname or "", alias.name)]
    top = _top(alias.name)
    whole = _import_as(source.moved[top], "", top)
    package = _top(new)
    if package in source.used | {top}:  # `import package.x` would bind the name `package`, which the file uses already
        before, _, last = new.rpartition(".")
        return [f"from {before} import {last} as _{last}", whole]
    return [f"import {new}", whole]


def _import_as(new: str, asname: str, old: str) -> str:
    """The statement that imports the module `new` under the name `asname`, or else under its old name."""
    before, _, last = new.rpartition(".")
    name = asname or old
    if not before:
        return f"import {new}" if new == name and not asname else f"import {new} as {name}"
    return f"from {before} import {last}" if last == name else f"from {before} import {last} as {name}"


def _between(node: ast.Import, source: _Source) -> str:
    """What separates two statements here: a line end with the indentation, or `; ` where the line has other code."""
    line = source.lines[node.lineno - 1]
    before = source.text[source.starts[node.lineno - 1] : _span(node, source)[0]]
    is_continued = node.lineno > 1 and source.lines[node.lineno - 2].rstrip("\r\n").endswith("\\")
    if before.strip() or is_continued:
        return "; "
    ends = re.search(r"[\r\n]+$", line) or re.search(r"\r\n|\r|\n", source.text)
    return (ends[0] if ends else "\n") + before


def _rewrite_import_from(node: ast.ImportFrom, source: _Source) -> _Edit:
    """`from a.b import c` with another first part of the module's name, which is all that changes."""
    start, end = _span(node, source)
    keyword = re.match(r"from(?:\s|\\\r?\n|\\\r)+", source.text[start:end])
    start += len(keyword[0]) if keyword else 0
    name = re.match(r"\w+", source.text[start:end])
    return _Edit(start, start + len(name[0] if name else ""), source.moved[_top(node.module or "")])


# Names in strings

_PATCHING = ("patch", "patch.dict", "patch.multiple", "setattr", "delattr")
_IMPORTING = {
    "importlib.import_module",
    "importlib.resources.files",
    "pytest.importorskip",
    "runpy.run_module",
    "pkgutil.get_data",
    "pkgutil.resolve_name",
}


def _target(node: ast.AST, source: _Source) -> ast.expr | None:
    """The argument by which a call names a moved module, or something in it."""
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func, source.known)
    is_patch = any(name == last or name.endswith(f".{last}") for last in _PATCHING)
    if not is_patch and name not in _IMPORTING:
        return None
    argument = node.args[0] if node.args else next((it.value for it in node.keywords if it.arg == "target"), None)
    value = argument.values[0] if isinstance(argument, ast.JoinedStr) and argument.values else argument
    return argument if isinstance(value, ast.Constant) and _names(value.value, source) else None


def _names(text: object, source: _Source) -> bool:
    """Whether this is a string that may be the dotted name of a moved module or of something in it, or begin one."""
    return isinstance(text, str) and _top(text) in source.moved and bool(re.fullmatch(r"\w+(\.\w+)*\.?", text))


def _renamed(node: ast.expr, source: _Source) -> _Edit | None:
    """The edit that puts the new name of the module into a string, where the source has the old one literally."""
    start, end = _span(node, source)
    match = re.match(r"""[rRuUbBfF]*(?:\"{3}|'{3}|"|')(\w+)(?=[."'])""", source.text[start:end])
    if not match or match[1] not in source.moved:
        return None
    return _Edit(start + match.start(1), start + match.end(1), source.moved[match[1]])


# What follows a dot in file names and hosts: `keys.json` is not the attribute `json` of the module `keys`.
_FILE_SUFFIXES = (
    "py",
    "csv",
    "tsv",
    "json",
    "txt",
    "log",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "md",
    "sh",
    "sql",
    "xml",
    "html",
    "db",
    "pid",
    "lock",
    "out",
    "err",
    "tmp",
    "gz",
    "zip",
    "tar",
    "bak",
    "sock",
    "service",
    "com",
    "org",
    "net",
    "local",
    "exe",
    "j2",
    "env",
    "dat",
    "rst",
    "pem",
    "key",
    "crt",
    "sqlite",
)


def _doubtful_strings(tree: ast.Module, targets: Mapping[int, ast.expr], source: _Source) -> Iterator[Doubt]:
    """Other strings that may name something in a moved module, such as a key of sys.modules or a dotted name."""
    skipped = {*targets, *map(id, docstrings(tree)), *_annotations(tree)}
    keys = {id(key) for node in ast.walk(tree) if (key := _key(node, source))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and _names(node.value, source) and id(node) not in skipped:
            is_name = "." in str(node.value) and not str(node.value).endswith((*_FILE_SUFFIXES, "."))
            if is_name or id(node) in keys:
                yield Doubt(node.lineno, f"names {node.value!r}, whose module moved")


def _key(node: ast.AST, source: _Source) -> ast.expr | None:
    """The expression for a module's name in sys.modules[...] or __import__(...)."""
    if isinstance(node, ast.Subscript) and dotted(node.value, source.known) == "sys.modules":
        return node.slice
    is_import = isinstance(node, ast.Call) and dotted(node.func, source.known) == "__import__" and node.args
    return node.args[0] if is_import else None  # type: ignore[attr-defined]


def _annotations(tree: ast.Module) -> Iterator[int]:
    """The ids of nodes in annotations: a string there is code, which finds the module by its old name in the scope."""
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.AST):
                yield from map(id, ast.walk(annotation))
