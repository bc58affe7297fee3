"""Rules about other programs: commands that a shell puts together, and failures that nobody looks at."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted, last_name

_LONGEST = 50  # characters of an expression that are read in a sentence
_WORDS = {"args", "command", "cmd", "commandline"}
_SAFE = re.compile(r"(?:.*\.)?(?:quote|list2cmdline|getpid|getuid|time)|shlex\.join|len|int|float")
_WINDOWS = re.compile(rb"win32|Windows|['\"]nt['\"]")  # where a list is one command line again
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|(?:sys\.executable|__file__|os\.\w*sep)")
_DISCARDING = {"os.system", "subprocess.call"}
# Whether these succeed matters to nobody.
_TRIFLES = re.compile(
    r"(?:\S*/)?(?:clear|cls|reset|tput|stty|color|title|pause|open|xdg-open|start|notify-send|say|osascript|pkill|"
    r"killall|kill|tset|setterm|logger|sync)\b.*|.*(?:\|\||;)\s*(?:true|:)\s*",
    re.DOTALL,
)


def joined(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each command line for a shell that values are written into as they are."""
    for one in python_files.judged(repo, diagnostics, "S602", "S604", "S605"):
        call, syntax = python_files.at(repo, one, ast.Call), repo.syntax(one.path)
        command = _command(call) if call else None
        if command is None or syntax is None or call is None:
            continue
        where = python_files.place(repo, one.path, call)
        if isinstance(command, ast.List | ast.Tuple):
            is_lost = len(command.elts) > 1 and one.code == "S602" and not _WINDOWS.search(repo.files[one.path])
            yield from [_cut_short(where)] if is_lost else []
        elif unsafe := next(_unquoted(_meant(command, call, syntax)), None):
            yield Breach(f"{_shown(unsafe)} is written into a command line unquoted, and a shell reads it.", *where)


def _cut_short(where: tuple[str, int, int]) -> Breach:
    return Breach(
        "With shell=True, only the first item of the list is run as the command.",
        *where,
        severity=Severity.WARNING,
        remedy="Leave shell=True out.",
    )


def _shown(node: ast.expr) -> str:
    value = ast.unparse(node)
    return f"`{value}`" if len(value) <= _LONGEST and "`" not in value else "A value"


def _command(call: ast.Call) -> ast.expr | None:
    named = (word.value for word in call.keywords if word.arg in _WORDS)
    return call.args[0] if call.args else next(named, None)


def _meant(command: ast.expr, call: ast.Call, syntax: Syntax) -> ast.expr:
    """What a name was given last before the call, in the same function; the expression itself if it is no name."""
    if not isinstance(command, ast.Name):
        return command
    scope = syntax.scope(call)
    nodes: list[tuple[ast.stmt, ast.expr, list[ast.expr]]] = []
    nodes += [(node, node.value, node.targets) for node in syntax.of(ast.Assign)]
    nodes += [(node, node.value, [node.target]) for node in syntax.of(ast.AugAssign)]
    before = [
        (node.lineno, value)
        for node, value, targets in nodes
        if node.lineno < call.lineno
        and any(_is_name(one, command.id) for one in targets)
        and syntax.scope(node) is scope
    ]
    return max(before, key=lambda one: one[0])[1] if before else command


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _unquoted(command: ast.expr) -> Iterator[ast.expr]:
    """The parts of a text that is put together which are neither fixed nor quoted."""
    if isinstance(command, ast.JoinedStr):
        parts = [part.value for part in command.values if isinstance(part, ast.FormattedValue) and not part.format_spec]
    elif isinstance(command, ast.BinOp) and isinstance(command.op, ast.Add):
        parts = list(_added(command))
        parts = parts if any(_is_text(part) for part in parts) else []
    elif isinstance(command, ast.BinOp) and isinstance(command.op, ast.Mod) and _is_text(command.left):
        parts = command.right.elts if isinstance(command.right, ast.Tuple) else [command.right]
    elif isinstance(command, ast.Call) and _is_format(command):
        first = command.args[0] if len(command.args) == 1 and last_name(command.func) == "join" else None
        parts = (
            first.elts
            if isinstance(first, ast.List | ast.Tuple)
            else [*command.args, *(word.value for word in command.keywords)]
        )
    else:
        parts = []
    yield from (part for part in parts if not _is_harmless(part))


def _added(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _added(node.left)
        yield from _added(node.right)
    elif isinstance(node, ast.JoinedStr):
        yield from (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
    else:
        yield node


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_format(call: ast.Call) -> bool:
    """`"...".format(...)`, or words joined by a space: a list that should have stayed one."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) and _is_text(call.func.value) else ""
    return method == "format" or (method == "join" and not any(_quotes(arg) for arg in call.args))


def _quotes(node: ast.expr) -> bool:
    return any(last_name(part) in {"quote", "list2cmdline"} for part in ast.walk(node))


def _is_harmless(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return bool(_SAFE.fullmatch(dotted(node.func)))
    return isinstance(node, ast.Constant) or bool(
        _CONSTANT.fullmatch(dotted(node).rpartition(".")[2]) or _CONSTANT.fullmatch(dotted(node))
    )


# ---- failures --------------------------------------------------------------------------------------------------------


def unnoticed(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each command whose exit code nobody looks at, though nothing says that it does not matter."""
    for one in python_files.judged(repo, diagnostics, "PLW1510"):
        call, syntax = python_files.at(repo, one, ast.Call), repo.syntax(one.path)
        if syntax and call and isinstance(syntax.parent(call), ast.Expr) and not _is_trifle(call):
            yield Breach("The command may fail, and the program goes on.", *python_files.place(repo, one.path, call))
    for path, syntax in python_files.holding(repo, b"os.system"):
        yield from _discarded(repo, path, syntax)
    for path, syntax in python_files.holding(repo, b"subprocess", b"call("):
        if b"os.system" not in repo.files[path]:
            yield from _discarded(repo, path, syntax)


def _discarded(repo: Repo, path: str, syntax: Syntax) -> Iterator[Breach]:
    for node in syntax.of(ast.Expr):
        call = node.value if isinstance(node.value, ast.Call) else None
        name = syntax.meant(call.func) if call else ""
        if call is None or name not in _DISCARDING or _is_trifle(call) or python_files.is_aside(repo, path):
            continue
        if not python_files.is_silenced(repo, path, call.lineno, "OPS507"):
            yield Breach(
                f"The exit code of {name} is thrown away: the command may fail, and the program goes on.",
                *python_files.place(repo, path, call),
                remedy="Write subprocess.run([...], check=True), or check=False if it may fail.",
            )


def _is_trifle(call: ast.Call) -> bool:
    """Whether the command only shows something, only tells whether it is there, or says itself that it may fail."""
    command = _command(call)
    if isinstance(command, ast.List | ast.Tuple) and any(_is_asking(node) for node in command.elts):
        return True
    first = command.elts[0] if isinstance(command, ast.List | ast.Tuple) and command.elts else command
    if isinstance(first, ast.IfExp):
        first = first.body
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0] if isinstance(first.values[0], ast.Constant) else first
    if isinstance(first, ast.BinOp):
        first = first.left
    return isinstance(first, ast.Constant) and bool(_TRIFLES.fullmatch(str(first.value)))


def _is_asking(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in {"--version", "-version", "version", "-V", "--help"}
