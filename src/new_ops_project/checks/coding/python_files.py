"""The Python files that the rules judge: which are a team's own, what ruff says of them, and their syntax."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TypeVar

from new_ops_project.checks.coding import ruff_config
from new_ops_project.checks.linters.ruff import Diagnostic, Diagnostics
from new_ops_project.checks.repo import Repo
from new_ops_project.formats.python import Syntax

_Node = TypeVar("_Node", bound=ast.AST)
_FOREIGN = {
    "vendor",
    "vendored",
    "_vendor",
    "third_party",
    "thirdparty",
    "extern",
    "externals",
    "node_modules",
    "site-packages",
    "venv",
    ".venv",
}
_GENERATED = re.compile(r".*_pb2(?:_grpc)?\.pyi?|versioneer\.py|_version\.py|get-pip\.py|ez_setup\.py")
_TESTS = {"tests", "test", "testing", "testdata", "test_data", "fixtures"}
_TEST = re.compile(r"test_.*|.*_tests?|conftest|tests?")
_ASIDE = {"docs", "doc", "examples", "example", "samples", "demo", "demos", "bench", "benchmarks"}
_TASKS = {"setup", "noxfile", "tasks", "fabfile", "dodo", "conf", "manage", "pavement"}
# What other linters take for a decision, too: a reason stands beside it or in the history.
_SILENCED = re.compile(r"#\s*(?:noqa(?!\s*:)|nosec\b)", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa\s*:\s*([A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)", re.IGNORECASE)
_PYLINT = re.compile(r"#\s*pylint:\s*disable=.*(?:bare-except|broad-except|W070[23]|W0718)")


def _own(repo: Repo, path: str) -> PurePosixPath:
    """The path in the package that the repository is about, whose name says nothing: it may be `demo` or `example`."""
    return PurePosixPath(path.removeprefix(f"{repo.layout.place}/"))


def is_test(repo: Repo, path: str) -> bool:
    """Whether the file belongs to tests."""
    pure = _own(repo, path)
    return bool(_TESTS & set(pure.parts[:-1]) or _TEST.fullmatch(pure.stem))


def is_aside(repo: Repo, path: str) -> bool:
    """Whether the file is an example, documentation, or a task of those who develop."""
    pure = _own(repo, path)
    return bool(_ASIDE & set(pure.parts[:-1])) or pure.stem in _TASKS


def is_foreign(repo: Repo, path: str) -> bool:
    """Whether the file was written elsewhere, by a program, or is excluded by the configuration of ruff."""
    pure = PurePosixPath(path)
    is_copied = bool(_FOREIGN & set(pure.parts[:-1])) or bool(_GENERATED.fullmatch(pure.name))
    return is_copied or "{{" in path or ruff_config.excludes(repo, path)


def judged(repo: Repo, diagnostics: Diagnostics, *codes: str) -> Iterator[Diagnostic]:
    """Those with one of `codes` in code outside tests, except where the repository itself decided otherwise."""
    for diagnostic in diagnostics:
        path = diagnostic.path
        if diagnostic.code not in codes or is_test(repo, path) or path not in repo.files:
            continue
        is_excluded = ruff_config.leaves_out(repo, path, diagnostic.code) or is_foreign(repo, path)
        if not is_excluded and not is_silenced(repo, path, diagnostic.line):
            yield diagnostic


def holding(repo: Repo, *words: bytes | re.Pattern[bytes]) -> Iterator[tuple[str, Syntax]]:
    """Each file, not of tests, that holds all these words, with its syntax; the words save parsing the others."""
    for path in repo.python_sources:
        if is_test(repo, path) or not all(_is_in(word, repo.files[path]) for word in words) or is_foreign(repo, path):
            continue
        if syntax := repo.syntax(path):
            yield path, syntax


def _is_in(word: bytes | re.Pattern[bytes], content: bytes) -> bool:
    return word in content if isinstance(word, bytes) else bool(word.search(content))


def is_silenced(repo: Repo, path: str, line: int, code: str = "") -> bool:
    """Whether a comment on the line says that no linter, or not the rule `code`, is meant."""
    text = line_of(repo, path, line)
    if "#" not in text:
        return False
    named = _NOQA.search(text)
    is_named = bool(named and code and code in re.split(r"[,\s]+", named[1].upper()))
    return is_named or bool(_SILENCED.search(text) or _PYLINT.search(text))


def line_of(repo: Repo, path: str, line: int) -> str:
    """The line of that number, '' where there is none."""
    lines = repo.files[path].split(b"\n", line)
    return lines[line - 1].decode(errors="replace") if 0 < line <= len(lines) else ""


def place(repo: Repo, path: str, node: ast.expr | ast.stmt | ast.ExceptHandler) -> tuple[str, int, int]:
    """Where a node begins, in characters from 1."""
    text = line_of(repo, path, node.lineno).encode()[: node.col_offset]
    return path, node.lineno, len(text.decode(errors="replace")) + 1


def at(repo: Repo, one: Diagnostic, kind: type[_Node]) -> _Node | None:
    """The node of that kind which ruff points at, or at what it calls; None where the file has no syntax here.

    In `run(...).stdout.split()` two calls begin at the same place.
    """
    syntax = repo.syntax(one.path)
    nodes = syntax.at(one.line, _bytes(repo, one.path, one.line, one.column), kind) if syntax else []
    end = one.end[0], _bytes(repo, one.path, *one.end)
    meant = (
        node
        for node in nodes
        for part in (node, getattr(node, "func", node))
        if (getattr(part, "end_lineno", 0), getattr(part, "end_col_offset", -1)) == end
    )
    return next(meant, nodes[0] if nodes else None)


def _bytes(repo: Repo, path: str, line: int, column: int) -> int:
    """The column as ast counts it: in bytes from 0."""
    return len(line_of(repo, path, line)[: column - 1].encode())
