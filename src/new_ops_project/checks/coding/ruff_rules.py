"""Rules that pass on diagnostics of ruff in our own words."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import SYNTAX, RuffReport
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_DATA = {"data", "templates", "template", "snippets", "resources", "cookiecutter"}


def syntax_errors(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each file that no Python 3 can parse, at its first error; test data and templates may be anything."""
    seen = set[str]()
    for error in report.diagnostics:
        is_code = not python_files.is_foreign(error.path) and not _is_data(repo, error.path)
        if error.code == SYNTAX and error.path not in seen and is_code:
            seen.add(error.path)
            yield Breach(f"Python cannot parse this: {error.message}.", error.path, error.line, error.column)


def _is_data(repo: Repo, path: str) -> bool:
    pure = PurePosixPath(path)
    is_fixture = python_files.is_test(repo, path) and not pure.name.startswith("test_") and pure.name != "conftest.py"
    return is_fixture or bool(_DATA & set(pure.parts[:-1]))


def naive_times(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each naive time in UTC."""
    for call in python_files.relevant(repo, report, "DTZ003", "DTZ004"):
        name = "utcnow()" if call.code == "DTZ003" else "utcfromtimestamp()"
        instead = "datetime.now(UTC)" if call.code == "DTZ003" else "datetime.fromtimestamp(seconds, UTC)"
        yield Breach(
            f"{name} gives a time without a zone, which is taken for local time.",
            call.path,
            call.line,
            call.column,
            remedy=f"Write {instead}, with `from datetime import UTC` (before Python 3.11: timezone.utc).",
        )


def unverified_connections(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each connection that does not verify the other side."""
    for call in python_files.relevant(repo, report, "S501", "S507", "S323"):
        if not python_files.is_auxiliary(repo, call.path):
            proof = "host key" if call.code == "S507" else "certificate"
            yield Breach(f"The {proof} of the other side is not verified.", call.path, call.line, call.column)


def unsafe_yaml(repo: Repo, report: RuffReport) -> Iterator[Breach]:
    """Each YAML loader that can create arbitrary objects."""
    for call in python_files.relevant(repo, report, "S506"):
        yield Breach("yaml.load with this loader can run code from the file.", call.path, call.line, call.column)
