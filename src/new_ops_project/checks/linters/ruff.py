"""ruff, run once over the Python files for all rules that read its diagnostics."""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.checks.linters import program, workdir
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

SYNTAX = "invalid-syntax"
CODES = (
    "E722",
    "BLE001",
    "S110",
    "S112",
    "T201",
    "T203",
    "S105",
    "S106",
    "S107",
    "S602",
    "S604",
    "S605",
    "S113",
    "PLW1510",
    "DTZ003",
    "DTZ004",
    "S501",
    "S507",
    "S323",
    "S506",
)
# A syntax error "on Python 3.x" is valid on a newer Python, and this does not know which one the file is for.
_NEWER = re.compile(r"on Python 3\.\d+")


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic; `line`, `column` and the exclusive `end` count from 1, in characters."""

    path: str
    code: str
    line: int
    column: int
    message: str
    end: tuple[int, int] = (0, 0)


Diagnostics = tuple[Diagnostic, ...]


def report(repo: Repo) -> Diagnostics:
    """The diagnostics with the codes above and the syntax errors.

    Comments such as `noqa` count; ruff's configuration in the repository does not. Raises UncheckedError if ruff is not
    installed, or fails.
    """
    paths = [path for path in repo.python_sources if _can_be_listed(path)]
    program.find("ruff")
    if not paths:
        return ()
    with workdir.folder(repo, paths) as folder, _path_list(paths) as path_list:
        options = ("check", "--isolated", "--no-cache", "--no-fix", "--exit-zero", "--quiet", "--output-format=json")
        output = path_list.with_name("output")  # given as an option, since ruff would write to RUFF_OUTPUT_FILE
        files = (f"--output-file={output}", f"@{path_list}")
        program.run("ruff", *options, f"--select={','.join(CODES)}", *files, cwd=folder)
        return tuple(_diagnostics(output.read_bytes() if output.exists() else b"", folder))


def _can_be_listed(path: str) -> bool:
    """Whether a UTF-8 file with one path a line can name it."""
    return path.isprintable()


@contextmanager
def _path_list(paths: Iterable[str]) -> Iterator[Path]:
    """A file that lists the paths, which can be too many for a command line; `./` hides a leading `-` or `@`."""
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as folder:
        path_list = Path(folder, "files")
        path_list.write_text("".join(f"./{path}\n" for path in paths), "utf-8", newline="\n")
        yield path_list


def _diagnostics(output: bytes, folder: Path) -> Iterator[Diagnostic]:
    try:
        items: list[dict[str, Any]] = json.loads(output)
        root = os.path.realpath(folder)
        for item in items:
            place, message = item["location"], str(item["message"])
            code = item["code"] or SYNTAX
            if code != SYNTAX or not _NEWER.search(message):
                path = Path(os.path.relpath(item["filename"], root)).as_posix()
                end = item["end_location"]["row"], item["end_location"]["column"]
                yield Diagnostic(path, code, place["row"], place["column"], message, end)
    except (ValueError, KeyError, TypeError) as error:
        raise UncheckedError(f"The output of ruff could not be read: {error}", "Try a newer ruff.") from error
