"""A `.venv` as it is on disk, read without running anything in it."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.markers import default_environment

from new_ops_project.clones import venv_marker
from new_ops_project.clones.text_file import text_of
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template import installation

NAME = ".venv"


class VenvState(StrEnum):
    """What is at the path of the environment."""

    ABSENT = "absent"
    FILE = "a file"
    BROKEN = "broken"
    UNFINISHED = "unfinished"
    READY = "ready"


@dataclass(frozen=True)
class InstalledPackage:
    """An installed package. `editable`: the folder it is installed from in place, or ''.

    `is_whole`: whether its installation was completed; the installer writes its own name last. `needs`: the names of
    the packages that it may require.
    """

    name: str
    version: str
    editable: str
    is_whole: bool
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Venv:
    """The environment at `path`, in whatever state it is when it is first asked for something."""

    path: Path

    @cached_property
    def state(self) -> VenvState:
        """What is at its path."""
        if not self.path.is_dir() and not self.path.is_symlink():
            return VenvState.FILE if self.path.exists() else VenvState.ABSENT
        if not self.path.is_symlink() and not any(self.path.iterdir()):
            return VenvState.ABSENT
        if venv_marker.is_unfinished(self.path) and not self.path.is_symlink():
            return VenvState.UNFINISHED
        return VenvState.BROKEN if self.why else VenvState.READY

    @cached_property
    def why(self) -> str:
        """Why it does not work, judged by its files; '' if it should."""
        return next(self._problems(), "")

    def _problems(self) -> Iterator[str]:
        if self.path.is_symlink():
            yield f"it is a symbolic link to {os.readlink(self.path)}"  # noqa: PTH115 - unchanged
        if not (self.path / "pyvenv.cfg").is_file():
            yield (
                "its pyvenv.cfg is no regular file"
                if os.path.lexists(self.path / "pyvenv.cfg")
                else "it has no pyvenv.cfg"
            )
        if not self.version:
            yield "its pyvenv.cfg names no version"
        target = self.python.resolve()
        shown = self.python.relative_to(self.path.parent).as_posix()
        if not self.python.exists():
            yield f"it has no {shown}{f', a link to {target}, which is gone' if self.python.is_symlink() else ''}"
        if not os.access(self.python, os.X_OK):
            yield f"{shown} cannot be run"
        match = re.fullmatch(r"python(3\.\d+)", target.name)
        if match and match[1] != self.minor:  # a link to the system's python3, which has been upgraded
            yield f"it was made with Python {self.minor}, and its python is now {match[1]}"
        if not self.site_packages.is_dir():
            yield "it has no site-packages"

    @cached_property
    def version(self) -> str:
        """The version of its Python, such as "3.12.1", or ''; venv writes it as `version`, uv as `version_info`."""
        file = self.path / "pyvenv.cfg"
        text = text_of(file) if file.is_file() else ""  # the state says what is wrong with a special file
        match = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)", text, re.MULTILINE)
        return match[1] if match else ""

    @property
    def minor(self) -> str:
        """The minor version of its Python, such as "3.12", or ''."""
        return ".".join(self.version.split(".")[:2])

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """The folder of its packages."""
        return self.path / ("Lib/site-packages" if os.name == "nt" else f"lib/python{self.minor}/site-packages")

    @property
    def infos(self) -> list[Path]:
        """The folders with the metadata of its packages."""
        return sorted(self.site_packages.glob("[!~]*.dist-info"))

    @cached_property
    def packages(self) -> Mapping[str, InstalledPackage]:
        """The installed packages, by canonical name."""
        return {package.name: package for package in map(_package, self.infos) if package}

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


def read_venv(folder: Path) -> Venv:
    """The environment at `folder`/.venv."""
    return Venv(folder / NAME)


def _package(info: Path) -> InstalledPackage | None:
    """The package with this metadata, if that can be read."""
    head = text_of(info / "METADATA").partition("\n\n")[0]
    metadata = HeaderParser().parsestr(head, headersonly=True)
    if not metadata["Name"] or not metadata["Version"]:
        return None
    matches = (re.match(r"[\w.-]+", str(text)) for text in metadata.get_all("Requires-Dist", ()))
    needs = tuple(canonical_name(match[0]) for match in matches if match)
    name, is_whole = canonical_name(str(metadata["Name"])), (info / "INSTALLER").is_file()
    return InstalledPackage(name, str(metadata["Version"]), _editable(info), is_whole, needs)


def _editable(info: Path) -> str:
    """The folder that direct_url.json (PEP 610) gives for an installation in place, or ''."""
    origin = installation.direct_url(text_of(info / "direct_url.json"))
    url, about = urlsplit(origin.get("url", "")), origin.get("dir_info")
    is_editable = isinstance(about, dict) and about.get("editable")
    return url2pathname(unquote(url.path)) if is_editable and url.scheme == "file" else ""
