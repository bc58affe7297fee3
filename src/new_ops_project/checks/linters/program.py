"""Running a linter as a program."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError
from new_ops_project.base.process import ProcessResult
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

SECONDS = 60.0
"""How long a linter may take."""
ABSENT = " is not installed."
_DISTRIBUTION = "new-ops-project"
_EXTRA = f"Install the extra [check]: pipx install '{_DISTRIBUTION}[check]'."
_REINSTALL = f"Install {_DISTRIBUTION} again"
# As pyproject.toml has them; the metadata of the installation would take 30 ms to read.
_DEPENDENCIES = {"check-jsonschema", "ruff"}
_WITH_WHEELS = {"zizmor": ("x86_64", "AMD64", "aarch64", "arm64", "ARM64")}
_HINTS = {"actionlint": "https://github.com/rhysd/actionlint"}


@dataclass(frozen=True)
class Partial:
    """The report of a linter that could not do all of its work, and what is missing in it."""

    report: Any
    gaps: tuple[UncheckedError, ...]


def missing(name: str) -> UncheckedError:
    """The error for a linter that is not installed; it fails the run if the install promises the linter."""
    reason = f"{name}{ABSENT}"
    if name in _DEPENDENCIES or (name in _WITH_WHEELS and platform.machine() in _WITH_WHEELS[name]):
        return _failure(name, reason, _REINSTALL)
    if name in _WITH_WHEELS:
        return UncheckedError(reason, f"This tool does not bring it on this machine ({platform.machine()}).")
    return UncheckedError(reason, _HINTS.get(name, _EXTRA), is_optional=True)


def failed(name: str, reason: str, path: str = "") -> UncheckedError:
    """The error for a linter that did not do its work, for the file `path` only if it is given."""
    return _failure(name, f"{name} failed: {reason.removesuffix('.')}.", f"Try `{name}` by hand", path)


def unreadable(name: str) -> UncheckedError:
    """The error for a linter whose output is not as expected."""
    return _failure(name, f"The output of {name} could not be read.", f"Try another version of {name}")


def _failure(name: str, reason: str, remedy: str, path: str = "") -> UncheckedError:
    entry = f'{{ reason = "why", paths = ["{path}"] }}' if path else '"the reason"'
    hint = f"{remedy}, or ignore it with a reason: [tool.new-ops-project.ignore] {name} = {entry}."
    return UncheckedError(reason, hint, fails=True, path=path)


def find(name: str, repo: Repo) -> str:
    """The path of the program, beside this tool or on PATH; raises UncheckedError if there is none.

    It is never one of the repository, whose programs are not run, unless this tool itself is installed there.
    """
    if beside := shutil.which(name, path=str(Path(sys.executable).parent)):
        return beside
    for folder in _outside(repo):
        path = shutil.which(name, path=folder)
        if path and Path(path).is_relative_to(folder):  # Windows also looks in the current folder
            return path
    raise missing(name)


def _outside(repo: Repo) -> Iterator[str]:
    """The folders on PATH that are not in the repository."""
    here = repo.folder.resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    for folder in os.get_exec_path():
        if os.path.isabs(folder) and not Path(folder).resolve().is_relative_to(root):  # noqa: PTH117 - it may be ''
            yield folder


def run(
    repo: Repo,
    name: str,
    *args: str,
    cwd: Path | None = None,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0, 1),
    env: Mapping[str, str] | None = None,
    program: str = "",
) -> ProcessResult:
    """Run the linter `name` in the folder `cwd`, by default the project's, with `env` added to its environment.

    `program` is its path, by default where it is found.

    Raises UncheckedError if there is no such program, if it exits with a code that is not in `codes`, and if it takes
    longer than a linter may.
    """
    return _run(name, program or find(name, repo), *args, cwd=cwd or repo.folder, stdin=stdin, codes=codes, env=env)


def run_module(name: str, module: str, *args: str, stdin: bytes = b"") -> ProcessResult:
    """Run a module of ours that works with the linter `name`, as `run` does; nothing is imported from the folder."""
    return _run(name, sys.executable, "-P", "-m", module, *args, cwd=None, stdin=stdin, codes=(0,))


def _run(
    name: str, *args: str, cwd: Path | None, stdin: bytes, codes: tuple[int, ...], env: Mapping[str, str] | None = None
) -> ProcessResult:
    try:
        return process.run(*args, cwd=cwd, stdin=stdin, codes=codes, env=env, seconds=SECONDS)
    except ProcessError as error:
        raise failed(name, error.reason) from error
