"""Rules about `except` clauses that hide a failure."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostic
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name, executed_nodes, last_name

_BROAD = {"", "Exception", "BaseException"}
# A program that ends on one of these ends as expected: a person, the reader of a pipe or another process wanted it.
_EXPECTED = {
    "KeyboardInterrupt",
    "SystemExit",
    "GeneratorExit",
    "EOFError",
    "BrokenPipeError",
    "StopIteration",
    "StopAsyncIteration",
    "CancelledError",
    "BlockingIOError",
    "FileExistsError",
    "ProcessLookupError",
    "Abort",
    "Exit",
}
_FAILURE = re.compile(r".*(?:Error|Exception|Timeout|TimeoutExpired|Failure|Failed)")
_COMMENT = re.compile(r"#\s*(\S.{7,})$")
_PRAGMA = re.compile(r"pragma|type:|pylint|noqa|nosec|mypy|pyright|fmt:|ruff|isort|todo|fixme|xxx", re.IGNORECASE)
_CLOSING = re.compile(
    r"_*(?:a?close|disconnect|quit|stop|shutdown|terminate|kill|clean_?up|release|cancel|logout|remove|unlink|rmtree|rmdir|"
    r"delete|exit|join|unregister)(?:_\w+)?"
)
_EXITS = {"sys.exit", "exit", "quit", "os._exit", "SystemExit", "typer.Exit", "click.exceptions.Exit"}
_LEAVING = (b"exit", b"Exit", b"quit(")
_ZERO = {"os.EX_OK", "EX_OK"}
_CONDITIONAL = (ast.If, ast.While, ast.Match, ast.For, ast.AsyncFor)


def caught_names(handler: ast.ExceptHandler) -> list[str]:
    """The names of the caught exceptions without their modules; [''] for a bare `except:`."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [dotted_name(kind).rpartition(".")[2] for kind in kinds]


def catches_only_expected(handler: ast.ExceptHandler) -> bool:
    """Whether the handler catches only exceptions that end a program as expected."""
    return set(caught_names(handler)) <= _EXPECTED


# ---- swallowed -----------------------------------------------------------------------------------------------------


def swallowing(repo: Repo, diagnostic: Diagnostic) -> str:
    """The message for a handler of all exceptions that drops what it caught, unless something says why."""
    path, syntax = diagnostic.path, repo.syntax(diagnostic.path)
    handler = _handler_at(repo, path, diagnostic.line)
    tried = syntax.parent(handler) if syntax and handler else None
    if handler is None or not isinstance(tried, ast.Try) or tried.orelse:
        return ""  # with an `else`, what goes on after a failure is another branch
    is_cleanup = bool(syntax and _CLOSING.fullmatch(syntax.function(handler))) or _is_cleanup(tried)
    is_meant = is_cleanup or _is_explained(repo, path, handler)
    return "" if is_meant else f"{diagnostic.message}."


def _handler_at(repo: Repo, path: str, line: int) -> ast.ExceptHandler | None:
    """The handler whose `except`, or whose exception, is on the line; None in `__del__`, which must not raise."""
    syntax = repo.syntax(path)
    for node in syntax.nodes(ast.ExceptHandler) if syntax else ():
        if syntax and line in {node.lineno, getattr(node.type, "lineno", 0)}:
            return None if syntax.function(node) == "__del__" else node
    return None


def _is_explained(repo: Repo, path: str, handler: ast.ExceptHandler) -> bool:
    """Whether a comment in it, or right above it, says why it does nothing."""
    lines = [*range(handler.lineno, (handler.body[-1].end_lineno or handler.lineno) + 1)]
    above = python_files.line_text(repo, path, handler.lineno - 1)
    lines += [handler.lineno - 1] if above.lstrip().startswith("#") else []
    comments = (_COMMENT.search(python_files.line_text(repo, path, line)) for line in lines)
    return any(comment and not _PRAGMA.match(comment[1]) for comment in comments)


def _is_cleanup(tried: ast.Try) -> bool:
    """Whether the `try` only closes, stops or removes something, which may be gone already."""
    body = tried.body[0].body if len(tried.body) == 1 and isinstance(tried.body[0], ast.If) else tried.body
    calls = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return len(calls) == len(body) == 1 and bool(_CLOSING.fullmatch(last_name(calls[0].func)))


def leaves_program(handler: ast.ExceptHandler, *, after: int) -> bool:
    """Whether the handler raises something or ends the program, after that line."""
    nodes = [node for node in executed_nodes(handler) if getattr(node, "lineno", 0) > after]
    called = {last_name(node.func) for node in nodes if isinstance(node, ast.Call)}
    return any(isinstance(node, ast.Raise) for node in nodes) or bool(called & {"exit", "_exit", "abort", "fail"})


# ---- exit code 0 ---------------------------------------------------------------------------------------------------


def exits_with_zero(repo: Repo) -> Iterator[Breach]:
    """Each exit with code 0 in a handler of a failure."""
    for path, syntax in python_files.containing(repo, repo.python_sources, *_LEAVING):
        for node in syntax.nodes(ast.ExceptHandler):
            if severity := _severity(node):
                yield from (
                    _breach(repo, path, statement, node, severity)
                    for statement in _exits(node.body, syntax)
                    if not python_files.is_silenced(repo, path, statement.lineno, "OPS504")
                )


def _severity(handler: ast.ExceptHandler) -> Severity | None:
    """How bad an exit with code 0 is here; None for exceptions that need not be failures."""
    names = [name for name in caught_names(handler) if name not in _EXPECTED]
    if _BROAD & set(names):
        return Severity.ERROR
    return Severity.WARNING if names and all(_FAILURE.fullmatch(name) for name in names) else None


def _exits(body: list[ast.stmt], syntax: Syntax) -> Iterator[ast.stmt]:
    """The statements that exit with 0, except those under a condition, which somebody has thought about."""
    for node in body:
        if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
            yield from _exits(node.body, syntax)
        elif _is_exit(_called_or_raised(node), syntax):
            yield node
        elif any(_may_leave(inner) for inner in ast.walk(node) if isinstance(node, _CONDITIONAL)):
            return


def _called_or_raised(node: ast.stmt) -> ast.expr | None:
    """The expression that a statement calls or raises."""
    return node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None


def _may_leave(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.Return) or (isinstance(node, ast.Call) and "exit" in last_name(node.func))


def _is_exit(node: ast.expr | None, syntax: Syntax) -> bool:
    call = node if isinstance(node, ast.Call) else None
    name = syntax.qualified_name(call.func if call else node)
    if name not in _EXITS or (call is None and not name.endswith("Exit")):
        return False
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)] if call else []
    return not arguments or (len(arguments) == 1 and _is_zero(arguments[0], syntax))


def _is_zero(node: ast.expr, syntax: Syntax) -> bool:
    is_constant = isinstance(node, ast.Constant) and (node.value is None or node.value == 0)
    return is_constant or syntax.qualified_name(node) in _ZERO


def _breach(repo: Repo, path: str, statement: ast.stmt, handler: ast.ExceptHandler, severity: Severity) -> Breach:
    kinds = ", ".join(name or "everything" for name in caught_names(handler))
    return Breach(
        f"`{ast.unparse(statement)}` where {kinds} is caught: a failed run looks like a good one.",
        *python_files.place(repo, path, statement),
        severity=severity,
    )
