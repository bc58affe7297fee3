"""A `.venv` as it is on disk, read without running anything in it."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.parser import HeaderParser
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.markers import default_environment

from new_ops_project.clones import venv_marker
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template import installation

NAME = ".venv"


class VenvState(StrEnum):
    """What is at the path of the environment."""

    ABSENT = "absent"
    FILE = "a file"
    LINK = "a symbolic link"
    OTHER = "a folder, but no environment"
    BROKEN = "broken"
    UNFINISHED = "unfinished"
    READY = "ready"


@dataclass(frozen=True)
class InstalledPackage:
    """An installed package. `folder`: its `.dist-info`; `editable`: the folder it is installed from in place, or ''.

    `is_whole`: whether its installation was completed; the installer writes its own name last. `needs`: the names of
    the packages that it may require.
    """

    name: str
    version: str
    folder: Path
    editable: str
    is_whole: bool
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Venv:
    """The environment at `path`. `version`: of its Python, such as "3.12.1", or ''; `why`: what is wrong, or ''."""

    path: Path
    state: VenvState
    version: str = ""
    why: str = ""

    @property
    def minor(self) -> str:
        """The minor version of its Python, such as "3.12", or ''."""
        return ".".join(self.version.split(".")[:2])

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return python_of(self.path)

    @cached_property
    def packages(self) -> Mapping[str, InstalledPackage]:
        """The installed packages, by canonical name."""
        return {package.name: package for package in _packages(self.path, self.minor)}

    @property
    def environment(self) -> dict[str, str]:
        """The variables of PEP 508 for its Python, found out without running it; for ours if it has none."""
        full = self.version
        own = {"python_version": self.minor, "python_full_version": full, "implementation_version": full}
        own = own if full else {}
        return {**{name: str(value) for name, value in default_environment().items()}, **own}

    def command(self, name: str) -> Path | None:
        """The path of a command that is installed in it, if it is."""
        path = self.python.with_name(f"{name}.exe" if os.name == "nt" else name)
        return path if path.is_file() else None


def python_of(venv: Path) -> Path:
    """The path of the interpreter in a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_venv(folder: Path) -> Venv:
    """The environment at `folder`/.venv, in whatever state it is."""
    path = folder / NAME
    if path.is_symlink():
        return Venv(path, VenvState.LINK, why=f"it is a symbolic link to {os.readlink(path)}")  # noqa: PTH115 - unchanged
    if path.is_dir():
        return _in_folder(path)
    return Venv(path, VenvState.FILE, why="it is a file") if path.exists() else Venv(path, VenvState.ABSENT)


def _in_folder(path: Path) -> Venv:
    version = _version(path)
    if venv_marker.is_unfinished(path):
        return Venv(path, VenvState.UNFINISHED, version, _broken(path, version))
    if not (path / "pyvenv.cfg").is_file():
        empty = not any(path.iterdir())
        return Venv(path, VenvState.ABSENT if empty else VenvState.OTHER, why="" if empty else "it has no pyvenv.cfg")
    if why := _broken(path, version):
        return Venv(path, VenvState.BROKEN, version, why)
    return Venv(path, VenvState.READY, version)


def _version(path: Path) -> str:
    """The version in pyvenv.cfg: venv writes it as `version`, uv and virtualenv as `version_info`."""
    try:
        text = (path / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    match = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)", text, re.MULTILINE)
    return match[1] if match else ""


def _broken(path: Path, version: str) -> str:
    """Why an environment does not work, judged by its files; '' if it should."""
    python = python_of(path)
    if not version:
        return "its pyvenv.cfg names no version"
    if not python.exists():
        target = f", a link to {python.resolve()}, which is gone" if python.is_symlink() else ""
        return f"it has no {python.relative_to(path.parent).as_posix()}{target}"
    if not os.access(python, os.X_OK):
        return f"{python.relative_to(path.parent).as_posix()} cannot be run"
    minor = ".".join(version.split(".")[:2])
    match = re.fullmatch(r"python(3\.\d+)", python.resolve().name)
    if match and match[1] != minor:  # a link to the system's python3, which has been upgraded
        return f"it was made with Python {minor}, and its python is now {match[1]}"
    return "" if _site_packages(path, minor).is_dir() else "it has no site-packages"


def _site_packages(path: Path, minor: str) -> Path:
    return path / ("Lib/site-packages" if os.name == "nt" else f"lib/python{minor}/site-packages")


def _packages(path: Path, minor: str) -> Iterator[InstalledPackage]:
    for info in _infos(path, minor):
        with suppress(OSError):
            head = (info / "METADATA").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
            metadata = HeaderParser().parsestr(head, headersonly=True)
            if metadata["Name"] and metadata["Version"]:
                name, version = str(metadata["Name"]), str(metadata["Version"])
                is_whole = (info / "INSTALLER").is_file()
                matches = (re.match(r"[\w.-]+", str(text)) for text in metadata.get_all("Requires-Dist", ()))
                needs = tuple(canonical_name(match[0]) for match in matches if match)
                yield InstalledPackage(canonical_name(name), version, info, _editable(info), is_whole, needs)


def _infos(path: Path, minor: str) -> list[Path]:
    return sorted(_site_packages(path, minor).glob("[!~]*.dist-info"))


def _editable(info: Path) -> str:
    """The folder that direct_url.json (PEP 610) gives for an installation in place, or ''."""
    file = info / "direct_url.json"
    origin = installation.direct_url(file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "")
    url, about = urlsplit(origin.get("url", "")), origin.get("dir_info")
    is_editable = isinstance(about, dict) and about.get("editable")
    return url2pathname(unquote(url.path)) if is_editable and url.scheme == "file" else ""


def remove_interrupted(venv: Venv) -> None:
    """Remove the metadata of packages whose installation was interrupted, so that they are installed again."""
    for info in _infos(venv.path, venv.minor):
        if not (info / "INSTALLER").is_file() or not (info / "METADATA").is_file():
            shutil.rmtree(info)
