"""The rewriting of a Python file's imports for modules that moved.

Only the text of import statements and of module names in strings changes: every other byte stays, so comments, layout
and line ends are the user's. That is why it edits the text at positions that `ast` gives, instead of unparsing a tree.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from new_ops_project.formats import python
from new_ops_project.formats.python import Syntax
from new_ops_project.project.promotion.program.data_files import Doubt

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as Python's tokenizer sees lines; bytes.splitlines sees more
_BYTE_ORDER_MARK = "\ufeff"


_Edits = dict[tuple[int, int], str]  # new texts for parts of the source: from where to where, in bytes


@dataclass(frozen=True)
class _Source:
    """The text of a file with the modules that moved."""

    content: bytes
    starts: tuple[int, ...]  # where each line begins
    syntax: Syntax
    moved: Mapping[str, str]  # new dotted names of modules by their old top-level names

    def span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        """Where a node begins and ends: ast counts columns in bytes of UTF-8, too."""
        end = self.starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        return self.starts[node.lineno - 1] + node.col_offset, end


def rename_modules(source: str, moved: Mapping[str, str]) -> tuple[str, tuple[Doubt, ...]]:
    """`source` with its absolute imports of moved modules rewritten, and doubts about the rest.

    `moved` has the new dotted name of each module by its old top-level name. The names of moved modules in strings are
    rewritten where such a string is an argument of `mock.patch`, `monkeypatch.setattr` or `import_module`.
    """
    bare = source.removeprefix(_BYTE_ORDER_MARK)
    try:
        syntax = Syntax(python.parse(bare))
    except SyntaxError as error:
        return source, (Doubt(error.lineno or 1, "does not parse as Python, so its imports are left as they are"),)
    content = bare.encode()
    starts = accumulate((len(line) for line in _LINE.findall(content)), initial=0)
    text = _Source(content, tuple(starts), syntax, moved)
    edits, doubts = _string_changes(text)
    edits |= _import_edits(text) | _import_from_edits(text)
    for (start, end), new in sorted(edits.items(), reverse=True):  # from the end, so that earlier positions stay valid
        content = content[:start] + new.encode() + content[end:]
    return _BYTE_ORDER_MARK * source.startswith(_BYTE_ORDER_MARK) + content.decode(), tuple(doubts)


def _top(name: str) -> str:
    return name.partition(".")[0]


# Import statements


def _import_edits(source: _Source) -> _Edits:
    imports = source.syntax.nodes(ast.Import)
    nodes = [node for node in imports if any(_top(alias.name) in source.moved for alias in node.names)]
    runs: list[list[ast.Import]] = []
    for node in sorted(nodes, key=source.span):
        if runs and _continues(node, runs[-1][-1], source):
            runs[-1].append(node)
        else:
            runs.append([node])
    return {(source.span(run[0])[0], source.span(run[-1])[1]): _rewritten(run, source) for run in runs}


def _continues(node: ast.Import, before: ast.Import, source: _Source) -> bool:
    """Whether both can become one statement, as isort wants it, which the linter of the project runs.

    Both are `import MODULE`, in lines of their own that follow each other, and the modules are in the same package now.
    """
    between = source.content[source.span(before)[1] : source.span(node)[0]]
    is_below = source.syntax.parent(node) is source.syntax.parent(before) and re.fullmatch(rb"\r?[\r\n][ \t]*", between)
    packages = {_package(it, source.moved) for it in (before, node)}
    return bool(is_below) and len(packages) == 1 and "" not in packages


def _package(node: ast.Import, moved: Mapping[str, str]) -> str:
    """The package that the only module of a statement moved to, under the same name; '' for any other statement."""
    before, _, last = moved.get(node.names[0].name, "").rpartition(".")
    return before if ast.unparse(node) == f"import {last}" else ""


def _rewritten(run: list[ast.Import], source: _Source) -> str:
    """The statements by which the code below can use the same names as before."""
    if len(run) > 1:
        names = sorted(alias.name for node in run for alias in node.names)
        return f"from {_package(run[0], source.moved)} import {', '.join(names)}"
    return "; ".join(_statement(alias, source) for alias in run[0].names)


def _statement(alias: ast.alias, source: _Source) -> str:
    """`import keys` becomes `from package import keys`; `import keys.store` binds `keys` and loads `keys.store`."""
    if _top(alias.name) not in source.moved:
        return f"import {alias.name} as {alias.asname}" if alias.asname else f"import {alias.name}"
    top = _top(alias.name)
    new = source.moved[top] + alias.name[len(top) :]
    if alias.asname or "." not in alias.name:
        return _import_as(new, alias.asname or alias.name)
    unused = "_" + alias.name.replace(".", "_")
    while unused.encode() in source.content:
        unused = f"_{unused}"
    return f"{_import_as(new, unused)}; {_import_as(source.moved[top], top)}"


def _import_as(new: str, name: str) -> str:
    before, _, last = new.rpartition(".")
    return f"from {before} import {last}" + (f" as {name}" if name != last else "")


def _import_from_edits(source: _Source) -> _Edits:
    """`from a.b import c` with another first part of the module's name, which is all that changes."""
    edits: _Edits = {}
    for node in source.syntax.nodes(ast.ImportFrom):
        start, end = source.span(node)
        name = re.match(rb"from(?:\s|\\\r?\n|\\\r)+(\w+)", source.content[start:end])
        if name and not node.level and _top(node.module or "") in source.moved:
            edits[start + name.start(1), start + name.end(1)] = source.moved[_top(node.module or "")]
    return edits


# Names in strings

_NAMING = re.compile(
    r"(.*\.)?(patch(\.dict|\.multiple)?|setattr|delattr)|importlib\.(import_module|resources\.files)"
    r"|pytest\.importorskip|runpy\.run_module|pkgutil\.(get_data|resolve_name)"
)
# A plain word, or the name of a file or host: `keys.json` is not the attribute `json` of the module `keys`.
_FILE = re.compile(
    r"\w*|.*\.(py|csv|tsv|json|txt|log|ya?ml|toml|ini|cfg|conf|md|sh|sql|xml|html|db|pid|lock|out|err|tmp|gz|zip|tar|bak"
    r"|sock|service|com|org|net|local|exe|j2|env|dat|rst|pem|key|crt|sqlite)"
)


def _string_changes(source: _Source) -> tuple[_Edits, list[Doubt]]:
    """Edits of strings by which a call names a moved module, and doubts about others that may do so."""
    edits, doubts = _Edits(), list[Doubt]()
    for node in sorted(source.syntax.nodes(ast.Constant), key=lambda node: (node.lineno, node.col_offset)):
        if not _names(node.value, source.moved) or isinstance(source.syntax.parent(node), ast.Expr):
            continue
        start, end = source.span(node)
        literal = re.match(rb"""[rRuUbB]*(?:\"{3}|'{3}|"|')(\w+)(?=[."'])""", source.content[start:end])
        is_named = _is_argument(node, source.syntax)
        if is_named and literal and literal[1].decode() in source.moved:
            edits[start + literal.start(1), start + literal.end(1)] = source.moved[literal[1].decode()]
        elif is_named or _is_key(node, source.syntax) or _FILE.fullmatch(str(node.value)) is None:
            doubts.append(Doubt(node.lineno, f"names {node.value!r}, whose module moved"))
    return edits, doubts


def _names(value: object, moved: Mapping[str, str]) -> bool:
    """Whether this is a string that may be the dotted name of a moved module or of something in it."""
    return isinstance(value, str) and _top(value) in moved and bool(re.fullmatch(r"\w+(\.\w+)*\.?", value))


def _is_argument(node: ast.Constant, syntax: Syntax) -> bool:
    """Whether this names a module for `mock.patch` and the like: the first argument, or `target=`."""
    parent = syntax.parent(node)
    call = syntax.parent(parent) if isinstance(parent, ast.keyword) and parent.arg == "target" else parent
    is_first = isinstance(call, ast.Call) and (call is not parent or call.args[:1] == [node])
    return is_first and bool(_NAMING.fullmatch(syntax.qualified_name(call.func)))  # type: ignore[union-attr]


def _is_key(node: ast.Constant, syntax: Syntax) -> bool:
    """Whether this is the key in sys.modules[...] or the argument of __import__(...)."""
    parent = syntax.parent(node)
    whole = parent.func if isinstance(parent, ast.Call) else parent.value if isinstance(parent, ast.Subscript) else None
    return syntax.qualified_name(whole) in {"__import__", "sys.modules"}
