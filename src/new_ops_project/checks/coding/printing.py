"""The rule about `print` calls that should be log records."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import exceptions, python_files
from new_ops_project.checks.linters.ruff import Diagnostic, RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name, is_guard

_LOGGERS = {"logging.getLogger", "structlog.get_logger", "structlog.getLogger", "loguru.logger"}
_COMMAND = {"argparse", "optparse", "click", "typer", "fire", "docopt", "cmd", "getopt", "plac", "cyclopts"}
_SHOWING = re.compile(
    r"print|show|display|report|dump|main|usage|banner|menu|render|output|emit|write|list|help|"
    r"__(?:str|repr)__",
    re.IGNORECASE,
)
_PROGRAM = "Print the result to stdout; log everything else, with a time and a level, to stderr: `log.info(...)`."


def prints(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each print that should be a log record: an error, or any in a module with a logger; the others once a file."""
    quiet: dict[str, list[ast.Call]] = {}
    programs: dict[str, list[ast.Call]] = {}
    for path, call, syntax in _calls(repo, report):
        if _is_in_handler(syntax, call):
            yield Breach(
                "An error is printed to stdout among the results, without a time or a level.",
                *python_files.place(repo, path, call),
            )
        elif _is_program(repo, path, syntax):
            programs.setdefault(path, []).extend(() if _has_logger(syntax) else (call,))
        elif _SHOWING.search(syntax.function(call)):
            continue
        elif _has_logger(syntax):
            yield Breach("`print` in a module that has a logger.", *python_files.place(repo, path, call))
        else:
            quiet.setdefault(path, []).append(call)
    yield from _module_breaches(repo, quiet)
    for path, calls in programs.items():
        if calls:  # its output may be its result, which we cannot tell from its log: a note
            message = f"The program prints {_times(calls)} and has no logger."
            yield Breach(message, *python_files.place(repo, path, calls[0]), severity=Severity.INFO, remedy=_PROGRAM)


def _calls(repo: Repo, report: RuffReport) -> Iterator[tuple[str, ast.Call, Syntax]]:
    """Each print to stdout, except in examples and in interactive modules."""
    for diagnostic in python_files.relevant(repo, report, "T201", "T203"):
        path = diagnostic.path
        call, syntax = _to_stdout(repo, diagnostic), repo.syntax(path)
        if call and syntax and not python_files.is_auxiliary(repo, path) and not _is_interactive(syntax):
            yield path, call, syntax


def _module_breaches(repo: Repo, quiet: Mapping[str, Sequence[ast.Call]]) -> Iterator[Breach]:
    """One breach for each module that others import: a fault in a library, a note in a command-line tool."""
    for path, calls in quiet.items() if repo.tier != "script" else ():
        severity = None if repo.tier == "library" else Severity.INFO
        yield Breach(
            f"The module prints {_times(calls)} to the output of the program that imports it.",
            *python_files.place(repo, path, calls[0]),
            severity=severity,
        )


def _times(calls: Sequence[ast.Call]) -> str:
    return f"{len(calls)} times" if len(calls) > 1 else "once"


def _to_stdout(repo: Repo, diagnostic: Diagnostic) -> ast.Call | None:
    """The call that ruff reports; None if it prints to a given file, or prints an empty line."""
    call = python_files.node_at(repo, diagnostic, ast.Call)
    has_target = call and any(keyword.arg in {"file", "stream"} for keyword in call.keywords)
    return call if call and call.args and not has_target else None


def _is_interactive(syntax: Syntax) -> bool:
    """Whether the module talks with a person, who reads the same terminal."""
    return any(dotted_name(call.func) == "input" for call in syntax.nodes(ast.Call))


def _is_in_handler(syntax: Syntax, call: ast.Call) -> bool:
    """Whether the call is in the handler of a failure."""
    handlers = syntax.enclosing(call, ast.ExceptHandler)
    return bool(handlers) and not any(exceptions.catches_only_expected(handler) for handler in handlers)


def _is_program(repo: Repo, path: str, syntax: Syntax) -> bool:
    """Whether the module is run as a program, whose output may be its result."""
    pure = PurePosixPath(path)
    if pure.stem in {"__main__", "cli", "main"} or str(pure.parent / "__init__.py") not in repo.paths:
        return True
    module = path.removesuffix(".py").replace("/", ".").removeprefix("src.")
    is_called = any(target.partition(":")[0].strip() == module for target in repo.commands.values())
    return is_called or _is_run_directly(syntax)


def _is_run_directly(syntax: Syntax) -> bool:
    """Whether the module has a `__main__` guard or imports a library for command lines."""
    imported = {name.name for node in syntax.nodes(ast.Import) for name in node.names}
    imported |= {node.module or "" for node in syntax.nodes(ast.ImportFrom)}
    is_command = bool({name.partition(".")[0] for name in imported} & _COMMAND)
    return is_command or any(map(is_guard, syntax.nodes(ast.If)))


def _has_logger(syntax: Syntax) -> bool:
    used = {syntax.qualified_name(call.func) for call in syntax.nodes(ast.Call)}
    return bool(used & _LOGGERS or _LOGGERS & set(syntax.imported.values()))
