"""The rule that what waits for the network waits for a limited time."""

import ast
from collections.abc import Iterator, Mapping

from new_ops_project.checks.coding import sources
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_REQUESTS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_SESSIONS = {"requests.Session", "requests.session", "requests.sessions.Session"}
# Where the timeout stands if it is not named.
_OPENING = {"urllib.request.urlopen": 3, "http.client.HTTPConnection": 3, "http.client.HTTPSConnection": 3}
_NO_LIMIT = "{} waits without end where the other side does not answer."


def endless(repo: Repo) -> Iterator[Breach]:
    """Each request that has no timeout; ruff knows those of the functions of requests and httpx."""
    yield from (Breach(_NO_LIMIT.format("The request"), one.path, one.line, one.column)
                for one in sources.said(repo, "S113"))  # fmt: skip
    seen = set[str]()
    for words in ((b"urlopen",), (b"http.client",), (b"requests", b"ession")):
        for path, tree in sources.holding(repo, *words):
            if path not in seen and b"setdefaulttimeout" not in repo.files[path]:
                seen.add(path)
                yield from (Breach(_NO_LIMIT.format(name), *sources.place(repo, path, call))
                            for name, call in _unlimited(tree)
                            if not sources.is_silenced(repo, path, call.lineno, "OPS506"))  # fmt: skip


def _unlimited(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    known = sources.aliases(tree)
    sessions = set() if _is_adapted(tree) else set(_sessions(tree, known))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _is_limited(node):
            continue
        name = sources.dotted(node.func, known)
        owner, _, method = sources.dotted(node.func).rpartition(".")
        if name in _OPENING and len(node.args) < _OPENING[name]:
            yield name.rpartition(".")[2], node
        elif owner in sessions and method in _REQUESTS:
            yield f"{owner}.{method}", node


def _is_limited(call: ast.Call) -> bool:
    """Whether a timeout is given, or could be in what is passed on."""
    is_open = any(isinstance(arg, ast.Starred) for arg in call.args)
    return is_open or any(word.arg in {"timeout", None} for word in call.keywords)


def _sessions(tree: ast.Module, known: Mapping[str, str]) -> Iterator[str]:
    """The names, such as `session` and `self.session`, of sessions of requests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_session(node.value, known):
            yield from filter(None, (sources.dotted(target) for target in node.targets))
        elif isinstance(node, ast.AnnAssign) and _is_session(node.value, known):
            yield sources.dotted(node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars and _is_session(node.context_expr, known):
            yield sources.dotted(node.optional_vars)


def _is_session(node: ast.expr | None, known: Mapping[str, str]) -> bool:
    return isinstance(node, ast.Call) and sources.dotted(node.func, known) in _SESSIONS


def _is_adapted(tree: ast.Module) -> bool:
    """Whether the module changes how its sessions send, which is where a timeout for all of them is set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(sources.dotted(base).endswith(("HTTPAdapter", "Session"))
                                                  for base in node.bases):  # fmt: skip
            return True
        is_mount = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mount"
        if is_mount and isinstance(node, ast.Call) and any("Timeout" in ast.unparse(arg) for arg in node.args):
            return True
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Attribute) and target.attr in {"request", "send"}
                                                for target in node.targets):  # fmt: skip
            return True
    return False
