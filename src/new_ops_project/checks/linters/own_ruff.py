"""Which ruff is asked: the project's own one if its .venv is in use, else the one of this tool.

A .venv may have come with the repository, in a commit or an archive, and nothing in it can prove the contrary. So it is
run only if somebody uses it on this machine: it is activated, or this tool itself is installed in it.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

NAME = "ruff"
_VENV = ".venv"
_ACTIVATE = "If you made .venv, activate it; `check` runs no program of a repository otherwise."


@dataclass(frozen=True)
class ChosenProgram:
    """The program to run, and what to say if the project has another version; `hint` is for one that is refused."""

    program: str
    gaps: tuple[UncheckedError, ...] = ()
    hint: str = "Install that version in .venv, and activate it."


def choose(repo: Repo) -> ChosenProgram:
    """The ruff for this project; raises UncheckedError if there is none."""
    venv = repo.folder.absolute() / _VENV
    own = venv / ("Scripts/ruff.exe" if os.name == "nt" else "bin/ruff")
    if not own.is_file():
        return ChosenProgram(program.find(NAME, repo))
    if _is_same(sys.prefix, venv) or (_is_same(os.environ.get("VIRTUAL_ENV", ""), venv) and not _is_tracked(repo)):
        return ChosenProgram(str(own))
    return _instead(program.find(NAME, repo), repo, _installed(venv))


def _is_same(folder: str, venv: Path) -> bool:
    return bool(folder) and Path(folder).resolve() == venv.resolve()


def _is_tracked(repo: Repo) -> bool:
    return any(path == _VENV or path.startswith(f"{_VENV}/") for path in repo.tracked)


def _installed(venv: Path) -> str:
    """The version of ruff in an environment, by the name of its metadata; '' if there is none."""
    infos = [
        *venv.glob("lib/python3*/site-packages/ruff-*.dist-info"),
        *venv.glob("Lib/site-packages/ruff-*.dist-info"),
    ]
    return next((info.name.removeprefix("ruff-").removesuffix(".dist-info") for info in infos), "")


def _instead(ours: str, repo: Repo, theirs: str) -> ChosenProgram:
    """Ours instead of the one in .venv, which is named if its version is another."""
    match = re.search(r"[\d.]+", program.run(repo, NAME, "--version").text)
    version = match[0] if match else ""
    if theirs in {"", version}:
        return ChosenProgram(ours)
    reason = f"ruff {version} was asked, not the project's own ruff {theirs} in .venv."
    gap = UncheckedError(reason, _ACTIVATE, is_note=True)
    return ChosenProgram(ours, (gap,), f"It has ruff {theirs}. {_ACTIVATE}")
