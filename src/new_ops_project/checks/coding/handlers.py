"""Rules about `except`: what swallows an exception, and what ends as if nothing had happened."""

import ast
import re
from collections.abc import Iterator, Mapping

from new_ops_project.checks.coding import sources
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.finding import Severity

_BROAD = {"", "Exception", "BaseException"}
# Who ends there ends as was wanted: a person, the reader of a pipe, or another process that already does the work.
_WANTED = {
    "KeyboardInterrupt", "SystemExit", "GeneratorExit", "EOFError", "BrokenPipeError", "StopIteration",
    "StopAsyncIteration", "CancelledError", "BlockingIOError", "FileExistsError", "ProcessLookupError", "Abort", "Exit",
}  # fmt: skip
_FAILURE = re.compile(r".*(?:Error|Exception|Timeout|TimeoutExpired|Failure|Failed)")
_TELLING = {
    "exception", "error", "warning", "warn", "critical", "fatal", "info", "debug", "log", "print_exc", "format_exc",
    "exc_info", "exit", "_exit", "fail", "abort", "skip", "print", "secho", "echo", "write", "capture_exception",
    "append", "add", "put", "set_exception", "rollback", "notify", "alert", "send",
}  # fmt: skip
_EXITS = {"sys.exit", "exit", "quit", "os._exit", "SystemExit", "typer.Exit", "click.exceptions.Exit"}
_ZERO = {"os.EX_OK", "EX_OK"}
_CHOICES = (ast.If, ast.While, ast.Match, ast.For, ast.AsyncFor)


def caught(handler: ast.ExceptHandler) -> list[str]:
    """The last parts of the names of what is caught; [''] where it is everything."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [sources.dotted(kind).rpartition(".")[2] for kind in kinds]


def is_wanted(handler: ast.ExceptHandler) -> bool:
    """Whether only such exceptions are caught as end a program the way somebody wanted."""
    return set(caught(handler)) <= _WANTED


# ---- swallowed -----------------------------------------------------------------------------------------------------


def swallowed(repo: Repo) -> Iterator[Breach]:
    """Each handler of every exception that lets go of what it caught."""
    seen: set[tuple[str, int]] = set()
    for one in sources.said(repo, "S110", "S112", "E722", "BLE001"):
        handler = _handler(repo, one.path, one.line)
        if handler is None or (one.path, handler.lineno) in seen:
            continue
        seen.add((one.path, handler.lineno))
        if breach := _judged(handler, sources.place(repo, one.path, handler)):
            yield breach


def _handler(repo: Repo, path: str, line: int) -> ast.ExceptHandler | None:
    """The handler that begins, or names what it catches, on the line; None in a destructor, which may not raise."""
    tree = repo.syntax(path)
    for name, scope in sources.functions(tree) if tree else ():
        for node in sources.inside(scope):
            if isinstance(node, ast.ExceptHandler) and line in {node.lineno, getattr(node.type, "lineno", 0)}:
                return None if name == "__del__" else node
    return None


def _judged(handler: ast.ExceptHandler, place: tuple[str, int, int]) -> Breach | None:
    too = "" if handler.type else ", Ctrl-C and sys.exit() too,"
    if all(isinstance(node, ast.Pass | ast.Continue) or _is_text(node) for node in handler.body):
        return Breach(f"Every exception{too} is dropped here without a trace.", *place)
    if handler.type is None:
        return None if _ends(handler) else Breach(f"Every exception{too} is stopped here.", *place)
    if _tells(handler):
        return None
    return Breach("Every exception, mistakes in the code too, becomes an ordinary result here.", *place,
                  severity=Severity.INFO)  # fmt: skip


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _ends(handler: ast.ExceptHandler) -> bool:
    """Whether the program does not just go on: something is raised, or it is left."""
    nodes = list(sources.inside(handler))
    called = {sources.dotted(node.func).rpartition(".")[2] for node in nodes if isinstance(node, ast.Call)}
    return any(isinstance(node, ast.Raise) for node in nodes) or bool(called & {"exit", "_exit", "abort", "fail"})


def _tells(handler: ast.ExceptHandler) -> bool:
    """Whether somebody learns of it: it is raised, logged, printed, counted, kept, or looked at."""
    for node in sources.inside(handler):
        if isinstance(node, ast.Raise | ast.AugAssign):
            return True
        if isinstance(node, ast.Name) and node.id == handler.name and isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Call) and _last(node.func) in _TELLING:
            return True
    return False


def _last(node: ast.expr) -> str:
    """The last part of what is called, whatever it belongs to."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# ---- exit code 0 ---------------------------------------------------------------------------------------------------


def ended_well(repo: Repo) -> Iterator[Breach]:
    """Each handler of a failure that ends the program with exit code 0."""
    for path, tree in sources.holding(repo, b"except", b"xit"):
        known = sources.aliases(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and (severity := _weight(node)):
                yield from (_breach(repo, path, left, node, severity) for left in _left_well(node.body, known)
                            if not sources.is_silenced(repo, path, left.lineno, "OPS504"))  # fmt: skip


def _weight(handler: ast.ExceptHandler) -> Severity | None:
    """How bad it is to end well; None for exceptions that need not be failures."""
    names = [name for name in caught(handler) if name not in _WANTED]
    if _BROAD & set(names):
        return Severity.ERROR
    return Severity.WARNING if names and all(_FAILURE.fullmatch(name) for name in names) else None


def _left_well(body: list[ast.stmt], known: Mapping[str, str]) -> Iterator[ast.stmt]:
    """The statements that leave with 0, but for those under a condition: somebody has thought about those."""
    for node in body:
        if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
            yield from _left_well(node.body, known)
        elif _is_exit(_result(node), known):
            yield node
        elif any(_leaves(inner) for inner in ast.walk(node) if isinstance(node, _CHOICES)):
            return


def _result(node: ast.stmt) -> ast.expr | None:
    """What a statement calls or raises."""
    return node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None


def _leaves(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.Return) or (isinstance(node, ast.Call) and "exit" in _last(node.func))


def _is_exit(node: ast.expr | None, known: Mapping[str, str]) -> bool:
    call = node if isinstance(node, ast.Call) else None
    name = sources.dotted(call.func if call else node, known)
    if name not in _EXITS or (call is None and not name.endswith("Exit")):
        return False
    given = [*call.args, *(word.value for word in call.keywords)] if call else []
    return not given or (len(given) == 1 and _is_zero(given[0], known))


def _is_zero(node: ast.expr, known: Mapping[str, str]) -> bool:
    is_constant = isinstance(node, ast.Constant) and (node.value is None or node.value == 0)
    return is_constant or sources.dotted(node, known) in _ZERO


def _breach(repo: Repo, path: str, left: ast.stmt, handler: ast.ExceptHandler, severity: Severity) -> Breach:
    kinds = ", ".join(name or "everything" for name in caught(handler))
    return Breach(f"`{ast.unparse(left)}` where {kinds} is caught: a failed run looks like a good one.",
                  *sources.place(repo, path, left), severity=severity)  # fmt: skip
