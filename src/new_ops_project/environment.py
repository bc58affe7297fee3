"""A project's interpreter and its .venv, filled from the lock."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from new_ops_project.errors import ToolError
from new_ops_project.process import ProcessError, lines, run

LOCK = "requirements-dev.txt"


def interpreter(minor: str) -> Path | None:
    """The newest CPython of the version `minor` ("3.12") on this machine: on PATH, pyenv's or uv's."""
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable).resolve() if sys.prefix == sys.base_prefix else _base()
    return next(_found(minor), None)


def _base() -> Path | None:
    """The interpreter that the environment of this very process was made from."""
    name = "python.exe" if os.name == "nt" else f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
    path = Path(sys.base_prefix, name)
    return path if path.is_file() else next(_found(f"{sys.version_info.major}.{sys.version_info.minor}"), None)


def _found(minor: str) -> Iterator[Path]:
    name = "python.exe" if os.name == "nt" else f"bin/python{minor}"
    # A pyenv shim is on PATH for every version but fails for those that are not active: look behind it.
    path = os.pathsep.join(part for part in os.get_exec_path() if Path(part).name != "shims")
    if on_path := shutil.which(f"python{minor}", path=path):
        yield Path(on_path)
    for folder in _managed(minor):
        if (folder / name).is_file():
            yield folder / name


def _managed(minor: str) -> list[Path]:
    """Folders in which pyenv and uv keep a CPython of this version, newest first."""
    shims = [Path(part).parent for part in os.get_exec_path() if Path(part).name == "shims"]
    roots = [Path(os.environ["PYENV_ROOT"])] if "PYENV_ROOT" in os.environ else [*shims, Path.home() / ".pyenv"]
    local = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or local / "uv" / "python")
    found = [folder for root in roots for folder in (root / "versions").glob(f"{minor}.*")]
    found += uv.glob(f"cpython-{minor}.*")
    return sorted(found, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.name)], reverse=True)


def advice(minor: str) -> str:
    """How to get an interpreter, as a sentence."""
    return f"Install it with `uv python install {minor}` or `pyenv install {minor}`."


def python_of(venv: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def create(project: Path, minor: str, progress: Callable[[str, int, int], None]) -> Path:
    """Make `project`/.venv with CPython `minor`, install the lock into it and the project itself without its deps.

    `progress` is told what is done, the number of steps done and of all steps. Returns the interpreter.
    Raises ToolError when there is no such Python or when pip fails.
    """
    if not (project / LOCK).is_file():
        raise ToolError(f"{project.name} has no {LOCK} to make an environment from.", "Leave --venv out.")
    base = interpreter(minor)
    if base is None:
        message = f"Python {minor} was not found on PATH, in pyenv or in uv."
        raise ToolError(message, f"{advice(minor)} Then make .venv.")
    python = python_of(project / ".venv")
    total = len(locked(project / LOCK)) + 2
    progress(f"making .venv with {base}", 0, total)
    try:
        run(str(base), "-m", "venv", str(project / ".venv"))
        for done, line in enumerate(_install(python, project), start=1):
            progress(line, min(done, total - 1), total)
        if _is_package(project):
            run(str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".",
                cwd=project)  # fmt: skip
    except ProcessError as error:
        what = next((line for line in error.stderr.splitlines() if line.startswith("ERROR")), error.reason)
        raise ToolError(f"The environment of {project.name} could not be made: {what}",
                        f"Mend that, then run the set-up command of {project.name}/README.md.") from error  # fmt: skip
    progress("the environment is ready", total, total)
    return python


def _install(python: Path, project: Path) -> Iterator[str]:
    """Install the lock; yield the name of each package as pip comes to it."""
    command = (str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes",
               "--progress-bar=off", "-r", LOCK)  # fmt: skip
    for line in lines(*command, cwd=project):
        if found := re.match(r"Collecting ([\w.-]+)", line):
            yield found[1]


def locked(lock: Path) -> list[str]:
    """The names of the packages that a hashed requirements file pins."""
    return re.findall(r"^([\w.-]+)==", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _is_package(project: Path) -> bool:
    return "\n[build-system]" in "\n" + (project / "pyproject.toml").read_text(encoding="utf-8")
