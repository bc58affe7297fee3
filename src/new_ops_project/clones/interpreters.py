"""The Python interpreters on this machine."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import run

if TYPE_CHECKING:
    from new_ops_project.clones.needs import RequiredPython

# A program that prints what a Python is, in four lines. The path is that of the base interpreter: an environment must
# not be made from another environment, which may be removed.
_PROBE = (
    "import sys, importlib.util as u; print(*sys.version_info[:3], sep='.'); "
    "print(sys._base_executable if sys.prefix != sys.base_prefix else sys.executable); "
    "print(u.find_spec('venv') and u.find_spec('ensurepip') and 'venv' or ''); print(sys.implementation.name)"
)
# The folder of a CPython as pyenv and uv name it. A free-threaded build (3.13t, +freethreaded) is another Python.
_FOLDER = r"(?:cpython-)?{minor}\.(\d+)((?:a|b|rc)\d+)?(?:-.*)?"
_UNIX = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Interpreter:
    """A CPython that works. `version`: such as "3.12.1"; `makes_environments`: whether it has venv and ensurepip."""

    path: Path
    version: str
    makes_environments: bool


def likely_path(minor: str) -> Path | None:
    """Where the newest CPython of the version `minor` (such as "3.12") seems to be; it is not run."""
    return next(_places(minor), None)


def find_working(minor: str) -> Interpreter | None:
    """The newest CPython of the version `minor` that works, preferably one that can make environments."""
    probed = map(probe, dict.fromkeys(_places(minor)))
    working, again = tee(each for each in probed if each and each.version.startswith(f"{minor}."))
    return next((each for each in working if each.makes_environments), None) or next(again, None)


def find(python: "RequiredPython", *, needs_venv: bool) -> Interpreter:
    """A CPython that works, as a repository needs it. `needs_venv`: whether its own venv has to make the environment.

    Raises ToolError, with how to get one.
    """
    minors = [python.minor] if python.minor else python.minors
    interpreter = next(filter(None, map(find_working, minors)), None)
    if interpreter is None:
        asked = f" {python.where} asks for it." if python.where else ""
        message = f"{python.name} was not found on PATH, in pyenv, in uv or in the system's places.{asked}"
        raise ToolError(message, install_hint((*minors, "3")[0]))
    if needs_venv and not interpreter.makes_environments:
        message = f"{interpreter.path} cannot create environments: it has no venv module with ensurepip."
        minor = interpreter.version.rpartition(".")[0]
        raise ToolError(message, f"On Debian and Ubuntu: `apt install python{minor}-venv`. Or install uv.")
    return interpreter


def probe(path: Path) -> Interpreter | None:
    """Run the Python at `path` to find out what it is; None if it does not answer in time or is not CPython."""
    try:
        lines = run(str(path), "-I", "-B", "-c", _PROBE, seconds=_PATIENCE).text.split("\n")
    except ProcessError:
        return None
    if len(lines) != 4 or lines[3].strip() != "cpython":  # noqa: PLR2004 - the lines of the probe
        return None
    version, base, makes_environments, _ = (line.strip() for line in lines)
    return Interpreter(Path(base), version, bool(makes_environments))


def _places(minor: str) -> Iterator[Path]:
    """Where a CPython of this version is: ours, on PATH, those of pyenv and uv, those of the system."""
    name = "python.exe" if os.name == "nt" else f"bin/python{minor}"
    # The interpreter that runs this process, or the one that its environment was made from.
    own = Path(sys.executable).resolve() if sys.prefix == sys.base_prefix else Path(sys.base_prefix, name)
    # PATH without pyenv's shims: there is one for every version, and it fails for those that are not active.
    path = [part for part in os.get_exec_path() if part and Path(part).name != "shims"]
    on_path, in_system = ([Path(folder, f"python{minor}") for folder in folders] for folders in (path, _UNIX))
    places = [*on_path, *(folder / name for folder in _managed(minor)), *in_system]
    yield from filter(Path.is_file, [own, *places] if minor == f"3.{sys.version_info.minor}" else places)


def _managed(minor: str) -> list[Path]:
    """Folders in which pyenv, uv and, on Windows, python.org keep a CPython of this version, newest first."""
    shims = [Path(part).parent for part in os.get_exec_path() if Path(part).name == "shims"]
    roots = [Path(os.environ["PYENV_ROOT"])] if "PYENV_ROOT" in os.environ else [*shims, Path.home() / ".pyenv"]
    local = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or local / "uv" / "python")
    folders = [folder for root in roots for folder in (root / "versions").glob(f"{minor}.*")]
    pattern = re.compile(_FOLDER.format(minor=re.escape(minor)))
    matches = [
        (match, folder)
        for folder in (*folders, *uv.glob(f"cpython-{minor}.*"))
        if (match := pattern.fullmatch(folder.name))
    ]
    matches.sort(key=lambda pair: (not pair[0][2], int(pair[0][1])), reverse=True)  # final releases before prereleases
    windows = Path(os.environ.get("LOCALAPPDATA", ""), "Programs", "Python", f"Python{minor.replace('.', '')}")
    return [*(folder for _, folder in matches), windows]


def install_hint(minor: str) -> str:
    """A sentence that says how to get an interpreter."""
    system = f"`apt install python{minor} python{minor}-venv`" if shutil.which("apt") else "your system's packages"
    return f"Install it with `uv python install {minor}`, `pyenv install {minor}`, or {system}."
