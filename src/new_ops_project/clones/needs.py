"""What a repository needs on a machine, read from its files."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from new_ops_project.base.errors import ToolError
from new_ops_project.clones import uv_lock
from new_ops_project.clones.requirements import Pin, Requirements, parse_pin
from new_ops_project.formats import document, locks, python_version
from new_ops_project.formats.document import Document
from new_ops_project.formats.locks import Lock
from new_ops_project.formats.requirements import groups, reader
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.setuptools import keywords

# The first existing file of each group counts, unless a file of an earlier group covers it.
_LOCKS = (
    (
        "requirements-dev.txt",
        "requirements_dev.txt",
        "dev-requirements.txt",
        "requirements.dev.txt",
        "requirements/dev.txt",
        "requirements/development.txt",
        "requirements/local.txt",
    ),
    (
        "requirements-test.txt",
        "requirements-tests.txt",
        "test-requirements.txt",
        "requirements/test.txt",
        "requirements/tests.txt",
        "requirements/testing.txt",
    ),
    (
        "requirements.txt",
        "requirements/base.txt",
        "requirements/main.txt",
        "requirements/requirements.txt",
        "requirements/common.txt",
        "requirements/prod.txt",
        "requirements/production.txt",
    ),
)
_EXTRAS = ("dev", "test", "tests", "testing")
_PYPROJECT = "pyproject.toml"
_READ = (_PYPROJECT, "setup.py", "setup.cfg", ".python-version", ".tool-versions", "runtime.txt")


@dataclass(frozen=True)
class RequiredPython:
    """The Python that a repository needs. `minor`: such as "3.12"; '' for a range or none. `where`: what names it."""

    minor: str
    specifier: str
    where: str

    def is_met_by(self, version: str) -> bool:
        """Whether an environment with this version (such as "3.12.1") is suitable."""
        if self.minor:
            return version.split(".")[:2] == self.minor.split(".")
        try:
            return SpecifierSet(self.specifier).contains(version, prereleases=True)
        except InvalidSpecifier:
            return True

    @property
    def name(self) -> str:
        """Its name in messages."""
        return f"Python {self.minor}" if self.minor else f"Python {self.specifier}" if self.specifier else "any Python"


@dataclass(frozen=True)
class Needs:
    """What the repository in `folder` needs. `reads_uv`: whether uv.lock counts, which only uv can install."""

    folder: Path
    reads_uv: bool = True

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The contents of the files that say what is needed, by name."""
        return {name: content for name in _READ if (content := self._load(name)) is not None}

    @cached_property
    def pyproject(self) -> Document:
        """pyproject.toml; raises ToolError if it does not parse."""
        pyproject = document.toml(self.files, _PYPROJECT)
        if pyproject.problem:
            raise ToolError(f"{pyproject.problem}.", "Fix that line; `git log -p pyproject.toml` shows its history.")
        return pyproject

    @cached_property
    def python(self) -> RequiredPython:
        """The Python that .python-version or a similar file names, otherwise requires-python."""
        pinned = next(iter(python_version.pinned(self.files)), None)
        if pinned:
            return RequiredPython(pinned.minor, f"=={pinned.minor}.*", pinned.where)
        bounds = python_version.required(self.pyproject, keywords.read(self.files))
        text, where = next((bound for bound in bounds if bound[0]), ("", ""))
        return RequiredPython(python_version.only_minor(text), _pep440(text), where)

    @cached_property
    def is_package(self) -> bool:
        """Whether the repository itself can be installed."""
        names_itself = "[metadata]" in document.decoded(self.files.get("setup.cfg", b""))
        return "build-system" in self.pyproject.data or "setup.py" in self.files or names_itself

    @property
    def name(self) -> str:
        """The canonical name of the package; '' if it is not known without building it."""
        name = self.pyproject.string("project", "name") or self.pyproject.string("tool", "poetry", "name")
        return canonical_name(name or keywords.read(self.files).string("name"))

    @cached_property
    def uv_lock(self) -> Lock | None:
        """uv.lock; None if it does not count, because there is a requirements-dev.txt, which takes precedence."""
        content = self._load(locks.UV.path) if self.reads_uv and self._load(_LOCKS[0][0]) is None else None
        return None if content is None else locks.read({locks.UV.path: content}, locks.UV)

    @cached_property
    def requirements(self) -> tuple[Requirements, ...]:
        """The requirements files to install, which together pin everything; none if uv.lock counts."""
        if self.uv_lock:
            return ()
        paths = [next((path for path in group if (self.folder / path).is_file()), "") for group in _LOCKS]
        others = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob("requirements/*.txt"))
        if not any(paths) and len(others) == 1:
            paths = others
        chosen: list[Requirements] = []
        for path in filter(None, paths):
            requirements = Requirements(reader.with_included(self._load, path))
            if not any(requirements.is_covered_by(earlier) for earlier in chosen):
                chosen.append(requirements)
        return tuple(chosen)

    @property
    def lock(self) -> str:
        """Which files the packages come from, in words for people."""
        return locks.UV.path if self.uv_lock else " and ".join(each.path for each in self.requirements) or _PYPROJECT

    @property
    def has_lock(self) -> bool:
        """Whether a lock says which packages are needed, rather than only the project's metadata."""
        return bool(self.requirements or self.uv_lock)

    @property
    def foreign_lock(self) -> str:
        """The lock of a tool that is not used here, if it is the only lock; otherwise ''."""
        kinds = () if self.has_lock else locks.FORMATS
        return next((kind.path for kind in kinds if (self.folder / kind.path).is_file()), "")

    @property
    def is_hashed(self) -> bool:
        """Whether every pin has a hash."""
        pins = [pin for file in self.requirements for pin in file.pins]
        return bool(self.uv_lock) or (bool(pins) and all(pin.is_hashed for pin in pins))

    def pins(self, environment: Mapping[str, str]) -> tuple[Pin, ...]:
        """What has to be installed in an environment, given as the variables of PEP 508."""
        if self.uv_lock:
            return uv_lock.pins(self.uv_lock, self.pyproject, environment)
        pins = [pin for file in self.requirements for pin in file.pins] if self.requirements else self.declared
        return tuple(pin for pin in pins if pin.applies(environment))

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """The requirements (PEP 508) of pyproject.toml that do not come with the package itself.

        These are those of a dependency group; without a package, also its dependencies and its extras for development.
        """
        offered = {canonical_name(name) for name in self.pyproject.table(groups.TABLE)}
        group = next((name for name in ("dev", "test") if name in offered), "")
        requirements = [*groups.resolve(self.pyproject, group)] if group else []
        if not self.is_package:
            requirements += self.pyproject.strings("project", "dependencies")
            for extra in self.extras:
                requirements += self.pyproject.strings("project", "optional-dependencies", extra)
        return tuple(requirements)

    @property
    def extras(self) -> tuple[str, ...]:
        """The names of the extras that are for development."""
        offered = self.pyproject.table("project", "optional-dependencies")
        return tuple(name for name in _EXTRAS if name in offered)

    @property
    def declared(self) -> tuple[Pin, ...]:
        """All requirements of pyproject.toml as pins, including those of the package and its extras for development."""
        texts = [*self.pyproject.strings("project", "dependencies"), *self.loose]
        for name in self.extras:
            texts += self.pyproject.strings("project", "optional-dependencies", name)
        return tuple(dict.fromkeys(pin for text in texts if (pin := parse_pin(text))))

    @property
    def backend(self) -> tuple[Pin, ...]:
        """The requirements for building the package (PEP 518)."""
        requirements = self.pyproject.strings("build-system", "requires") or ["setuptools"]
        return tuple(pin for text in requirements if (pin := parse_pin(text)))

    @property
    def digest(self) -> str:
        """A digest of everything that decides what is installed."""
        state = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            state.update(f"{name}\0{len(content)}\0".encode() + content)
        for each in self.requirements:
            for file in reader.with_included(self._load, each.path, constraints=True):
                state.update(f"{file.path}\0{file.text}\0".encode())
        state.update(self.uv_lock.data.text.encode() if self.uv_lock else b"")
        return state.hexdigest()

    def _load(self, path: str) -> bytes | None:
        """The content of a file, by its path in the repository; None if there is none."""
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None


def read_needs(folder: Path, *, reads_uv: bool = True) -> Needs:
    """What the repository in `folder` needs; raises ToolError if the folder is not a Python project."""
    needs = Needs(folder, reads_uv)
    if not needs.files.keys() & {_PYPROJECT, "setup.py", "setup.cfg"} and not needs.requirements:
        message = f"{folder} has neither pyproject.toml nor requirements.txt."
        raise ToolError(message, "Give the PATH of a Python project.")
    return needs


def _pep440(text: str) -> str:
    """Poetry's ^3.11 or ~3.11 as a specifier of PEP 440; anything else unchanged."""
    if match := re.fullmatch(r"([\^~])\s*(\d+)\.(\d+)(\.\d+)?", text.strip()):
        return f">={match[2]}.{match[3]}{match[4] or ''}," + ("<4" if match[1] == "^" else f"=={match[2]}.{match[3]}.*")
    return text
