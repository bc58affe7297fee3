"""Rules about running other programs."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name, last_name

_LONGEST = 50  # characters; a longer expression is not quoted in a message
_KEYWORDS = {"args", "command", "cmd", "commandline"}
_SAFE = re.compile(r"(?:.*\.)?(?:quote|list2cmdline|getpid|getuid|time)|shlex\.join|len|int|float")
_WINDOWS = re.compile(rb"win32|Windows|['\"]nt['\"]")  # Windows joins the list into one command line
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|(?:sys\.executable|__file__|os\.\w*sep)")
_DISCARDING = {"os.system", "subprocess.call"}
# Commands whose failure does not matter.
_MAY_FAIL = re.compile(
    r"(?:\S*/)?(?:clear|cls|reset|tput|stty|color|title|pause|open|xdg-open|start|notify-send|say|osascript|pkill|"
    r"killall|kill|tset|setterm|logger|sync)\b.*|.*(?:\|\||;)\s*(?:true|:)\s*",
    re.DOTALL,
)


def unquoted_values(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each command line for a shell that contains unquoted values."""
    for diagnostic in python_files.relevant(repo, report, "S602", "S604", "S605"):
        path = diagnostic.path
        call, syntax = python_files.node_at(repo, diagnostic, ast.Call), repo.syntax(path)
        command = _command(call) if call else None
        if command is None or syntax is None or call is None:
            continue
        place = python_files.place(repo, path, call)
        if isinstance(command, ast.List | ast.Tuple):
            is_cut = len(command.elts) > 1 and diagnostic.code == "S602" and not _WINDOWS.search(repo.files[path])
            yield from [_ignored_arguments(place)] if is_cut else []
        elif unsafe := next(_unquoted(_assigned_value(command, call, syntax)), None):
            yield Breach(f"{_display(unsafe)} goes into a command line for a shell without being quoted.", *place)


def _ignored_arguments(place: tuple[str, int, int]) -> Breach:
    return Breach(
        "With shell=True, only the first item of the list is run as the command.",
        *place,
        severity=Severity.WARNING,
        remedy="Remove shell=True.",
    )


def _display(node: ast.expr) -> str:
    value = ast.unparse(node)
    return f"`{value}`" if len(value) <= _LONGEST and "`" not in value else "A value"


def _command(call: ast.Call) -> ast.expr | None:
    keywords = (keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS)
    return call.args[0] if call.args else next(keywords, None)


def _assigned_value(command: ast.expr, call: ast.Call, syntax: Syntax) -> ast.expr:
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
    return isinstance(node, ast.Constant) or bool(
        _CONSTANT.fullmatch(dotted_name(node).rpartition(".")[2]) or _CONSTANT.fullmatch(dotted_name(node))
    )


# ---- failures --------------------------------------------------------------------------------------------------------


def unchecked_commands(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each command whose exit code is not used, unless the code says that failure does not matter."""
    for diagnostic in python_files.relevant(repo, report, "PLW1510"):
        path = diagnostic.path
        call, syntax = python_files.node_at(repo, diagnostic, ast.Call), repo.syntax(path)
        if syntax and call and isinstance(syntax.parent(call), ast.Expr) and not _may_fail(call):
            yield Breach("The program goes on when the command fails.", *python_files.place(repo, path, call))
    for path, syntax in python_files.containing(repo, report.files, rb"os\.system|\bcall\("):
        yield from _discarded_exit_codes(repo, path, syntax)


def _discarded_exit_codes(repo: Repo, path: str, syntax: Syntax) -> Iterator[Breach]:
    for node in syntax.nodes(ast.Expr):
        call = node.value if isinstance(node.value, ast.Call) else None
        name = syntax.qualified_name(call.func) if call else ""
        if call is None or name not in _DISCARDING or _may_fail(call) or python_files.is_auxiliary(repo, path):
            continue
        if not python_files.is_silenced(repo, path, call.lineno, "OPS507"):
            yield Breach(
                f"The exit code of {name} is not used: the program goes on when the command fails.",
                *python_files.place(repo, path, call),
                remedy="Write subprocess.run([...], check=True), or check=False if it may fail.",
            )


def _may_fail(call: ast.Call) -> bool:
    """Whether the command only displays something, only tests whether a program exists, or handles its own failure."""
    command = _command(call)
    if isinstance(command, ast.List | ast.Tuple) and any(_is_probe(node) for node in command.elts):
        return True
    first = command.elts[0] if isinstance(command, ast.List | ast.Tuple) and command.elts else command
    if isinstance(first, ast.IfExp):
        first = first.body
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0] if isinstance(first.values[0], ast.Constant) else first
    if isinstance(first, ast.BinOp):
        first = first.left
    return isinstance(first, ast.Constant) and bool(_MAY_FAIL.fullmatch(str(first.value)))


def _is_probe(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in {"--version", "-version", "version", "-V", "--help"}
