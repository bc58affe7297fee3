"""The values of expressions in setup.py that its syntax gives, without running any of it."""

import ast
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from new_ops_project.formats.document import Files, decoded
from new_ops_project.formats.python import last_name
from new_ops_project.formats.setuptools.scope import SetupScope, bindings
from new_ops_project.formats.setuptools.values import (
    Computed,
    Contents,
    Lines,
    Packages,
    UnknownError,
    as_strings,
    join_paths,
    percent_format,
)

# Limits of one evaluation: a few lines such as `a = b + b` can ask for more time and memory than there is.
_STEPS = 20_000
_SIZE = 1_000_000  # characters or items of one value
_FINDERS = ("find_packages", "find_namespace_packages")


@dataclass(frozen=True)
class _File:
    """What `open(path)` returns."""

    path: str


class Evaluator:
    """Evaluates literals, names, paths, and reads of the repository's files; knows nothing else of Python.

    Paths are plain strings here, relative to the repository's root. A node of kind X is evaluated by the method `_x`,
    for example ast.BinOp by `_binop`; a kind without a method is unknown.
    """

    def __init__(self, files: Files, scope: SetupScope) -> None:
        self.files = files
        self.scope = scope
        self.steps = 0

    def evaluate(self, node: ast.expr) -> Any:
        """The value of an expression at module level; `Computed` where it is unknown."""
        try:
            return self._value(node, {})
        except (UnknownError, TypeError, ValueError, RecursionError):
            return Computed(" ".join(ast.unparse(self.bound(node)).split())[:80])

    def line(self, node: ast.expr) -> int:
        """The line of the value: where the name is bound, if the expression is a name."""
        return self.bound(node).lineno if hasattr(self.bound(node), "lineno") else node.lineno

    def bound(self, node: ast.expr) -> ast.expr:
        """The expression that a name is bound to; any other expression is returned as it is."""
        if isinstance(node, ast.Name) and node.id not in self.scope.changed:
            return self.scope.values.get(node.id, node)
        return node

    def _value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        """The value of an expression, with `names` as the local variables. Raises UnknownError."""
        self.steps += 1
        if self.steps > _STEPS:
            raise UnknownError
        kind = type(node).__name__.lower()
        evaluate: Callable[[Any, Mapping[str, Any]], Any] | None = getattr(self, f"_{kind}", None)
        if evaluate is None:
            raise UnknownError
        value = evaluate(node, names)
        if isinstance(value, str | list | dict) and len(value) > _SIZE:
            raise UnknownError
        return value

    def _constant(self, node: ast.Constant, _: Mapping[str, Any]) -> Any:
        if node.value is None or isinstance(node.value, str | bool | int | float):
            return node.value
        raise UnknownError

    def _name(self, node: ast.Name, names: Mapping[str, Any]) -> Any:
        if node.id in names:
            return names[node.id]
        if node.id in self.scope.changed or node.id not in self.scope.values:
            raise UnknownError
        return self._value(self.scope.values[node.id], {})

    def _list(self, node: ast.List | ast.Tuple | ast.Set, names: Mapping[str, Any]) -> list[Any]:
        items: list[Any] = []
        for item in node.elts:
            starred = isinstance(item, ast.Starred)
            value = self._value(item.value if isinstance(item, ast.Starred) else item, names)
            items.extend(value if starred else [value])
        return items

    _tuple = _set = _list

    def _dict(self, node: ast.Dict, names: Mapping[str, Any]) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                table.update(self._value(value, names))
            else:
                table[self._value(key, names)] = self._value(value, names)
        return table

    def _joinedstr(self, node: ast.JoinedStr, names: Mapping[str, Any]) -> str:
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        if any(isinstance(part, ast.FormattedValue) and part.format_spec for part in node.values):
            raise UnknownError
        return "".join(str(self._value(part, names)) for part in parts)

    def _binop(self, node: ast.BinOp, names: Mapping[str, Any]) -> Any:
        left, right = self._value(node.left, names), self._value(node.right, names)
        if isinstance(node.op, ast.Div):  # Path("a") / "b"
            return join_paths([left, right])
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return percent_format(left, right)
        if not isinstance(node.op, ast.Add):
            raise UnknownError
        source = next((side for side in (left, right) if isinstance(side, Contents)), None)
        return Contents(left + right, source.path, whole=False) if source else left + right

    def _subscript(self, node: ast.Subscript, names: Mapping[str, Any]) -> Any:
        value, key = self._value(node.value, names), self._value(node.slice, names)
        try:
            return value[key]
        except (LookupError, TypeError) as error:
            raise UnknownError from error

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: Mapping[str, Any]) -> Any:
        """The lines of a file, unfiltered: a comprehension over a requirements file only drops comments."""
        source = self._value(node.generators[0].iter, names)
        if isinstance(source, _File):
            source = self._read(source.path)
        if isinstance(source, Contents):
            return Lines(source.split("\n"), source.path)
        if isinstance(source, Lines):
            return source
        raise UnknownError

    _generatorexp = _listcomp

    def _attribute(self, node: ast.Attribute, names: Mapping[str, Any]) -> Any:
        value = self._value(node.value, names)
        if node.attr == "parent" and isinstance(value, str):
            return posixpath.dirname(value)
        raise UnknownError

    def _call(self, node: ast.Call, names: Mapping[str, Any]) -> Any:
        name = last_name(node.func)
        if isinstance(node.func, ast.Name) and name in self.scope.functions:
            return self._function(self.scope.functions[name], node, names)
        if name in _FINDERS or ast.unparse(node.func).endswith("Packages.find"):
            return self._packages(node, names)
        arguments = self._list(ast.List(node.args), names)
        if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
            return self._method(self._value(node.func.value, names), name, arguments)
        if name == "dict" and not arguments:
            return {word.arg: self._value(word.value, names) for word in node.keywords}
        return self._builtin(name, arguments)

    def _builtin(self, name: str, arguments: list[Any]) -> Any:
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
            content = self._read(join_paths([first]))
            return Lines(content.split("\n"), content.path)
        raise UnknownError

    def _method(self, value: Any, name: str, arguments: list[Any]) -> Any:
        if isinstance(value, _File):
            return self._file_method(value.path, name)
        if isinstance(value, Contents):
            return _contents_method(value, name)
        if isinstance(value, str):
            return self._string_method(value, name, arguments)
        if isinstance(value, list) and name == "copy":
            return value
        raise UnknownError

    def _file_method(self, path: str, name: str) -> Any:
        if name not in {"read", "readlines"}:
            raise UnknownError
        content = self._read(path)
        return content if name == "read" else Lines(content.split("\n"), path)

    def _string_method(self, value: str, name: str, arguments: list[Any]) -> Any:
        """A method of a string or of a path, which are the same here."""
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
        """The result of a function that only binds names and returns."""
        arguments = self._list(ast.List(call.args), names)
        local_names = dict(zip((argument.arg for argument in function.args.args), arguments, strict=False))
        local_names |= {word.arg: self._value(word.value, names) for word in call.keywords if word.arg}
        if function.args.vararg:
            local_names[function.args.vararg.arg] = arguments[len(function.args.args) :]
        for name, value in bindings(function.body):
            if value is None:
                raise UnknownError
            local_names[name] = self._value(value, local_names)
        result = next((node.value for node in _certain(function.body) if isinstance(node, ast.Return)), None)
        if result is None:
            raise UnknownError
        return self._value(result, local_names)

    def _packages(self, node: ast.Call, names: Mapping[str, Any]) -> Packages:
        options: dict[str | None, Any] = dict(zip(("where", "exclude", "include"), node.args, strict=False))
        options |= {word.arg: word.value for word in node.keywords}
        values = {key: self._value(value, names) for key, value in options.items()}
        patterns = {key: tuple(as_strings(values[key])) for key in ("include", "exclude") if values.get(key)}
        return Packages(
            join_paths([values.get("where", "")]), **patterns, namespaces="namespace" in last_name(node.func).lower()
        )

    def _read(self, path: str) -> Contents:
        if path not in self.files:
            raise UnknownError
        return Contents(decoded(self.files[path]), path)


def _contents_method(value: Contents, name: str) -> Any:
    if name in {"strip", "rstrip", "lstrip", "decode", "replace", "expandtabs"}:
        return value
    if name in {"split", "splitlines"}:
        return Lines(value.split("\n"), value.path)
    raise UnknownError


def _certain(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run whatever the conditions are, in order."""
    for node in body:
        yield from _certain(node.body) if isinstance(node, ast.With | ast.Try) else [node]


def _is_module(node: ast.expr) -> bool:
    """Whether this is a module such as os.path, io or pathlib, whose functions are known by their names alone."""
    return ast.unparse(node) in {"os", "os.path", "path", "osp", "io", "codecs", "pathlib", "posixpath", "op"}
