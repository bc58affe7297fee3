"""Rules about `print`: what should be a log record, and does not belong to what a program prints as its result."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.checks.coding import exceptions, python_files
from new_ops_project.checks.linters.ruff import Diagnostic, Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted

_LOGGERS = {"logging.getLogger", "structlog.get_logger", "structlog.getLogger", "loguru.logger"}
_COMMAND = {"argparse", "optparse", "click", "typer", "fire", "docopt", "cmd", "getopt", "plac", "cyclopts"}
_SHOWING = re.compile(
    r"print|show|display|report|dump|main|usage|banner|menu|render|output|emit|write|list|help|"
    r"__(?:str|repr)__",
    re.IGNORECASE,
)
_PROGRAM = "Leave the result on stdout; log what happens, with a time and a level: `log.info(...)`, to stderr."


def printed(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each print that says what a log should: an error, or something in a module that has a logger; others by file."""
    quiet: dict[str, list[ast.Call]] = {}
    programs: dict[str, list[ast.Call]] = {}
    for path, call, syntax in _calls(repo, diagnostics):
        if _is_of_a_failure(syntax, call):
            yield Breach(
                "An error is printed among the results: on stdout, without a time or a level.",
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
    yield from _of_modules(repo, quiet)
    yield from _of_programs(repo, programs)


def _calls(repo: Repo, diagnostics: Diagnostics) -> Iterator[tuple[str, ast.Call, Syntax]]:
    """Each print to stdout, but for those of examples and of modules that talk with a person."""
    for one in python_files.judged(repo, diagnostics, "T201", "T203"):
        call, syntax = _to_stdout(repo, one), repo.syntax(one.path)
        if call and syntax and not python_files.is_aside(repo, one.path) and not _is_talking(syntax):
            yield one.path, call, syntax


def _of_modules(repo: Repo, quiet: Mapping[str, Sequence[ast.Call]]) -> Iterator[Breach]:
    """Once for each module that others import: a fault in a library, and to think of in a command."""
    for path, calls in quiet.items() if repo.tier != "script" else ():
        severity = None if repo.tier == "library" else Severity.INFO
        yield Breach(
            f"A module prints, {_times(calls)}, to the output of whoever imports it.",
            *python_files.place(repo, path, calls[0]),
            severity=severity,
        )


def _of_programs(repo: Repo, programs: Mapping[str, Sequence[ast.Call]]) -> Iterator[Breach]:
    """Once for each program without a logger: what is its result and what is its log, nobody can tell from here."""
    for path, calls in programs.items():
        if calls:
            yield Breach(
                f"A program without a logger prints, {_times(calls)}.",
                *python_files.place(repo, path, calls[0]),
                severity=Severity.INFO,
                remedy=_PROGRAM,
            )


def _times(calls: Sequence[ast.Call]) -> str:
    return f"{len(calls)} times" if len(calls) > 1 else "once"


def _to_stdout(repo: Repo, one: Diagnostic) -> ast.Call | None:
    """The call that ruff points at; None if it says where to print, or prints an empty line."""
    found = python_files.at(repo, one, ast.Call)
    is_elsewhere = found and any(word.arg in {"file", "stream"} for word in found.keywords)
    return found if found and found.args and not is_elsewhere else None


def _is_talking(syntax: Syntax) -> bool:
    """Whether the module asks a person, who is told on the same terminal."""
    return any(dotted(call.func) == "input" for call in syntax.of(ast.Call))


def _is_of_a_failure(syntax: Syntax, call: ast.Call) -> bool:
    """Whether it stands in a handler of what somebody did not want."""
    found = syntax.around(call, ast.ExceptHandler)
    return bool(found) and not any(exceptions.is_wanted(handler) for handler in found)


def _is_program(repo: Repo, path: str, syntax: Syntax) -> bool:
    """Whether the module is one that is run: what it prints may be its result."""
    pure = PurePosixPath(path)
    if pure.stem in {"__main__", "cli", "main"} or str(pure.parent / "__init__.py") not in repo.paths:
        return True
    module = path.removesuffix(".py").replace("/", ".").removeprefix("src.")
    is_called = any(target.partition(":")[0].strip() == module for target in repo.commands.values())
    return is_called or _is_for_running(syntax)


def _is_for_running(syntax: Syntax) -> bool:
    """A guard, or the import of what reads a command line."""
    imported = {name.name for node in syntax.of(ast.Import) for name in node.names}
    imported |= {node.module or "" for node in syntax.of(ast.ImportFrom)}
    is_command = bool({name.partition(".")[0] for name in imported} & _COMMAND)
    return is_command or any(dotted(part) == "__name__" for node in syntax.of(ast.If) for part in ast.walk(node.test))


def _has_logger(syntax: Syntax) -> bool:
    used = {syntax.meant(call.func) for call in syntax.of(ast.Call)}
    return bool(used & _LOGGERS or _LOGGERS & set(syntax.imported.values()))
