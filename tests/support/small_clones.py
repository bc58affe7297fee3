"""Small repositories to onboard, whose packages are tiny wheels on disk: a whole run takes a second or two."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.command import git

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"

# A build backend that installs the package in place (PEP 517, PEP 660) and needs nothing else.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "audit-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("audit.pth", str(pathlib.Path("src").resolve()))
        wheel.writestr("audit-0.1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: audit\\nVersion: 0.1.0\\n")
        tags = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("audit-0.1.0.dist-info/WHEEL", tags)
        wheel.writestr("audit-0.1.0.dist-info/RECORD", "")
    return name
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "audit"
version = "0.1.0"
dependencies = ["alpha>=1"]

[tool.new-ops-project]
check = ".venv/bin/python -c 'import alpha, audit'"
"""


def wheel(folder: Path, name: str, version: str, needs: Sequence[str] = ()) -> Path:
    """Write a wheel with one small module."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", metadata)
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def pinned(path: Path) -> str:
    """The line of a lock for one wheel, with its hash."""
    name, version = path.name.split("-")[:2]
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def fill(folder: Path) -> None:
    """Write wheels of alpha 1.0 and 2.0, of beta 1.0, and of the pip that comes with Python."""
    for name, version in (("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.0")):
        wheel(folder, name, version)
    bundled = next(Path(os.__file__).parent.glob("ensurepip/_bundled/pip-*.whl"))
    (folder / bundled.name).write_bytes(bundled.read_bytes())


def variables(folder: Path) -> dict[str, str]:
    """Environment variables with which pip and uv see these wheels and no index; uv is on PATH."""
    values = {"PIP_CONFIG_FILE": os.devnull, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for tool in ("PIP", "UV"):
        values |= {f"{tool}_NO_INDEX": "1", f"{tool}_FIND_LINKS": str(folder)}
    return values


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with these files in one commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git("init", "--quiet", at=folder)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--message=Start", at=folder)
    return folder


def package(folder: Path, wheels: Path, **more: str) -> Path:
    """A repository of a package with a hashed lock of alpha and beta, and a check that imports them.

    `more`: further files, with `_` for `.` in their names.
    """
    lock = pinned(wheels / "alpha-1.0-py3-none-any.whl") + pinned(wheels / "beta-1.0-py3-none-any.whl")
    files = {
        "pyproject.toml": PYPROJECT,
        "backend.py": BACKEND,
        "src/audit.py": "",
        "requirements-dev.txt": lock,
        ".python-version": f"{MINOR}\n",
        ".gitignore": "__pycache__/\n",
    }
    return repository(folder, {**files, **{name.replace("_", "."): text for name, text in more.items()}})


def fake_venv(folder: Path, version: str, packages: Mapping[str, str] | None = None) -> Path:
    """Write a `.venv` that looks like one with these packages, by name and version; return its site-packages."""
    minor = ".".join(version.split(".")[:2])
    site = folder / ".venv" / "lib" / f"python{minor}" / "site-packages"
    site.mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir()
    (folder / ".venv" / "bin" / f"python{minor}").touch(mode=0o755)
    (folder / ".venv" / "bin" / "python").symlink_to(f"python{minor}")
    (folder / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    for name, number in (packages or {}).items():
        info = site / f"{name}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n\nText\n")
        (info / "INSTALLER").write_text("pip\n")
    return site


def start(*args: str, at: Path) -> subprocess.Popen[str]:
    """Start the tool in a process of its own, without a terminal; its progress can be read from stderr."""
    command = [sys.executable, "-m", "new_ops_project", *args]
    return subprocess.Popen(
        command,
        cwd=at,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
