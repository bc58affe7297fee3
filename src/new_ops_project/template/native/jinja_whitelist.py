"""Which Jinja texts do the same here as in copier: all that they hold is on a list, else Unsure is raised."""

import glob
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from new_ops_project.template.native.filters import FILTERS
from new_ops_project.template.native.unsupported import UnsupportedError

if TYPE_CHECKING:
    from jinja2 import nodes

# Names of copier's that a text may use, by what the text is part of.
KNOWN = {
    "question": {"_copier_conf"},
    "exclude": {"_copier_conf", "_copier_operation"},
    "name": {"_copier_conf"},
    "file": {"_copier_conf", "_copier_answers"},
}
_NEVER = {"now", "make_secret", "UNSET", "lipsum", "cycler", "joiner", "self"}
_NODES = {
    "Template",
    "Output",
    "TemplateData",
    "Const",
    "Name",
    "Getattr",
    "Getitem",
    "Slice",
    "Filter",
    "Test",
    "Call",
    "Keyword",
    "Pair",
    "Dict",
    "List",
    "Tuple",
    "If",
    "For",
    "CondExpr",
    "Compare",
    "Operand",
    "And",
    "Or",
    "Not",
    "Neg",
    "Pos",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "FloorDiv",
    "Mod",
    "Pow",
    "Concat",
    "Assign",
    "AssignBlock",
    "NSRef",
    "Macro",
    "CallBlock",
    "FilterBlock",
    "With",
    "Scope",
    "Include",
    "Import",
    "FromImport",
    "Extends",
    "Block",
}
_FILTERS = {
    "abs",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
    "wordwrap",
    *FILTERS,
}
_TESTS = {
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "true",
    "undefined",
    "upper",
}
# What may be called on a value; none of it changes the value.
_METHODS = {
    "capitalize",
    "casefold",
    "center",
    "count",
    "endswith",
    "expandtabs",
    "find",
    "get",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "items",
    "join",
    "keys",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
    "values",
    "zfill",
}
# Other methods of the types that an answer can have: what changes a value, or can look where it should not.
_UNWANTED = {
    name for kind in (str, bytes, dict, list, set, int, float) for name in dir(kind) if not name.startswith("_")
} - _METHODS
_BY_NAME = {
    "map": (0, _FILTERS),
    "select": (0, _TESTS),
    "reject": (0, _TESTS),
    "selectattr": (1, _TESTS),
    "rejectattr": (1, _TESTS),
}


def require(tree: "nodes.Template", kind: str) -> None:
    """Raise Unsure unless everything in a text of this kind (a key of KNOWN) is known to do the same here."""
    _require_own_namespaces(tree)
    stored, modules = _names(tree)
    for node, parents in _walk(tree, ()):
        what = type(node).__name__
        if what not in _NODES:
            raise UnsupportedError(f"uses Jinja's {what}")
        if what in _CHECKS:
            _CHECKS[what](node, parents)
        if what == "Call":
            _require_call(node, stored, modules)
    _require_known(tree, kind)


def _require_known(tree: "nodes.Template", kind: str) -> None:
    """Of what is not its own, a text of this kind uses the answers and what copier is known to tell it."""
    from jinja2 import meta

    for name in sorted(meta.find_undeclared_variables(tree)):
        if name.startswith("_") and name not in KNOWN[kind]:
            raise UnsupportedError(f"uses {name}")


def _walk(node: "nodes.Node", parents: tuple[str, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    yield node, parents
    for child in node.iter_child_nodes():
        yield from _walk(child, (*parents[-1:], node))  # type: ignore[arg-type]


def _names(tree: "nodes.Template") -> tuple[set[str], set[str]]:
    """What the text gives a value to, and what it imports files as."""
    from jinja2 import nodes

    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    return stored, {node.target for node in tree.find_all(nodes.Import)}


def _require_call(node: Any, stored: set[str], modules: set[str]) -> None:
    """Only macros, a few functions, and methods that change nothing."""
    from jinja2 import nodes

    called = node.node
    if isinstance(called, nodes.Name) and called.name not in stored:
        return
    if isinstance(called, nodes.Getattr):
        base = called.node
        if called.attr in _METHODS or (isinstance(base, nodes.Name) and base.name in modules):
            return
    raise UnsupportedError("calls what is no macro")


def _require_name(node: Any, parents: tuple[Any, ...]) -> None:
    if node.name in _NEVER:
        raise UnsupportedError(f"uses {node.name}")
    if node.name not in {"_copier_conf", "_copier_answers", "_copier_operation"}:
        return
    if node.ctx != "load":
        raise UnsupportedError(f"sets {node.name}")
    grand, parent = parents
    allowed = {"_copier_conf": _is_answers_file, "_copier_answers": _is_dump}.get(node.name)
    if allowed and not (allowed(parent) and type(grand).__name__ == "Output"):
        raise UnsupportedError(f"uses {node.name}")


def _is_answers_file(node: Any) -> bool:
    return type(node).__name__ == "Getattr" and node.attr == "answers_file"


def _is_dump(node: Any) -> bool:
    given = node.args or node.kwargs or node.dyn_args or node.dyn_kwargs if type(node).__name__ == "Filter" else True
    return not given and node.name == "to_nice_yaml"


def _require_attribute(node: Any, _: tuple[Any, ...]) -> None:
    name = node.attr if type(node).__name__ == "Getattr" else getattr(node.arg, "value", "")
    if isinstance(name, str) and (name.startswith("_") or name in _UNWANTED):
        raise UnsupportedError(f"uses the attribute {name}")


def _require_filter(node: Any, _: tuple[Any, ...]) -> None:
    if node.name not in _FILTERS:
        raise UnsupportedError(f"uses the filter {node.name}")
    for given in node.kwargs or ():
        if given.key == "attribute":
            _require_path(given.value)
    if node.name not in _BY_NAME:
        return
    if node.dyn_args or node.dyn_kwargs:
        raise UnsupportedError(f"gives the filter {node.name} what is known only at run time")
    at, known = _BY_NAME[node.name]
    for position, given in enumerate(node.args[: at + 1]):
        if position < at:
            _require_path(given)
        elif getattr(given, "value", None) not in known:
            raise UnsupportedError(f"gives the filter {node.name} an unknown name")


def _require_path(given: Any) -> None:
    """An attribute, given as text: one that a filter looks up."""
    value = getattr(given, "value", None)
    if isinstance(value, int):
        return
    if not isinstance(value, str) or any(part.startswith("_") or part in _UNWANTED for part in value.split(".")):
        raise UnsupportedError("looks up an attribute that is known only at run time")


def _require_test(node: Any, _: tuple[Any, ...]) -> None:
    if node.name not in _TESTS:
        raise UnsupportedError(f"uses the test {node.name}")


_CHECKS = {
    "Name": _require_name,
    "Getattr": _require_attribute,
    "Getitem": _require_attribute,
    "Filter": _require_filter,
    "Test": _require_test,
}


def _require_own_namespaces(tree: "nodes.Template") -> None:
    """A namespace that is changed must be made in the same macro or text: others live on from one file to the next."""
    from jinja2 import nodes

    macros = list(tree.find_all(nodes.Macro))
    for scope in (*macros, tree):
        made = _made(scope)
        for node in scope.find_all(nodes.NSRef):
            if node.name not in made:
                raise UnsupportedError(f"changes {node.name}, which it has not made")


def _made(scope: Any) -> set[str]:
    """Names that are given new namespaces in it, and nothing else."""
    from jinja2 import nodes

    found: dict[str, bool] = {}
    for node in scope.find_all(nodes.Assign):
        if isinstance(node.target, nodes.Name):
            call = node.node
            is_new = isinstance(call, nodes.Call) and getattr(call.node, "name", "") == "namespace"
            found[node.target.name] = found.get(node.target.name, True) and is_new
    return {name for name, is_new in found.items() if is_new}


def referenced(tree: "nodes.Template") -> Iterator[str]:
    """Patterns (fnmatch) for the names of all files that the text can include or import."""
    from jinja2 import nodes

    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        expression = node.template  # type: ignore[attr-defined]
        is_list = isinstance(expression, (nodes.List, nodes.Tuple))
        yield from (_pattern(one) for one in (expression.items if is_list else (expression,)))


def _pattern(expression: Any) -> str:
    """What is constant stands for itself, everything else for anything."""
    from jinja2 import nodes

    if isinstance(expression, nodes.Const):
        value = expression.value
        if isinstance(value, (list, tuple)):
            raise UnsupportedError("includes the first file of a list")
        return glob.escape(str(value))
    if isinstance(expression, nodes.Concat):
        return "".join(map(_pattern, expression.nodes))
    if isinstance(expression, nodes.Add):
        return _pattern(expression.left) + _pattern(expression.right)
    return "*"
