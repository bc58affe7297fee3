"""Linters as programs: found beside this one or on PATH, not looked for in the repository, and run."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from new_ops_project.base.process import ProcessError, ProcessResult, run
from new_ops_project.checks.rule import UncheckedError

ABSENT = " is not installed."
EXTRA = "They come with the extra [check]: pipx install 'new-ops-project[check]'."


def find(name: str) -> str:
    """The program; raises UncheckedError where there is none."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    if found := beside or shutil.which(name):
        return found
    raise UncheckedError(f"{name}{ABSENT}", EXTRA)


def said(
    name: str,
    *args: str,
    cwd: Path,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0, 1),
    env: Mapping[str, str] | None = None,
) -> ProcessResult:
    """What the program `name` says of the folder `cwd`; `env` is added to its environment.

    Raises UncheckedError where there is no such program, and where it ends with a code that is none of `codes`.
    """
    try:
        return run(find(name), *args, cwd=cwd, stdin=stdin, codes=codes, env=env)
    except ProcessError as error:
        raise UncheckedError(f"{name} failed: {error.reason}", f"Try `{name}` by hand.") from error
