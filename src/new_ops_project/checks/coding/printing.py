"""The rule about errors that are printed to stdout."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.checks.coding import exceptions, python_files
from new_ops_project.checks.linters.ruff import RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name, last_name

# Monitoring systems read these words on the stdout of their plugins.
_STATUS = re.compile(rb"\b(?:CRITICAL|UNKNOWN)\b")
_IMPORTING = {"ImportError", "ModuleNotFoundError"}


def errors_on_stdout(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """The first error that each program prints among its results."""
    by_path: dict[str, list[ast.Call]] = {}
    for diagnostic in python_files.relevant(repo, report, "T201"):
        call, syntax = python_files.node_at(repo, diagnostic, ast.Call), repo.syntax(diagnostic.path)
        if call and syntax and _is_error(syntax, call) and not _speaks_otherwise(repo, diagnostic.path, syntax):
            by_path.setdefault(diagnostic.path, []).append(call)
    for path, calls in by_path.items():
        more = f" {len(calls)} errors are" if len(calls) > 1 else " An error is"
        yield Breach(f"`print` found.{more} printed to stdout here.", *python_files.place(repo, path, calls[0]))


def _is_error(syntax: Syntax, call: ast.Call) -> bool:
    """Whether the call prints to stdout in the handler of a failure that then leaves, and does not log it as well."""
    handler = next(iter(syntax.enclosing(call, ast.ExceptHandler)), None)
    if handler is None or not call.args or any(keyword.arg == "file" for keyword in call.keywords):
        return False
    around = (each for each in syntax.ancestors(call) if isinstance(each, ast.Try | ast.For | ast.While))
    if next(around, None) is not syntax.parent(handler) or exceptions.catches_only_expected(handler):
        return False
    # Where an import fails, there are no results yet.
    is_import = _IMPORTING.issuperset(exceptions.caught_names(handler))
    return not is_import and not _is_logged(handler) and exceptions.leaves_program(handler, after=call.lineno)


def _is_logged(handler: ast.ExceptHandler) -> bool:
    called = (last_name(node.func) for node in ast.walk(handler) if isinstance(node, ast.Call))
    return bool({*called} & {"error", "exception", "critical"})


def _speaks_otherwise(repo: Repo, path: str, syntax: Syntax) -> bool:
    """Whether a person or a monitoring system reads the stdout of the program."""
    is_interactive = any(dotted_name(call.func) == "input" for call in syntax.nodes(ast.Call))
    return is_interactive or bool(_STATUS.search(repo.files[path]))
