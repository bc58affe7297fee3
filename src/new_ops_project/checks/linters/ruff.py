"""ruff: run once over the Python files, for all rules that read what it says."""

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
# Which Python a file is written for is not known here; what every newer one can read is no mistake.
_NEWER = re.compile(r"on Python 3\.\d+")


@dataclass(frozen=True)
class Diagnostic:
    """One thing that ruff says; `line`, `column` and `end`, which is behind it, count from 1 in characters."""

    path: str
    code: str
    line: int
    column: int
    message: str
    end: tuple[int, int] = (0, 0)


Diagnostics = tuple[Diagnostic, ...]


def report(repo: Repo) -> Diagnostics:
    """What ruff says of the codes above and of the syntax; comments such as `noqa` count, its configuration does not.

    Raises UncheckedError where it is not installed, or fails.
    """
    paths = [path for path in repo.python_sources if _is_sayable(path)]
    program.find("ruff")
    if not paths:
        return ()
    with workdir.folder(repo, paths) as folder, _listed(paths) as listing:
        asked = ("check", "--isolated", "--no-cache", "--no-fix", "--exit-zero", "--quiet", "--output-format=json")
        answer = listing.with_name("answer")  # named, or RUFF_OUTPUT_FILE would be written to
        files = (f"--output-file={answer}", f"@{listing}")
        program.said("ruff", *asked, f"--select={','.join(CODES)}", *files, cwd=folder)
        return tuple(_diagnostics(answer.read_bytes() if answer.exists() else b"", folder))


def _is_sayable(path: str) -> bool:
    """Whether a list of files, one a line and in UTF-8, can name it."""
    return path.isprintable()


@contextmanager
def _listed(paths: Iterable[str]) -> Iterator[Path]:
    """A file that names the others, which are too many for a command line; `./` keeps a leading `-` or `@` a name."""
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as folder:
        listing = Path(folder, "files")
        listing.write_text("".join(f"./{path}\n" for path in paths), "utf-8", newline="\n")
        yield listing


def _diagnostics(answer: bytes, folder: Path) -> Iterator[Diagnostic]:
    try:
        items: list[dict[str, Any]] = json.loads(answer)
        root = os.path.realpath(folder)
        for item in items:
            place, message = item["location"], str(item["message"])
            code = item["code"] or SYNTAX
            if code != SYNTAX or not _NEWER.search(message):
                path = Path(os.path.relpath(item["filename"], root)).as_posix()
                end = item["end_location"]["row"], item["end_location"]["column"]
                yield Diagnostic(path, code, place["row"], place["column"], message, end)
    except (ValueError, KeyError, TypeError) as error:
        raise UncheckedError(f"ruff's answer could not be read: {error}", "Try a newer ruff.") from error
