"""The Pythons of this machine, and how to get one that is missing."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.process import ProcessResult, started

# What a Python says of itself; the base of an environment is what the next environment is made from.
_PROBE = (
    "import sys, importlib.util as u; print(*sys.version_info[:3], sep='.'); "
    "print(sys._base_executable if sys.prefix != sys.base_prefix else sys.executable); "
    "print(u.find_spec('venv') and u.find_spec('ensurepip') and 'venv' or ''); print(sys.implementation.name)"
)
# The folder of a CPython as pyenv and uv name it; a build without the lock of the interpreter is another Python.
_FOLDER = r"(?:cpython-)?{minor}\.(\d+)((?:a|b|rc)\d+)?(?:-.*)?"
_UNIX = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_NEWEST, _OLDEST = 20, 8
_PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Interpreter:
    """A CPython that runs. `version`: "3.12.1". `makes_environments`: whether it has venv and ensurepip."""

    path: Path
    version: str
    makes_environments: bool

    @property
    def minor(self) -> str:
        """Its version as "3.12"."""
        return ".".join(self.version.split(".")[:2])


def likely_path(minor: str) -> Path | None:
    """Where the newest CPython of the version `minor` ("3.12") seems to be, without running it."""
    return next(_places(minor), None)


def find_working(minor: str) -> Interpreter | None:
    """The newest CPython of the version `minor` on this machine that runs; one that can make environments first."""
    found = []
    for path in dict.fromkeys(_places(minor)):
        known = probe(path)
        if known and known.minor == minor:
            if known.makes_environments:
                return known
            found.append(known)
    return next(iter(found), None)


def first_available(minors: Iterable[str]) -> Interpreter | None:
    """The first of `minors` of which there is a CPython that runs."""
    return next((found for minor in minors if likely_path(minor) and (found := find_working(minor))), None)


def minors_within(specifier: str = "") -> list[str]:
    """The minor versions that a PEP 440 specifier such as ">=3.11" lets in, newest first."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    known = [f"3.{number}" for number in range(_NEWEST, _OLDEST - 1, -1)]
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return known
    # Of a bound such as >3.12.2 or ==3.12.4 some patch holds, if the minor is meant at all.
    return [minor for minor in known if any(allowed.contains(f"{minor}.{patch}") for patch in range(60))]


def probe(path: Path) -> Interpreter | None:
    """What the Python at `path` says of itself; None when it does not run, or not soon, or is no CPython."""
    with started((str(path), "-I", "-B", "-c", _PROBE), seconds=_PATIENCE) as wait:
        result = wait()[0]
    said = result.text.split("\n") if isinstance(result, ProcessResult) else []
    if len(said) != 4 or said[3].strip() != "cpython":  # noqa: PLR2004 - the lines of the probe
        return None
    version, base, makes, _ = (line.strip() for line in said)
    return Interpreter(Path(base), version, bool(makes))


def _places(minor: str) -> Iterator[Path]:
    """Where a CPython of this version may be: our own, on PATH, pyenv's, uv's and the system's places."""
    name = "python.exe" if os.name == "nt" else f"bin/python{minor}"
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield from _own(name)
    # A pyenv shim is on PATH for every version but fails for those that are not active: look behind it.
    path = os.pathsep.join(part for part in os.get_exec_path() if Path(part).name != "shims")
    if on_path := shutil.which(f"python{minor}", path=path):
        yield Path(on_path)
    for folder in (*_managed(minor), *_windows(minor)):
        if (folder / name).is_file():
            yield folder / name
    yield from (Path(folder, f"python{minor}") for folder in _UNIX if Path(folder, f"python{minor}").is_file())


def _own(name: str) -> Iterator[Path]:
    """The interpreter of this very process, or that which its environment was made from."""
    path = Path(sys.executable).resolve() if sys.prefix == sys.base_prefix else Path(sys.base_prefix, name)
    if path.is_file():
        yield path


def _managed(minor: str) -> list[Path]:
    """Folders in which pyenv and uv keep a CPython of this version, newest first."""
    shims = [Path(part).parent for part in os.get_exec_path() if Path(part).name == "shims"]
    roots = [Path(os.environ["PYENV_ROOT"])] if "PYENV_ROOT" in os.environ else [*shims, Path.home() / ".pyenv"]
    local = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or local / "uv" / "python")
    folders = [folder for root in roots for folder in (root / "versions").glob(f"{minor}.*")]
    pattern = re.compile(_FOLDER.format(minor=re.escape(minor)))
    found = [
        (match, folder)
        for folder in (*folders, *uv.glob(f"cpython-{minor}.*"))
        if (match := pattern.fullmatch(folder.name))
    ]
    found.sort(key=lambda pair: (not pair[0][2], int(pair[0][1])), reverse=True)
    return [folder for _, folder in found]


def _windows(minor: str) -> list[Path]:
    """Where python.org's installer puts it."""
    local = os.environ.get("LOCALAPPDATA")
    return [Path(local, "Programs", "Python", f"Python{minor.replace('.', '')}")] if local else []


def install_hint(minor: str) -> str:
    """How to get an interpreter, as a sentence; what is on this machine comes first."""
    ways = {"uv": f"`uv python install {minor}`", "pyenv": f"`pyenv install {minor}`"}
    order = sorted(ways, key=lambda tool: shutil.which(tool) is None)
    system = f"`apt install python{minor} python{minor}-venv`" if shutil.which("apt") else "your system's packages"
    return f"Install it with {ways[order[0]]}, {ways[order[1]]}, or {system}."
