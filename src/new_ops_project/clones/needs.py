"""What a repository needs on a machine, read from its files."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from packaging.specifiers import SpecifierSet

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.clones import pins
from new_ops_project.clones.pins import Pin
from new_ops_project.formats import document, locks, python_version
from new_ops_project.formats.document import Document
from new_ops_project.formats.locks import Lock
from new_ops_project.formats.requirements import groups, reader
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.requirements.reader import RequirementEntry, RequirementsFile
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
_NEWEST, _OLDEST = 20, 8  # minor versions of Python 3 to look for
_READ = (_PYPROJECT, "setup.py", "setup.cfg", ".python-version", ".tool-versions", "runtime.txt")


@dataclass(frozen=True)
class RequiredPython:
    """The Python that a repository needs. `minor`: such as "3.12"; '' for a range or none. `where`: what names it."""

    minor: str
    specifier: str
    where: str

    def is_met_by(self, version: str) -> bool:
        """Whether an environment with this version (such as "3.12.1") is suitable."""
        try:
            return SpecifierSet(self.specifier).contains(version, prereleases=True)
        except ValueError:
            return True

    @property
    def minors(self) -> list[str]:
        """The minor versions that it allows, if only by one patch release, newest first."""
        candidates = (f"3.{number}" for number in range(_NEWEST, _OLDEST - 1, -1))
        return [minor for minor in candidates if any(self.is_met_by(f"{minor}.{patch}") for patch in range(60))]

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
        bounds = python_version.required(self.pyproject, keywords.read(self.files))
        text, where = next((bound for bound in bounds if bound[0]), ("", ""))
        minor = pinned.minor if pinned else python_version.only_minor(text)
        return RequiredPython(minor, f"=={minor}.*" if minor else _pep440(text), pinned.where if pinned else where)

    @cached_property
    def is_package(self) -> bool:
        """Whether the repository itself can be installed."""
        names_itself = "[metadata]" in document.decoded(self.files.get("setup.cfg", b""))
        return "build-system" in self.pyproject.data or "setup.py" in self.files or names_itself

    @cached_property
    def uv_lock(self) -> Lock | None:
        """uv.lock; None if it does not count, because there is a requirements-dev.txt, which takes precedence."""
        content = self._load(locks.UV.path) if self.reads_uv and self._load(_LOCKS[0][0]) is None else None
        return None if content is None else locks.read({locks.UV.path: content}, locks.UV)

    @cached_property
    def requirements(self) -> Mapping[str, tuple[RequirementsFile, ...]]:
        """The requirements files to install, which together pin everything, by path; none if uv.lock counts.

        Each is followed by those that it includes; constraints do not count.
        """
        if self.uv_lock:
            return {}
        reading.require_regular(self.folder / path for path in chain(*_LOCKS))
        paths = [next((path for path in group if (self.folder / path).is_file()), "") for group in _LOCKS]
        others = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob("requirements/*.txt"))
        if not any(paths) and len(others) == 1:
            paths = others
        chosen: dict[str, tuple[RequirementsFile, ...]] = {}
        for path in filter(None, paths):
            files = reader.with_included(self._load, path)
            if not any(_is_covered(files, earlier) for earlier in chosen.values()):
                chosen[path] = files
        return chosen

    @property
    def _entries(self) -> list[RequirementEntry]:
        """The entries of the requirements files that name their package."""
        return [entry for file in chain(*self.requirements.values()) for entry in file.entries if entry.name]

    @property
    def lock(self) -> str:
        """Which files the packages come from, in words for people."""
        return locks.UV.path if self.uv_lock else " and ".join(self.requirements) or _PYPROJECT

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
        return bool(self.uv_lock or self._entries) and all(entry.is_hashed for entry in self._entries)

    def pins(self, environment: Mapping[str, str]) -> tuple[Pin, ...]:
        """What has to be installed in an environment, given as the variables of PEP 508."""
        if self.uv_lock:
            return pins.of_uv_lock(self.uv_lock, self.pyproject, environment)
        listed = _parsed(entry.text for entry in self._entries) if self.requirements else self.declared
        return tuple(pin for pin in listed if pin.applies(environment))

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """The requirements (PEP 508) of pyproject.toml that do not come with the package itself.

        These are those of a dependency group; without a package, also its dependencies and its extras for development.
        """
        offered = {canonical_name(name) for name in self.pyproject.table(groups.TABLE)}
        group = next((name for name in ("dev", "test") if name in offered), "")
        return (*(groups.resolve(self.pyproject, group) if group else ()), *(() if self.is_package else self._own))

    @property
    def _own(self) -> list[str]:
        """The dependencies of the project and its extras for development."""
        extras = (self.pyproject.strings("project", "optional-dependencies", extra) for extra in self.extras)
        return [*self.pyproject.strings("project", "dependencies"), *chain(*extras)]

    @property
    def extras(self) -> tuple[str, ...]:
        """The names of the extras that are for development."""
        offered = self.pyproject.table("project", "optional-dependencies")
        return tuple(name for name in _EXTRAS if name in offered)

    @property
    def declared(self) -> tuple[Pin, ...]:
        """All requirements of pyproject.toml as pins, including those of the package and its extras for development."""
        return _parsed([*self._own, *self.loose])

    @property
    def backend(self) -> tuple[Pin, ...]:
        """The requirements for building the package (PEP 518)."""
        return _parsed(self.pyproject.strings("build-system", "requires") or ["setuptools"])

    @property
    def digest(self) -> str:
        """A digest of everything that decides what is installed."""
        included = (reader.with_included(self._load, path, constraints=True) for path in self.requirements)
        texts = [(file.path, file.text) for file in chain(*included)]
        lock = self.uv_lock.data.text if self.uv_lock else ""
        return hashlib.sha256(repr((sorted(self.files.items()), texts, lock)).encode()).hexdigest()

    def _load(self, path: str) -> bytes | None:
        """The content of a file, by its path in the repository; None if there is none."""
        return reading.read_if_there(self.folder / path)


def _is_covered(files: tuple[RequirementsFile, ...], others: tuple[RequirementsFile, ...]) -> bool:
    """Whether others install all of a file: they include it, or list the same packages."""
    listed = {entry.name for file in others for entry in file.entries if entry.name}
    return files[0] in others or all(entry.name in listed for file in files for entry in file.entries)


def _parsed(texts: Iterable[str]) -> tuple[Pin, ...]:
    """The pins in requirements (PEP 508), each once."""
    return tuple(dict.fromkeys(pin for text in texts if (pin := pins.parse(text))))


def _pep440(text: str) -> str:
    """Poetry's ^3.11 or ~3.11 as a specifier of PEP 440; anything else unchanged."""
    if match := re.fullmatch(r"([\^~])\s*(\d+)\.(\d+)(\.\d+)?", text.strip()):
        return f">={match[2]}.{match[3]}{match[4] or ''}," + ("<4" if match[1] == "^" else f"=={match[2]}.{match[3]}.*")
    return text
