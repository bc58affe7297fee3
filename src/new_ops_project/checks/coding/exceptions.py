"""Rules about `except`: what swallows an exception, and what ends as if nothing had happened."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted, inside, last_name

_BROAD = {"", "Exception", "BaseException"}
# Who ends there ends as was wanted: a person, the reader of a pipe, or another process that already does the work.
_WANTED = {
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
    r"a?(?:close|disconnect|quit|stop|shutdown|terminate|kill|cleanup|release|cancel|logout)(?:_\w+)?"
)
_EXITS = {"sys.exit", "exit", "quit", "os._exit", "SystemExit", "typer.Exit", "click.exceptions.Exit"}
_LEAVING = re.compile(rb"\b(?:sys|os|typer|exceptions)\._?[eE]xit\b|\b(?:exit|quit|_exit)\(|\b(?:System)?Exit\b")
_ZERO = {"os.EX_OK", "EX_OK"}
_CHOICES = (ast.If, ast.While, ast.Match, ast.For, ast.AsyncFor)


def caught(handler: ast.ExceptHandler) -> list[str]:
    """The last parts of the names of what is caught; [''] where it is everything."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [dotted(kind).rpartition(".")[2] for kind in kinds]


def is_wanted(handler: ast.ExceptHandler) -> bool:
    """Whether only such exceptions are caught as end a program the way somebody wanted."""
    return set(caught(handler)) <= _WANTED


# ---- swallowed -----------------------------------------------------------------------------------------------------


def swallowed(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each handler of every exception that lets go of what it caught, and does not say why."""
    seen: set[tuple[str, int]] = set()
    for one in python_files.judged(repo, diagnostics, "S110", "S112", "E722", "BLE001"):
        handler = _handler(repo, one.path, one.line)
        if handler is None or (one.path, handler.lineno) in seen:
            continue
        if _is_explained(repo, one.path, handler) or _is_last_care(repo.syntax(one.path), handler):
            continue
        seen.add((one.path, handler.lineno))
        too = "" if handler.type else ", Ctrl-C and sys.exit() too,"
        if all(map(_does_nothing, handler.body)):
            what = f"Every exception{too} is dropped here without a trace."
        elif handler.type is None and not _ends(handler):
            what = f"Every exception{too} is stopped here."
        else:
            continue  # it is counted, logged or replaced by a value, and that may be what somebody wants
        yield Breach(what, *python_files.place(repo, one.path, handler))


def _handler(repo: Repo, path: str, line: int) -> ast.ExceptHandler | None:
    """The handler that begins, or names what it catches, on the line; None in a destructor, which may not raise."""
    syntax = repo.syntax(path)
    for node in syntax.of(ast.ExceptHandler) if syntax else ():
        if syntax and line in {node.lineno, getattr(node.type, "lineno", 0)}:
            return None if syntax.function(node) == "__del__" else node
    return None


def _is_explained(repo: Repo, path: str, handler: ast.ExceptHandler) -> bool:
    """Whether a comment in it says why it does nothing."""
    lines = range(handler.lineno, (handler.body[-1].end_lineno or handler.lineno) + 1)
    return any(
        found and not _PRAGMA.match(found[1])
        for line in lines
        if (found := _COMMENT.search(python_files.line_of(repo, path, line)))
    )


def _is_last_care(syntax: Syntax | None, handler: ast.ExceptHandler) -> bool:
    """Whether all that was tried is to close or stop something, which may be gone already."""
    tried = syntax.parent(handler) if syntax and handler.type else None
    body = tried.body if isinstance(tried, ast.Try) else []
    calls = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return len(calls) == len(body) == 1 and bool(_CLOSING.fullmatch(last_name(calls[0].func)))


def _does_nothing(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass | ast.Continue)


def _ends(handler: ast.ExceptHandler) -> bool:
    """Whether the program does not just go on: something is raised, or it is left."""
    nodes = list(inside(handler))
    called = {last_name(node.func) for node in nodes if isinstance(node, ast.Call)}
    return any(isinstance(node, ast.Raise) for node in nodes) or bool(called & {"exit", "_exit", "abort", "fail"})


# ---- exit code 0 ---------------------------------------------------------------------------------------------------


def ended_well(repo: Repo) -> Iterator[Breach]:
    """Each handler of a failure that ends the program with exit code 0."""
    for path, syntax in python_files.holding(repo, b"except", _LEAVING):
        for node in syntax.of(ast.ExceptHandler):
            if severity := _weight(node):
                yield from (
                    _breach(repo, path, left, node, severity)
                    for left in _left_well(node.body, syntax)
                    if not python_files.is_silenced(repo, path, left.lineno, "OPS504")
                )


def _weight(handler: ast.ExceptHandler) -> Severity | None:
    """How bad it is to end well; None for exceptions that need not be failures."""
    names = [name for name in caught(handler) if name not in _WANTED]
    if _BROAD & set(names):
        return Severity.ERROR
    return Severity.WARNING if names and all(_FAILURE.fullmatch(name) for name in names) else None


def _left_well(body: list[ast.stmt], syntax: Syntax) -> Iterator[ast.stmt]:
    """The statements that leave with 0, but for those under a condition: somebody has thought about those."""
    for node in body:
        if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
            yield from _left_well(node.body, syntax)
        elif _is_exit(_result(node), syntax):
            yield node
        elif any(_leaves(inner) for inner in ast.walk(node) if isinstance(node, _CHOICES)):
            return


def _result(node: ast.stmt) -> ast.expr | None:
    """What a statement calls or raises."""
    return node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None


def _leaves(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.Return) or (isinstance(node, ast.Call) and "exit" in last_name(node.func))


def _is_exit(node: ast.expr | None, syntax: Syntax) -> bool:
    call = node if isinstance(node, ast.Call) else None
    name = syntax.meant(call.func if call else node)
    if name not in _EXITS or (call is None and not name.endswith("Exit")):
        return False
    given = [*call.args, *(word.value for word in call.keywords)] if call else []
    return not given or (len(given) == 1 and _is_zero(given[0], syntax))


def _is_zero(node: ast.expr, syntax: Syntax) -> bool:
    is_constant = isinstance(node, ast.Constant) and (node.value is None or node.value == 0)
    return is_constant or syntax.meant(node) in _ZERO


def _breach(repo: Repo, path: str, left: ast.stmt, handler: ast.ExceptHandler, severity: Severity) -> Breach:
    kinds = ", ".join(name or "everything" for name in caught(handler))
    return Breach(
        f"`{ast.unparse(left)}` where {kinds} is caught: a failed run looks like a good one.",
        *python_files.place(repo, path, left),
        severity=severity,
    )
