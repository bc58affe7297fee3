"""The Python files that the coding rules apply to."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from new_ops_project.checks.linters.ruff import Diagnostic, RuffReport
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
_TESTS = re.compile(
    r"tests?|testing|testdata|test_data|fixtures|e2e|(?:integration|functional|unit|acceptance)[-_]?tests?"
)
_TEST = re.compile(r"test[-_].*|.*[-_]tests?|conftest|(?:run)?tests?")
_ASIDE = re.compile(r"docs?|(?:.*[-_])?(?:examples?|samples?|demos?)(?:[-_].*)?|bench(?:marks?)?")
_TASKS = {"setup", "noxfile", "tasks", "fabfile", "dodo", "conf", "manage", "pavement"}
# Comments that silence other linters silence us too: somebody has decided there.
_SILENCED = re.compile(r"#\s*(?:noqa(?!\s*:)|nosec\b)", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa\s*:\s*([A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)", re.IGNORECASE)
_PYLINT = re.compile(r"#\s*pylint:\s*disable=.*(?:bare-except|broad-except|W070[23]|W0718)")


def _inside_package(repo: Repo, path: str) -> PurePosixPath:
    """The path below the project's package, whose own name proves nothing: it may be `demo` or `example`."""
    return PurePosixPath(path.removeprefix(f"{repo.layout.place}/"))


def is_test(repo: Repo, path: str) -> bool:
    """Whether the file belongs to the tests."""
    pure = _inside_package(repo, path)
    return any(map(_TESTS.fullmatch, pure.parts[:-1])) or bool(_TEST.fullmatch(pure.stem))


def is_auxiliary(repo: Repo, path: str) -> bool:
    """Whether the file is an example, a benchmark, documentation, or a task for developers."""
    pure = _inside_package(repo, path)
    return any(map(_ASIDE.fullmatch, pure.parts[:-1])) or pure.stem in _TASKS


def is_foreign(path: str) -> bool:
    """Whether the file is vendored, generated or a template."""
    pure = PurePosixPath(path)
    is_copied = bool(_FOREIGN & set(pure.parts[:-1])) or bool(_GENERATED.fullmatch(pure.name))
    return is_copied or "{{" in path


def is_program(repo: Repo, path: str) -> bool:
    """Whether the file belongs to what runs, not to its tests or what is around it."""
    return not (is_test(repo, path) or is_auxiliary(repo, path) or is_foreign(path))


def relevant(repo: Repo, report: RuffReport, *codes: str) -> Iterator[Diagnostic]:
    """The diagnostics with one of `codes` in the program, except where a comment for another linter silences them."""
    for diagnostic in report.diagnostics:
        is_asked = diagnostic.code in codes and diagnostic.path in repo.files and is_program(repo, diagnostic.path)
        if is_asked and not is_silenced(repo, diagnostic.path, diagnostic.line):
            yield diagnostic


def containing(repo: Repo, paths: Collection[str], *words: bytes) -> Iterator[tuple[str, Syntax]]:
    """Those of `paths` in the program that have one of `words`, with their syntax; it avoids parsing the others."""
    for path in sorted(paths):
        is_checked = _has_one(repo.files.get(path, b""), words) and is_program(repo, path)
        if is_checked and (syntax := repo.syntax(path)):
            yield path, syntax


def _has_one(content: bytes, words: Sequence[bytes]) -> bool:
    for word in words:  # noqa: SIM110 - of thousands of files, `any` takes three times as long
        if word in content:
            return True
    return False


def is_silenced(repo: Repo, path: str, line: int, *codes: str) -> bool:
    """Whether a comment on the line silences every linter, or one of the rules `codes`."""
    text = line_text(repo, path, line)
    if "#" not in text:
        return False
    named = _NOQA.search(text)
    is_named = bool(named and {*codes} & {*re.split(r"[,\s]+", named[1].upper())})
    return is_named or bool(_SILENCED.search(text) or _PYLINT.search(text))


def line_text(repo: Repo, path: str, line: int) -> str:
    """The text of a line, counted from 1; '' if there is none."""
    lines = repo.files[path].split(b"\n", line)
    return lines[line - 1].decode(errors="replace") if 0 < line <= len(lines) else ""


def place(repo: Repo, path: str, node: ast.expr | ast.stmt | ast.ExceptHandler) -> tuple[str, int, int]:
    """The path, line and column of a node's start, both from 1, the column in characters."""
    text = line_text(repo, path, node.lineno).encode()[: node.col_offset]
    return path, node.lineno, len(text.decode(errors="replace")) + 1


def node_at(repo: Repo, diagnostic: Diagnostic, kind: type[_Node]) -> _Node | None:
    """The node of that kind that ruff reports, or the call whose function it reports; None if the file does not parse.

    The end decides between nodes that start at the same place, as two calls do in `run(...).stdout.split()`.
    """
    path, line = diagnostic.path, diagnostic.line
    syntax = repo.syntax(path)
    nodes = syntax.nodes_at(line, _byte_column(repo, path, line, diagnostic.column), kind) if syntax else []
    end = diagnostic.end[0], _byte_column(repo, path, *diagnostic.end)
    matching = (
        node
        for node in nodes
        for part in (node, getattr(node, "func", node))
        if (getattr(part, "end_lineno", 0), getattr(part, "end_col_offset", -1)) == end
    )
    return next(matching, nodes[0] if nodes else None)


def _byte_column(repo: Repo, path: str, line: int, column: int) -> int:
    """The column as the ast module counts it, in bytes from 0."""
    return len(line_text(repo, path, line)[: column - 1].encode())
