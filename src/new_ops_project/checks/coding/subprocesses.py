"""Commands whose failure nobody notices."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.checks.coding import python_files, shells
from new_ops_project.checks.linters.ruff import Diagnostic, RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, last_name

_DISCARDING = {"os.system", "subprocess.call"}
# Commands whose failure does not matter: they show something, or a person sees for themselves.
_MAY_FAIL = re.compile(
    r"(?:\S*/)?(?:clear|cls|reset|tput|stty|color|title|pause|open|xdg-open|start|notify-send|say|osascript|pkill|"
    r"killall|kill|tset|setterm|logger|sync|pwd|ls|dir|date|who|whoami|id|uname|uptime|env|cat|less|more|man|vi|vim|"
    r"nano|emacs|tmux|screen|htop|top|watch)\b.*|(?:\S*/)?(?:ba|z|da|k|tc|c)?sh|fish|powershell|\$\{?(?:SHELL|EDITOR|VISUAL|PAGER)\b.*|.*(?:\|\||;)\s*(?:true|:)\s*",
    re.DOTALL,
)
_INTERACTIVE = re.compile(r"-[a-z]*(?:it|ti)|--interactive|--tty|SHELL|EDITOR|VISUAL|PAGER|BROWSER")
_PROBES = {"--version", "-version", "version", "-V", "--help"}
_CHOSEN = re.compile(r"(?:.*_)?(?:shell|editor|pager|browser)(?:_.*)?", re.IGNORECASE)


def unchecked(repo: Repo, diagnostic: Diagnostic) -> str:
    """The message for a command whose result nothing looks at; '' if something does, or if it may fail."""
    call, syntax = python_files.node_at(repo, diagnostic, ast.Call), repo.syntax(diagnostic.path)
    is_discarded = syntax and call and isinstance(syntax.parent(call), ast.Expr) and not _may_fail(syntax, call)
    return f"{diagnostic.message}." if is_discarded else ""


def discarded_exit_codes(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each os.system() and subprocess.call() whose exit code is not used."""
    for path, syntax in python_files.containing(repo, report.files, b"os.system", b"call("):
        for name, call in _discarded(syntax):
            # Who has decided about the shell has seen the call.
            if not python_files.is_silenced(repo, path, call.lineno, "OPS507", "S605"):
                message = f"The exit code of {name} is not used: the program goes on when the command fails."
                yield Breach(message, *python_files.place(repo, path, call))


def _discarded(syntax: Syntax) -> Iterator[tuple[str, ast.Call]]:
    for node in syntax.nodes(ast.Expr):
        call = node.value if isinstance(node.value, ast.Call) else None
        name = syntax.qualified_name(call.func) if call else ""
        if call and name in _DISCARDING and not _may_fail(syntax, call):
            yield name, call


def _may_fail(syntax: Syntax, call: ast.Call) -> bool:
    """Whether the command displays something, is a program for a person, is a probe, or handles its own failure."""
    argument = shells.argument(call)
    command = shells.assigned_value(argument, call, syntax) if argument else None
    items = command.elts if isinstance(command, ast.List | ast.Tuple) else [command] if command else []
    words = {str(node.value) for item in items for node in ast.walk(item) if isinstance(node, ast.Constant)}
    if words & _PROBES or any(map(_INTERACTIVE.fullmatch, words)):
        return True
    first = _first_part(items[0]) if items else None
    if isinstance(first, ast.Constant):
        return bool(_MAY_FAIL.fullmatch(str(first.value)))
    return bool(_CHOSEN.fullmatch(last_name(first)))


def _first_part(node: ast.expr) -> ast.expr:
    """What a command begins with."""
    if isinstance(node, ast.IfExp):
        node = node.body
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    if isinstance(node, ast.FormattedValue):
        node = node.value
    return node.left if isinstance(node, ast.BinOp) else node
