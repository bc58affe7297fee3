"""Rules that say what ruff says, in our words."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.linters.ruff import SYNTAX, Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach

_DATA = {"data", "templates", "template", "snippets", "resources", "cookiecutter"}


def unparsed(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each file that no Python 3 can read, at its first mistake; test data and templates may be anything."""
    seen = set[str]()
    for one in diagnostics:
        is_code = not python_files.is_foreign(repo, one.path) and not _is_data(repo, one.path)
        if one.code == SYNTAX and one.path not in seen and is_code:
            seen.add(one.path)
            yield Breach(f"Python cannot read this: {one.message}.", one.path, one.line, one.column)


def _is_data(repo: Repo, path: str) -> bool:
    pure = PurePosixPath(path)
    is_fixture = python_files.is_test(repo, path) and not pure.name.startswith("test_") and pure.name != "conftest.py"
    return is_fixture or bool(_DATA & set(pure.parts[:-1]))


def naive(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each time in UTC that does not say so."""
    for one in python_files.judged(repo, diagnostics, "DTZ003", "DTZ004"):
        name = "utcnow()" if one.code == "DTZ003" else "utcfromtimestamp()"
        instead = "datetime.now(UTC)" if one.code == "DTZ003" else "datetime.fromtimestamp(seconds, UTC)"
        yield Breach(
            f"{name} gives a time without a zone, which is taken for local time.",
            one.path,
            one.line,
            one.column,
            remedy=f"Write {instead}, with `from datetime import UTC` (before Python 3.11: timezone.utc).",
        )


def unverified(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each connection that does not check who answers."""
    for one in python_files.judged(repo, diagnostics, "S501", "S507", "S323"):
        if not python_files.is_aside(repo, one.path):
            who = "host key" if one.code == "S507" else "certificate"
            yield Breach(f"The {who} of the other side is not checked.", one.path, one.line, one.column)


def unsafe_yaml(repo: Repo, diagnostics: Diagnostics) -> Iterator[Breach]:
    """Each YAML that may make any object it likes."""
    for one in python_files.judged(repo, diagnostics, "S506"):
        yield Breach("yaml.load with this loader runs what the file says.", one.path, one.line, one.column)
