"""Values that go into a command line for a shell."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostic
from new_ops_project.checks.repo import Repo
from new_ops_project.formats.python import Syntax, dotted_name, last_name

_LONGEST = 50  # characters; a longer expression is not quoted in a message
_KEYWORDS = {"args", "command", "cmd", "commandline"}
_SAFE = re.compile(r"(?:.*\.)?(?:quote|list2cmdline|getpid|getuid|time)|shlex\.join|len|int|float")
# Windows joins the list into one command line.
_WINDOWS = re.compile(rb"win32|Windows|['\"](?:nt|(?:powershell|pwsh|cmd)(?:\.exe)?)['\"]")
# Whoever chose these wrote a command line, whose words a quote would join.
_COMMAND = re.compile(
    r"(?:.*_)?(?:command(?:_?line)?|cmd(?:_?line)?|editor|pager|shell|browser)(?:_.*)?", re.IGNORECASE
)
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|(?:sys\.executable|__file__|os\.\w*sep)")


def unquoted(repo: Repo, diagnostic: Diagnostic) -> str:
    """The message for a command line that contains an unquoted value; '' if it contains none."""
    path, syntax = diagnostic.path, repo.syntax(diagnostic.path)
    call = python_files.node_at(repo, diagnostic, ast.Call)
    command = argument(call) if call else None
    if command is None or syntax is None or call is None:
        return ""
    if isinstance(command, ast.List | ast.Tuple):
        is_cut = len(command.elts) > 1 and diagnostic.code == "S602" and not _WINDOWS.search(repo.files[path])
        return "With `shell=True`, only the first item of the list is run as the command." if is_cut else ""
    parts = _unquoted(assigned_value(command, call, syntax))
    unsafe = next((part for part in parts if not _is_listed(part, syntax)), None)
    return f"{diagnostic.message.partition(',')[0]}: {_display(unsafe)} needs shlex.quote()." if unsafe else ""


def _display(node: ast.expr) -> str:
    value = ast.unparse(node)
    return f"`{value}`" if len(value) <= _LONGEST and "`" not in value else "a value"


def argument(call: ast.Call) -> ast.expr | None:
    """The argument that a call runs as a command."""
    keywords = (keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS)
    return call.args[0] if call.args else next(keywords, None)


def assigned_value(command: ast.expr, call: ast.Call, syntax: Syntax) -> ast.expr:
    """The last value assigned to a name before the call, in the same function; other expressions stay as they are."""
    if not isinstance(command, ast.Name):
        return command
    scope = syntax.scope(call)
    nodes: list[tuple[ast.stmt, ast.expr, list[ast.expr]]] = []
    nodes += [(node, node.value, node.targets) for node in syntax.nodes(ast.Assign)]
    nodes += [(node, node.value, [node.target]) for node in syntax.nodes(ast.AugAssign)]
    before = [
        (node.lineno, value)
        for node, value, targets in nodes
        if node.lineno < call.lineno
        and any(_is_name(target, command.id) for target in targets)
        and syntax.scope(node) is scope
    ]
    return max(before, key=lambda assigned: assigned[0])[1] if before else command


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _unquoted(command: ast.expr) -> Iterator[ast.expr]:
    """The parts of an assembled text that are neither constant nor quoted."""
    if isinstance(command, ast.JoinedStr):
        parts = [part.value for part in command.values if isinstance(part, ast.FormattedValue) and not part.format_spec]
    elif isinstance(command, ast.BinOp) and isinstance(command.op, ast.Add):
        parts = list(_summands(command))
        parts = parts if any(_is_text(part) for part in parts) else []
    elif isinstance(command, ast.BinOp) and isinstance(command.op, ast.Mod) and _is_text(command.left):
        parts = command.right.elts if isinstance(command.right, ast.Tuple) else [command.right]
    elif isinstance(command, ast.Call) and _is_format(command):
        first = command.args[0] if len(command.args) == 1 and last_name(command.func) == "join" else None
        parts = (
            first.elts
            if isinstance(first, ast.List | ast.Tuple)
            else [*command.args, *(keyword.value for keyword in command.keywords)]
        )
    else:
        parts = []
    yield from (part for part in parts if not _is_harmless(part))


def _summands(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _summands(node.left)
        yield from _summands(node.right)
    elif isinstance(node, ast.JoinedStr):
        yield from (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
    else:
        yield node


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_format(call: ast.Call) -> bool:
    """Whether the call is `"...".format(...)`, or joins words that should have stayed a list."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) and _is_text(call.func.value) else ""
    return method == "format" or (method == "join" and not any(_is_quoted(arg) for arg in call.args))


def _is_quoted(node: ast.expr) -> bool:
    return any(last_name(part) in {"quote", "list2cmdline"} for part in ast.walk(node))


def _is_harmless(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return bool(_SAFE.fullmatch(dotted_name(node.func)))
    name = dotted_name(node)
    harmless = (
        _CONSTANT.fullmatch(name.rpartition(".")[2]),
        _CONSTANT.fullmatch(name),
        _COMMAND.fullmatch(last_name(node)),
    )
    return isinstance(node, ast.Constant) or any(harmless)


def _is_listed(node: ast.expr, syntax: Syntax) -> bool:
    """Whether a loop takes the value from texts in the code."""
    loops = (loop for loop in syntax.enclosing(node, ast.For) if _is_name(loop.target, last_name(node)))
    return any(isinstance(loop.iter, ast.List | ast.Tuple) and all(map(_is_text, loop.iter.elts)) for loop in loops)
