"""The rule about errors that are printed to stdout."""

import ast
import re
from collections.abc import Iterator

from new_ops_project.checks.coding import exceptions, python_files
from new_ops_project.checks.linters.ruff import RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.python import Syntax, dotted_name

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
    """Whether the call prints to stdout in the handler of a failure that ends there."""
    has_target = any(keyword.arg == "file" for keyword in call.keywords)
    handler = next(iter(syntax.enclosing(call, ast.ExceptHandler)), None)
    if handler is None or has_target or not call.args or exceptions.catches_only_expected(handler):
        return False
    # Where an import fails, there are no results yet.
    return exceptions.leaves_program(handler) and not _IMPORTING.issuperset(exceptions.caught_names(handler))


def _speaks_otherwise(repo: Repo, path: str, syntax: Syntax) -> bool:
    """Whether a person or a monitoring system reads the stdout of the program."""
    is_interactive = any(dotted_name(call.func) == "input" for call in syntax.nodes(ast.Call))
    return is_interactive or bool(_STATUS.search(repo.files[path]))
