"""The rule that what waits for the network waits for a limited time."""

import ast
from collections.abc import Iterator

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted, last_name

_REQUESTS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_SESSIONS = {"requests.Session", "requests.session", "requests.sessions.Session"}
# Where the timeout stands if it is not named.
_OPENING = {"urllib.request.urlopen": 3, "http.client.HTTPConnection": 3, "http.client.HTTPSConnection": 3}
_NO_LIMIT = "{} waits without end where the other side does not answer."


def endless(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each request that has no timeout; ruff knows those of the functions of requests and httpx."""
    for one in python_files.judged(repo, diagnostics, "S113"):
        call = python_files.at(repo, one, ast.Call)
        if call is None or not _is_limited(call):
            yield Breach(_NO_LIMIT.format("The request"), one.path, one.line, one.column)
    seen = set[str]()
    for words in ((b"urlopen",), (b"http.client",), (b"requests", b"ession")):
        for path, syntax in python_files.holding(repo, *words):
            if path not in seen and b"setdefaulttimeout" not in repo.files[path]:
                seen.add(path)
                yield from (
                    Breach(_NO_LIMIT.format(name), *python_files.place(repo, path, call))
                    for name, call in _unlimited(syntax)
                    if not python_files.is_silenced(repo, path, call.lineno, "OPS506")
                )


def _unlimited(syntax: Syntax) -> Iterator[tuple[str, ast.Call]]:
    sessions = set() if _is_adapted(syntax) else set(_sessions(syntax))
    for call in syntax.of(ast.Call):
        if _is_limited(call):
            continue
        name = syntax.meant(call.func)
        owner, _, method = dotted(call.func).rpartition(".")
        if name in _OPENING and len(call.args) < _OPENING[name]:
            yield name.rpartition(".")[2], call
        elif owner in sessions and method in _REQUESTS:
            yield f"{owner}.{method}", call
        elif _is_of_a_new_session(call, syntax) and not _is_adapted(syntax):
            yield f"requests.Session().{last_name(call.func)}", call


def _is_of_a_new_session(call: ast.Call, syntax: Syntax) -> bool:
    """Whether it is `requests.Session().get(...)`."""
    made = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in _REQUESTS else None
    return isinstance(made, ast.Call) and syntax.meant(made.func) in _SESSIONS


def _is_limited(call: ast.Call) -> bool:
    """Whether a timeout is given, or could be in what is passed on."""
    is_open = any(isinstance(arg, ast.Starred) for arg in call.args)
    return is_open or any(word.arg in {"timeout", None} for word in call.keywords)


def _sessions(syntax: Syntax) -> Iterator[str]:
    """The names, such as `session` and `self.session`, of sessions of requests."""
    given: list[tuple[ast.expr | None, ast.expr | None]] = []
    given += [(target, node.value) for node in syntax.of(ast.Assign) for target in node.targets]
    given += [(node.target, node.value) for node in syntax.of(ast.AnnAssign)]
    given += [(node.optional_vars, node.context_expr) for node in syntax.of(ast.withitem)]
    for target, value in given:
        if isinstance(value, ast.Call) and syntax.meant(value.func) in _SESSIONS and dotted(target):
            yield dotted(target)


def _is_adapted(syntax: Syntax) -> bool:
    """Whether the module changes how its sessions send, which is where a timeout for all of them is set."""
    bases = (dotted(base) for node in syntax.of(ast.ClassDef) for base in node.bases)
    mounted = (ast.unparse(arg) for call in syntax.of(ast.Call) if last_name(call.func) == "mount" for arg in call.args)
    patched = (target for node in syntax.of(ast.Assign) for target in node.targets if isinstance(target, ast.Attribute))
    return (
        any(base.endswith(("HTTPAdapter", "Session")) for base in bases)
        or any("Timeout" in text for text in mounted)
        or any(target.attr in {"request", "send"} for target in patched)
    )
