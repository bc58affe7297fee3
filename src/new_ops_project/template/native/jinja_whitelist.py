"""The parts of Jinja that do the same without copier as with it.

A text may use only what is listed here: a filter that is new in jinja2 or copier is unsupported until someone has
compared the two. Whatever depends on time, chance, the machine or copier's state is left out.
"""

from collections.abc import Iterator
from typing import Any

from jinja2 import meta, nodes

from new_ops_project.template.errors import UnsupportedError
from new_ops_project.template.jinja import FILTERS

# The variables of copier that a text may use, by the part of the template that the text is in.
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
    "to_yaml",
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
# The methods that a text may call; none of them changes its value.
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
# The other methods of the types that an answer can have: they change a value, or give access to more than the value.
_FORBIDDEN = {
    name for kind in (str, bytes, dict, list, set, int, float) for name in dir(kind) if not name.startswith("_")
} - _METHODS
# Filters that take the name of a filter or a test: which argument it is, and the names that are allowed.
_TAKES_NAME = {
    "map": (0, _FILTERS),
    "select": (0, _TESTS),
    "reject": (0, _TESTS),
    "selectattr": (1, _TESTS),
    "rejectattr": (1, _TESTS),
}


def require(tree: nodes.Template, kind: str) -> None:
    """Raise UnsupportedError unless everything in a text of this kind (a key of KNOWN) is listed here."""
    _require_own_namespaces(tree)
    stored, modules = _names(tree)
    for node, parents in _walk(tree, ()):
        node_type = type(node).__name__
        if node_type not in _NODES:
            raise UnsupportedError(f"uses Jinja's {node_type}")
        if node_type in _CHECKS:
            _CHECKS[node_type](node, parents)
        if node_type == "Call":
            _require_call(node, stored, modules)
    _require_known_variables(tree, kind)


def _require_known_variables(tree: nodes.Template, kind: str) -> None:
    """Require that a text uses only its own variables, the answers, and the variables in KNOWN."""
    for name in sorted(meta.find_undeclared_variables(tree)):
        if name.startswith("_") and name not in KNOWN[kind]:
            raise UnsupportedError(f"uses {name}")


def _walk(node: nodes.Node, parents: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node with its grandparent and its parent."""
    yield node, parents
    for child in node.iter_child_nodes():
        yield from _walk(child, (*parents[-1:], node))


def _names(tree: nodes.Template) -> tuple[set[str], set[str]]:
    """The names that the text assigns to, and the names of the modules that it imports."""
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    return stored, {node.target for node in tree.find_all(nodes.Import)}


def _require_call(node: Any, stored: set[str], modules: set[str]) -> None:
    """Require that only macros, functions of jinja2 and methods that change nothing are called."""
    called = node.node
    if isinstance(called, nodes.Name) and called.name not in stored:
        return
    if isinstance(called, nodes.Getattr):
        base = called.node
        if called.attr in _METHODS or (isinstance(base, nodes.Name) and base.name in modules):
            return
    raise UnsupportedError("calls something else than a macro")


def _require_name(node: Any, parents: tuple[Any, ...]) -> None:
    if node.name in _NEVER:
        raise UnsupportedError(f"uses {node.name}")
    if node.name not in {"_copier_conf", "_copier_answers", "_copier_operation"}:
        return
    if node.ctx != "load":
        raise UnsupportedError(f"sets {node.name}")
    grandparent, parent = parents
    allowed = {"_copier_conf": _is_answers_file, "_copier_answers": _is_dump}.get(node.name)
    if allowed and not (allowed(parent) and type(grandparent).__name__ == "Output"):
        raise UnsupportedError(f"uses {node.name}")


def _is_answers_file(node: Any) -> bool:
    return type(node).__name__ == "Getattr" and node.attr == "answers_file"


def _is_dump(node: Any) -> bool:
    """Whether a node is `| to_nice_yaml` without arguments: copier's own dump of the answers."""
    if type(node).__name__ != "Filter":
        return False
    has_arguments = node.args or node.kwargs or node.dyn_args or node.dyn_kwargs
    return not has_arguments and node.name == "to_nice_yaml"


def _require_attribute(node: Any, _: tuple[Any, ...]) -> None:
    name = node.attr if type(node).__name__ == "Getattr" else getattr(node.arg, "value", "")
    if isinstance(name, str) and (name.startswith("_") or name in _FORBIDDEN):
        raise UnsupportedError(f"uses the attribute {name}")


def _require_filter(node: Any, _: tuple[Any, ...]) -> None:
    if node.name not in _FILTERS:
        raise UnsupportedError(f"uses the filter {node.name}")
    for argument in node.kwargs or ():
        if argument.key == "attribute":
            _require_path(argument.value)
    if node.name not in _TAKES_NAME:
        return
    if node.dyn_args or node.dyn_kwargs:
        raise UnsupportedError(f"gives the filter {node.name} arguments that are known only at run time")
    name_position, allowed = _TAKES_NAME[node.name]
    for position, argument in enumerate(node.args[: name_position + 1]):
        if position < name_position:
            _require_path(argument)
        elif getattr(argument, "value", None) not in allowed:
            raise UnsupportedError(f"gives the filter {node.name} an unknown name")


def _require_path(argument: Any) -> None:
    """Require that the attribute which a filter looks up is a constant, and one that a text may use."""
    value = getattr(argument, "value", None)
    if isinstance(value, int):
        return
    if not isinstance(value, str) or any(part.startswith("_") or part in _FORBIDDEN for part in value.split(".")):
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


def _require_own_namespaces(tree: nodes.Template) -> None:
    """Require that a namespace is changed only by the macro or text that creates it.

    Others, such as those of an imported file, keep their values from one file to the next, so the result would depend
    on the order in which files are rendered.
    """
    macros = list(tree.find_all(nodes.Macro))
    for scope in (*macros, tree):
        created = _created_namespaces(scope)
        for node in scope.find_all(nodes.NSRef):
            if node.name not in created:
                raise UnsupportedError(f"changes {node.name}, which it has not created")


def _created_namespaces(scope: Any) -> set[str]:
    """The names to which a scope assigns new namespaces and nothing else."""
    only_namespaces: dict[str, bool] = {}
    for node in scope.find_all(nodes.Assign):
        if isinstance(node.target, nodes.Name):
            call = node.node
            is_new = isinstance(call, nodes.Call) and getattr(call.node, "name", "") == "namespace"
            only_namespaces[node.target.name] = only_namespaces.get(node.target.name, True) and is_new
    return {name for name, is_new in only_namespaces.items() if is_new}


def included(tree: nodes.Template) -> Iterator[tuple[str | None, ...]]:
    """The names of all files that the text can include or import, in parts; None stands for a part that is computed."""
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        expression = node.template  # type: ignore[attr-defined]
        is_list = isinstance(expression, (nodes.List, nodes.Tuple))
        yield from (_parts(item) for item in (expression.items if is_list else (expression,)))


def _parts(expression: Any) -> tuple[str | None, ...]:
    if isinstance(expression, nodes.Const):
        if isinstance(expression.value, (list, tuple)):
            raise UnsupportedError("includes the first file of a list")
        return (str(expression.value),)
    if isinstance(expression, nodes.Concat):
        return tuple(part for node in expression.nodes for part in _parts(node))
    if isinstance(expression, nodes.Add):
        return (*_parts(expression.left), *_parts(expression.right))
    return (None,)
