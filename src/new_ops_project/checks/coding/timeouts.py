"""Requests without a timeout."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostic, RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name, last_name

_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_SESSIONS = {"requests.Session", "requests.session", "requests.sessions.Session"}
# The number of positional arguments from which on they include the timeout.
_TIMEOUT_POSITIONS = {"urllib.request.urlopen": 3, "http.client.HTTPConnection": 3, "http.client.HTTPSConnection": 3}
# A module that customises how sessions send may set a timeout for all requests there.
_OWN_SESSIONS = re.compile(
    rb"HTTPAdapter\b|class \w+\([^)]*Session\)|\.mount\([^\n]*Timeout|\.(?:request|send)\s*=[^=]"
)


def without_timeout(repo: Repo, request: Diagnostic) -> str:
    """The message for a call of requests or httpx that certainly has no timeout."""
    call = python_files.node_at(repo, request, ast.Call)
    return f"{request.message}." if call is None or not _has_timeout(call) else ""


def missing_timeouts(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each request without a timeout that ruff does not know: of a session, or of the standard library."""
    for path, syntax in python_files.containing(repo, report.files, b"urlopen", b"http.client", b"ession"):
        has_own_sessions = bool(_OWN_SESSIONS.search(repo.files[path]))
        calls = _calls_without_timeout(syntax, has_own_sessions=has_own_sessions)
        for name, call in calls if b"setdefaulttimeout" not in repo.files[path] else ():
            if not python_files.is_silenced(repo, path, call.lineno, "OPS506"):
                message = f"{name} waits forever if the other side does not answer."
                yield Breach(message, *python_files.place(repo, path, call))


def _calls_without_timeout(syntax: Syntax, *, has_own_sessions: bool) -> Iterator[tuple[str, ast.Call]]:
    sessions = set() if has_own_sessions else set(_session_names(syntax))
    for call in syntax.nodes(ast.Call):
        if _has_timeout(call):
            continue
        name = syntax.qualified_name(call.func)
        owner, _, method = dotted_name(call.func).rpartition(".")
        if name in _TIMEOUT_POSITIONS and len(call.args) < _TIMEOUT_POSITIONS[name]:
            yield name.rpartition(".")[2], call
        elif owner in sessions and method in _METHODS:
            yield f"{owner}.{method}", call
        elif _is_on_new_session(call, syntax) and not has_own_sessions:
            yield f"requests.Session().{last_name(call.func)}", call


def _is_on_new_session(call: ast.Call, syntax: Syntax) -> bool:
    """Whether the call has the form `requests.Session().get(...)`."""
    session = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS else None
    return isinstance(session, ast.Call) and syntax.qualified_name(session.func) in _SESSIONS


def _has_timeout(call: ast.Call) -> bool:
    """Whether a timeout is given, or can be in `*args` or `**kwargs`."""
    is_starred = any(isinstance(arg, ast.Starred) for arg in call.args)
    return is_starred or any(word.arg in {"timeout", None} for word in call.keywords)


def _session_names(syntax: Syntax) -> Iterator[str]:
    """The names of requests sessions, such as `session` and `self.session`."""
    assigned: list[tuple[ast.expr | None, ast.expr | None]] = []
    assigned += [(target, node.value) for node in syntax.nodes(ast.Assign) for target in node.targets]
    assigned += [(node.target, node.value) for node in syntax.nodes(ast.AnnAssign)]
    assigned += [(node.optional_vars, node.context_expr) for node in syntax.nodes(ast.withitem)]
    for target, value in assigned:
        if isinstance(value, ast.Call) and syntax.qualified_name(value.func) in _SESSIONS and dotted_name(target):
            yield dotted_name(target)
