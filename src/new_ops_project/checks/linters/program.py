"""Running a linter as a program."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import ProcessResult
from new_ops_project.checks.rule import UncheckedError

ABSENT = " is not installed."
EXTRA = "They come with the extra [check]: pipx install 'new-ops-project[check]'."


def find(name: str) -> str:
    """The path of the program, beside this tool or on PATH; raises UncheckedError if there is none.

    It is never looked for in the repository, whose programs are not run.
    """
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    if path := beside or shutil.which(name):
        return path
    raise UncheckedError(f"{name}{ABSENT}", EXTRA)


def run(
    name: str,
    *args: str,
    cwd: Path,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0, 1),
    env: Mapping[str, str] | None = None,
) -> ProcessResult:
    """Run the program `name` in the folder `cwd`, with `env` added to its environment.

    Raises UncheckedError if there is no such program, or if it exits with a code that is not in `codes`.
    """
    try:
        return process.run(find(name), *args, cwd=cwd, stdin=stdin, codes=codes, env=env)
    except ProcessError as error:
        raise UncheckedError(f"{name} failed: {error.reason}", f"Try `{name}` by hand.") from error
