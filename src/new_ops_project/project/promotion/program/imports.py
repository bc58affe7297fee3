"""The imports of a Python file, rewritten for modules that moved; every other byte stays."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.project.promotion.program.data_files import Doubt
from new_ops_project.project.promotion.program.names import docstrings, dotted, imported_names

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as Python's tokenizer sees lines; str.splitlines sees more
_MARK = "\ufeff"


@dataclass(frozen=True)
class _Edit:
    """Another text for a part of the source."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Source:
    """A parsed file, and which modules it may name moved where."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    moved: Mapping[str, str]
    known: Mapping[str, str]
    used: frozenset[str]  # names that the file binds or uses


def rename_modules(source: str, moved: Mapping[str, str]) -> tuple[str, tuple[Doubt, ...]]:
    """`source` with its absolute imports of moved modules rewritten, and what could not be.

    `moved` has the new dotted name of each module by its old top-level name. Names of moved modules in strings are
    rewritten where they are what `mock.patch`, `monkeypatch.setattr` or `import_module` is given.
    """
    bare = source.removeprefix(_MARK)
    try:
        tree = ast.parse(bare)
        edits, doubts = _changes(tree, _source(bare, tree, moved))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        return source, (Doubt(line, "does not parse as Python, so that its imports are left as they are"),)
    for edit in sorted(edits, key=lambda edit: -edit.start):
        bare = bare[: edit.start] + edit.text + bare[edit.end :]
    return _MARK * source.startswith(_MARK) + bare, tuple(sorted(set(doubts), key=lambda doubt: doubt.line))


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
    edits = [edit for run in runs for edit in _together(run, source)]
    done = {id(node) for run in runs for node in run}
    for node in ast.walk(tree):
        if id(node) in done:
            continue
        if isinstance(node, ast.Import) and any(_top(alias.name) in source.moved for alias in node.names):
            edits.append(_imports(node, source))
        elif isinstance(node, ast.ImportFrom) and not node.level and _top(node.module or "") in source.moved:
            edits.append(_from(node, source))
    targets = {id(target): target for node in ast.walk(tree) if (target := _target(node, source))}
    found = {key: edit for key, target in targets.items() if (edit := _renamed(target, source))}
    left = [target for key, target in targets.items() if key not in found]
    doubts = [Doubt(node.lineno, f"names {ast.unparse(node)}, whose module moved") for node in left]
    return edits + list(found.values()), doubts + list(_strings(tree, targets, source))


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _new(name: str, moved: Mapping[str, str]) -> str:
    """The new dotted name of a module or of something in it."""
    top = _top(name)
    return moved[top] + name[len(top) :]


def _offset(line: int, column: int, source: _Source) -> int:
    """Where ast's line and column, which counts bytes of UTF-8, are in the text."""
    start = source.starts[line - 1]
    return start + len(
        source.lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass")
    )


def _span(node: ast.stmt | ast.expr, source: _Source) -> tuple[int, int]:
    end = _offset(node.end_lineno or node.lineno, node.end_col_offset or 0, source)
    return _offset(node.lineno, node.col_offset, source), end


# Import statements


def _imports(node: ast.Import, source: _Source) -> _Edit:
    """`import a, b` in as many statements as it takes now, in the same order."""
    statements: list[str] = []
    for alias in node.names:
        if _top(alias.name) in source.moved:
            statements += _import(alias, source)
        elif statements and statements[-1].startswith("import ") and not _is_new(statements[-1], source):
            statements[-1] += f", {_written(alias)}"
        else:
            statements.append(f"import {_written(alias)}")
    return _Edit(*_span(node, source), _between(node, source).join(statements))


def _runs(tree: ast.Module, source: _Source) -> Iterator[list[ast.Import]]:
    """Statements below each other, each a line, that import modules which moved to one package: they become one."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            run: list[ast.Import] = []
            for one in [*getattr(node, name, []), None] if isinstance(getattr(node, name, []), list) else []:
                if isinstance(one, ast.Import) and _goes_along(one, run, source):
                    run.append(one)
                    continue
                if len(run) > 1:
                    yield run
                run = [one] if isinstance(one, ast.Import) and _goes_along(one, [], source) else []


def _goes_along(node: ast.Import, run: list[ast.Import], source: _Source) -> bool:
    """Whether the statement is a whole line, right below the run, and imports nothing but such modules."""
    line = source.lines[node.lineno - 1]
    is_line = (
        not line[: node.col_offset].strip() and node.end_lineno == node.lineno and ";" not in line and "#" not in line
    )
    packages = {_home(alias, source) for one in (node, *run) for alias in one.names}
    return is_line and len(packages) == 1 and "" not in packages and (not run or node.lineno == run[-1].lineno + 1)


def _home(alias: ast.alias, source: _Source) -> str:
    """The package that a module moved to under its own name; '' for any other (isort keeps `as` apart)."""
    before, _, last = source.moved.get(alias.name, "").rpartition(".")
    return before if last == (alias.asname or alias.name) else ""


def _together(run: list[ast.Import], source: _Source) -> Iterator[_Edit]:
    """One `from package import a, b` in place of the run's first statement; the lines of the others go."""
    first, *others = run
    names = sorted({alias.name for one in run for alias in one.names})
    package = source.moved[names[0]].rpartition(".")[0]
    yield _Edit(*_span(first, source), f"from {package} import {', '.join(names)}")
    for one in others:
        above, line = (source.lines[one.lineno - number].rstrip("\r\n") for number in (2, 1))
        yield _Edit(source.starts[one.lineno - 2] + len(above), source.starts[one.lineno - 1] + len(line), "")


def _is_new(statement: str, source: _Source) -> bool:
    """Whether a statement imports a module at its new place, so that none is added to it."""
    return any(re.match(rf"import {re.escape(new)}\b", statement) for new in source.moved.values())


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _import(alias: ast.alias, source: _Source) -> list[str]:
    """What imports a moved module under the same name as before."""
    new = _new(alias.name, source.moved)
    if alias.asname or "." not in alias.name:
        return [_bound(new, alias.asname or "", alias.name)]
    top = _top(alias.name)
    whole = _bound(source.moved[top], "", top)
    package = _top(new)
    if package in source.used | {top}:  # `import package.x` would bind that name to something else
        before, _, last = new.rpartition(".")
        return [f"from {before} import {last} as _{last}", whole]
    return [f"import {new}", whole]


def _bound(new: str, asname: str, old: str) -> str:
    """An import of the module `new` under the name `asname`, or under its old name."""
    before, _, last = new.rpartition(".")
    name = asname or old
    if not before:
        return f"import {new}" if new == name and not asname else f"import {new} as {name}"
    return f"from {before} import {last}" if last == name else f"from {before} import {last} as {name}"


def _between(node: ast.Import, source: _Source) -> str:
    """What stands between two statements here: a line end and the indentation, or `; ` where the line holds more."""
    line = source.lines[node.lineno - 1]
    before = source.text[source.starts[node.lineno - 1] : _span(node, source)[0]]
    is_continued = node.lineno > 1 and source.lines[node.lineno - 2].rstrip("\r\n").endswith("\\")
    if before.strip() or is_continued:
        return "; "
    ends = re.search(r"[\r\n]+$", line) or re.search(r"\r\n|\r|\n", source.text)
    return (ends[0] if ends else "\n") + before


def _from(node: ast.ImportFrom, source: _Source) -> _Edit:
    """Only the name of the module is another."""
    start, end = _span(node, source)
    found = re.match(r"from(?:\s|\\\r?\n|\\\r)+", source.text[start:end])
    start += len(found[0]) if found else 0
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
    """The string by which a call is told a moved module or something in it."""
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func, source.known)
    is_patch = any(name == last or name.endswith(f".{last}") for last in _PATCHING)
    if not is_patch and name not in _IMPORTING:
        return None
    given = node.args[0] if node.args else next((it.value for it in node.keywords if it.arg == "target"), None)
    value = given.values[0] if isinstance(given, ast.JoinedStr) and given.values else given
    return given if isinstance(value, ast.Constant) and _names(value.value, source) else None


def _names(text: object, source: _Source) -> bool:
    """Whether this is a string that may name a moved module, something in it, or the beginning of such a name."""
    return isinstance(text, str) and _top(text) in source.moved and bool(re.fullmatch(r"\w+(\.\w+)*\.?", text))


def _renamed(node: ast.expr, source: _Source) -> _Edit | None:
    """The string with the new name of the module, where its old one is written out in it."""
    start, end = _span(node, source)
    found = re.match(r"""[rRuUbBfF]*(?:\"{3}|'{3}|"|')(\w+)(?=[."'])""", source.text[start:end])
    if not found or found[1] not in source.moved:
        return None
    return _Edit(start + found.start(1), start + found.end(1), source.moved[found[1]])


_FILES = (
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


def _strings(tree: ast.Module, targets: Mapping[int, ast.expr], source: _Source) -> Iterator[Doubt]:
    """Other strings that may name something in a moved module: the key of sys.modules, a dotted name."""
    passed = {*targets, *map(id, docstrings(tree)), *_annotations(tree)}
    keys = {id(key) for node in ast.walk(tree) if (key := _key(node, source))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and _names(node.value, source) and id(node) not in passed:
            is_name = "." in str(node.value) and not str(node.value).endswith((*_FILES, "."))
            if is_name or id(node) in keys:
                yield Doubt(node.lineno, f"names {node.value!r}, whose module moved")


def _key(node: ast.AST, source: _Source) -> ast.expr | None:
    """What stands for a module's name in sys.modules[...] and __import__(...)."""
    if isinstance(node, ast.Subscript) and dotted(node.value, source.known) == "sys.modules":
        return node.slice
    is_import = isinstance(node, ast.Call) and dotted(node.func, source.known) == "__import__" and node.args
    return node.args[0] if is_import else None  # type: ignore[attr-defined]


def _annotations(tree: ast.Module) -> Iterator[int]:
    """The nodes in annotations: a string there is code, and finds the module under its old name."""
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.AST):
                yield from map(id, ast.walk(annotation))
