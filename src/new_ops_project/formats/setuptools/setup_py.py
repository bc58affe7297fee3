"""The keywords that setup.py gives to setup(), read from its syntax: nothing of it is run."""

import ast
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.document import Document, Files, decoded, parse_python
from new_ops_project.formats.setuptools.scope import SetupScope, bindings, scope
from new_ops_project.formats.setuptools.values import (
    Computed,
    Contents,
    Lines,
    Packages,
    UnknownError,
    percent_format,
    join_paths,
    as_strings,
)

_STEPS = 20_000
_SIZE = 1_000_000
_FINDERS = ("find_packages", "find_namespace_packages")


@dataclass(frozen=True)
class _File:
    path: str


def keywords(files: Files) -> Document:
    """setup.py as {keyword: value}, what could not be told being `Computed`; empty where there is no setup.py."""
    path = "setup.py"
    if path not in files:
        return Document(path)
    text = decoded(files[path])
    try:
        tree = parse_python(files[path])
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "setup"]
        if not calls:
            return Document(path, text, problem=f"{path} calls no setup()")
        return _document(text, calls, _Reader(files, scope(tree)))
    except (SyntaxError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return Document(path, text, problem=f"{path}{line} does not parse as Python")


def _document(text: str, calls: list[ast.Call], reader: "_Reader") -> Document:
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    for name, node in _given(calls[0], reader):
        data[name] = reader.told(node)
        lines[(name,)] = reader.line(node)
    if len(calls) > 1:
        data["setup"] = Computed("setup() is called more than once")
        lines["setup",] = calls[1].lineno
    return Document("setup.py", text, data, lines)


def _given(call: ast.Call, reader: "_Reader") -> Iterator[tuple[str, ast.expr]]:
    """Each keyword with its expression, those of `**name` and `**dict(...)` too."""
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value
            continue
        found = reader.bound(keyword.value)
        if isinstance(found, ast.Dict) and all(isinstance(key, ast.Constant) for key in found.keys):
            yield from (
                (str(key.value), value)
                for key, value in zip(found.keys, found.values, strict=True)
                if isinstance(key, ast.Constant)
            )
        elif isinstance(found, ast.Call) and _name(found.func) == "dict":
            yield from _given(found, reader)
        else:
            yield f"**{ast.unparse(keyword.value)}"[:60], keyword.value


def _name(node: ast.AST) -> str:
    """The last part of a name such as os.path.join."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Reader:
    """The values of expressions, as far as literals, names, paths and the files of the repository tell them."""

    def __init__(self, files: Files, scope: SetupScope) -> None:
        self.files = files
        self.scope = scope
        self.steps = 0

    def told(self, node: ast.expr) -> Any:
        """The value, or `Computed`."""
        try:
            return self.value(node, {})
        except (UnknownError, TypeError, ValueError, RecursionError):
            return Computed(" ".join(ast.unparse(self.bound(node)).split())[:80])

    def line(self, node: ast.expr) -> int:
        """Where the value is written: at the name's binding, if it is a name."""
        return self.bound(node).lineno if hasattr(self.bound(node), "lineno") else node.lineno

    def bound(self, node: ast.expr) -> ast.expr:
        """What a name is bound to, else the expression itself."""
        if isinstance(node, ast.Name) and node.id not in self.scope.changed:
            return self.scope.values.get(node.id, node)
        return node

    def value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        """What the expression is with these names of a function; raises UnknownError."""
        self.steps += 1
        if self.steps > _STEPS:
            raise UnknownError
        kind = type(node).__name__.lower()
        found: Callable[[Any, Mapping[str, Any]], Any] | None = getattr(self, f"_{kind}", None)
        if found is None:
            raise UnknownError
        made = found(node, names)
        if isinstance(made, str | list | dict) and len(made) > _SIZE:
            raise UnknownError
        return made

    def _constant(self, node: ast.Constant, _: Mapping[str, Any]) -> Any:
        if node.value is None or isinstance(node.value, str | bool | int | float):
            return node.value
        raise UnknownError

    def _name(self, node: ast.Name, names: Mapping[str, Any]) -> Any:
        if node.id in names:
            return names[node.id]
        if node.id in self.scope.changed or node.id not in self.scope.values:
            raise UnknownError
        return self.value(self.scope.values[node.id], {})

    def _list(self, node: ast.List | ast.Tuple | ast.Set, names: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = []
        for item in node.elts:
            starred = isinstance(item, ast.Starred)
            value = self.value(item.value if isinstance(item, ast.Starred) else item, names)
            found.extend(value if starred else [value])
        return found

    _tuple = _set = _list

    def _dict(self, node: ast.Dict, names: Mapping[str, Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.value(value, names))
            else:
                found[self.value(key, names)] = self.value(value, names)
        return found

    def _joinedstr(self, node: ast.JoinedStr, names: Mapping[str, Any]) -> str:
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        if any(isinstance(part, ast.FormattedValue) and part.format_spec for part in node.values):
            raise UnknownError
        return "".join(str(self.value(part, names)) for part in parts)

    def _binop(self, node: ast.BinOp, names: Mapping[str, Any]) -> Any:
        left, right = self.value(node.left, names), self.value(node.right, names)
        if isinstance(node.op, ast.Div):
            return join_paths([left, right])
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return percent_format(left, right)
        if not isinstance(node.op, ast.Add):
            raise UnknownError
        source = next((side for side in (left, right) if isinstance(side, Contents)), None)
        return Contents(left + right, source.path, whole=False) if source else left + right

    def _subscript(self, node: ast.Subscript, names: Mapping[str, Any]) -> Any:
        value, key = self.value(node.value, names), self.value(node.slice, names)
        try:
            return value[key]
        except (LookupError, TypeError) as error:
            raise UnknownError from error

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: Mapping[str, Any]) -> Any:
        """Only what filters the lines of a file of requirements."""
        found = self.value(node.generators[0].iter, names)
        if isinstance(found, _File):
            found = self._read(found.path)
        if isinstance(found, Contents):
            return Lines(found.split("\n"), found.path)
        if isinstance(found, Lines):
            return found
        raise UnknownError

    _generatorexp = _listcomp

    def _attribute(self, node: ast.Attribute, names: Mapping[str, Any]) -> Any:
        value = self.value(node.value, names)
        if node.attr == "parent" and isinstance(value, str):
            return posixpath.dirname(value)
        raise UnknownError

    def _call(self, node: ast.Call, names: Mapping[str, Any]) -> Any:
        name = _name(node.func)
        if isinstance(node.func, ast.Name) and name in self.scope.functions:
            return self._function(self.scope.functions[name], node, names)
        if name in _FINDERS or ast.unparse(node.func).endswith("Packages.find"):
            return self._packages(node, names)
        arguments = self._list(ast.List(node.args), names)
        if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
            return self._method(self.value(node.func.value, names), name, arguments)
        if name == "dict" and not arguments:
            return {word.arg: self.value(word.value, names) for word in node.keywords}
        return self._plain(name, arguments)

    def _plain(self, name: str, arguments: list[Any]) -> Any:
        first = arguments[0] if arguments else ""
        if name in {"join", "Path", "PurePath"}:
            return join_paths(arguments)
        if name in {"abspath", "realpath", "str", "fspath", "list", "tuple", "sorted", "normpath"} and arguments:
            return first
        if name == "dirname" and isinstance(first, str):
            return posixpath.dirname(first)
        if name == "getcwd":
            return ""
        if name == "open":
            return _File(join_paths([first]))
        if name == "parse_requirements":
            found = self._read(join_paths([first]))
            return Lines(found.split("\n"), found.path)
        raise UnknownError

    def _method(self, value: Any, name: str, arguments: list[Any]) -> Any:
        if isinstance(value, _File):
            return self._of_file(value.path, name)
        if isinstance(value, Contents):
            return _of_contents(value, name)
        if isinstance(value, str):
            return self._of_text(value, name, arguments)
        if isinstance(value, list) and name == "copy":
            return value
        raise UnknownError

    def _of_file(self, path: str, name: str) -> Any:
        if name not in {"read", "readlines"}:
            raise UnknownError
        found = self._read(path)
        return found if name == "read" else Lines(found.split("\n"), path)

    def _of_text(self, value: str, name: str, arguments: list[Any]) -> Any:
        """A method of a text or of a path, which are the same here."""
        if name in {"read_text", "read_bytes"}:
            return self._read(value)
        if name in {"strip", "split", "splitlines", "lower", "lstrip", "rstrip"}:
            return getattr(value, name)(*arguments)
        methods: dict[str, Callable[[], Any]] = {
            "resolve": lambda: value,
            "absolute": lambda: value,
            "open": lambda: _File(value),
            "joinpath": lambda: join_paths([value, *arguments]),
            "join": lambda: value.join(as_strings(*arguments)),
        }
        if name not in methods:
            raise UnknownError
        return methods[name]()

    def _function(self, function: ast.FunctionDef, call: ast.Call, names: Mapping[str, Any]) -> Any:
        """What a function of setup.py returns, if its statements only bind names and return."""
        arguments = self._list(ast.List(call.args), names)
        given = dict(zip((argument.arg for argument in function.args.args), arguments, strict=False))
        given |= {word.arg: self.value(word.value, names) for word in call.keywords if word.arg}
        if function.args.vararg:
            given[function.args.vararg.arg] = arguments[len(function.args.args) :]
        for name, value in bindings(function.body):
            if value is None:
                raise UnknownError
            given[name] = self.value(value, given)
        result = next((node.value for node in _plainly(function.body) if isinstance(node, ast.Return)), None)
        if result is None:
            raise UnknownError
        return self.value(result, given)

    def _packages(self, node: ast.Call, names: Mapping[str, Any]) -> Packages:
        given: dict[str | None, Any] = dict(zip(("where", "exclude", "include"), node.args, strict=False))
        given |= {word.arg: word.value for word in node.keywords}
        values = {key: self.value(value, names) for key, value in given.items()}
        patterns = {key: tuple(as_strings(values[key])) for key in ("include", "exclude") if values.get(key)}
        return Packages(
            join_paths([values.get("where", "")]), **patterns, namespaces="namespace" in _name(node.func).lower()
        )

    def _read(self, path: str) -> Contents:
        if path not in self.files:
            raise UnknownError
        return Contents(decoded(self.files[path]), path)


def _of_contents(value: Contents, name: str) -> Any:
    if name in {"strip", "rstrip", "lstrip", "decode", "replace", "expandtabs"}:
        return value
    if name in {"split", "splitlines"}:
        return Lines(value.split("\n"), value.path)
    raise UnknownError


def _plainly(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are surely run, in order."""
    for node in body:
        yield from _plainly(node.body) if isinstance(node, ast.With | ast.Try) else [node]


def _is_module(node: ast.expr) -> bool:
    """Whether this is os.path, io, codecs, pathlib: a module whose functions are told by their names."""
    return ast.unparse(node) in {"os", "os.path", "path", "osp", "io", "codecs", "pathlib", "posixpath", "op"}
