"""Rules about `print`: what should be a log record, and does not belong to what a program prints as its result."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.checks.coding import handlers, sources
from new_ops_project.checks.linters.ruff import Diagnostic
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.finding import Severity

_LOGGERS = {"logging.getLogger", "structlog.get_logger", "structlog.getLogger", "loguru.logger"}
_COMMAND = {"argparse", "optparse", "click", "typer", "fire", "docopt", "cmd", "getopt", "plac", "cyclopts"}
_SHOWING = re.compile(r"print|show|display|report|dump|main|usage|banner|menu|render|output|emit|write|list|help|"
                      r"__(?:str|repr)__", re.IGNORECASE)  # fmt: skip


def printed(repo: Repo) -> Iterator[Breach]:
    """Each print that says what a log should: an error, or something in a module that has a logger or is a library."""
    quiet: dict[str, list[ast.Call]] = {}
    for one in sources.said(repo, "T201", "T203"):
        call = _to_stdout(repo, one)
        tree = repo.syntax(one.path)
        if call is None or tree is None or sources.is_aside(one.path):
            continue
        if _is_of_a_failure(tree, call):
            yield Breach("An error is printed among the results: on stdout, without a time or a level.",
                         *sources.place(repo, one.path, call))  # fmt: skip
        elif not _is_program(repo, one.path, tree) and not _is_shown(tree, call):
            if _has_logger(tree):
                yield Breach("`print` in a module that has a logger.", *sources.place(repo, one.path, call))
            else:
                quiet.setdefault(one.path, []).append(call)
    for path, calls in quiet.items() if repo.tier == "library" else ():
        times = f"{len(calls)} times" if len(calls) > 1 else "once"
        yield Breach(f"A module of a library prints, {times}, to the output of whoever imports it.",
                     *sources.place(repo, path, calls[0]), severity=Severity.INFO)  # fmt: skip


def _to_stdout(repo: Repo, one: Diagnostic) -> ast.Call | None:
    """The call that ruff points at; None if it says where to print."""
    found = sources.at(repo, one, ast.Call)
    is_call = isinstance(found, ast.Call) and not any(word.arg in {"file", "stream"} for word in found.keywords)
    return found if is_call and isinstance(found, ast.Call) else None


def _is_of_a_failure(tree: ast.Module, call: ast.Call) -> bool:
    """Whether it stands in a handler, of a program that does not talk with a person."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and call in sources.inside(node)]
    is_talking = any(isinstance(node, ast.Call) and sources.dotted(node.func) == "input" for node in ast.walk(tree))
    return bool(found) and not is_talking and not any(handlers.is_wanted(handler) for handler in found)


def _is_program(repo: Repo, path: str, tree: ast.Module) -> bool:
    """Whether the module is one that is run: what it prints may be its result."""
    pure = PurePosixPath(path)
    if pure.stem in {"__main__", "cli", "main"} or str(pure.parent / "__init__.py") not in repo.paths:
        return True
    module = path.removesuffix(".py").replace("/", ".").removeprefix("src.")
    is_called = any(target.partition(":")[0].strip() == module for target in repo.commands.values())
    return is_called or any(_is_for_running(node) for node in ast.walk(tree))


def _is_for_running(node: ast.AST) -> bool:
    """A guard, or the import of what reads a command line."""
    if isinstance(node, ast.If):
        return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))
    if isinstance(node, ast.Import):
        return any(name.name.partition(".")[0] in _COMMAND for name in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _COMMAND


def _is_shown(tree: ast.Module, call: ast.Call) -> bool:
    """Whether it stands in a function whose name says that it prints."""
    return any(_SHOWING.search(name) for name, scope in sources.functions(tree)
               if name and call in sources.inside(scope))  # fmt: skip


def _has_logger(tree: ast.Module) -> bool:
    known = sources.aliases(tree)
    used = {sources.dotted(node.func, known) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return bool(used & _LOGGERS or _LOGGERS & set(known.values()))
