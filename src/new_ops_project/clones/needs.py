"""What a repository asks of a machine: which Python, which packages, and whether it is a package itself."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.clones import uv_lock as uvlock
from new_ops_project.clones.requirements import Pin, Requirements, parse_pin, read_requirements
from new_ops_project.formats import document, python_version
from new_ops_project.formats.document import Document
from new_ops_project.formats.setuptools import keywords

# Each group gives at most one file; what another one holds already is left out.
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
_READ = ("pyproject.toml", "setup.py", "setup.cfg", ".python-version", ".tool-versions", "runtime.txt")
_OTHER_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True)
class RequiredPython:
    """The Python that is asked for. `minor`: "3.12", '' where a range or nothing is named; `where`: what names it."""

    minor: str
    specifier: str
    where: str

    def is_met_by(self, version: str) -> bool:
        """Whether an environment with this version ("3.12.1") will do."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        if self.minor:
            return version.split(".")[:2] == self.minor.split(".")
        try:
            return SpecifierSet(self.specifier).contains(version, prereleases=True)
        except InvalidSpecifier:
            return True

    @property
    def name(self) -> str:
        """What to call it."""
        return f"Python {self.minor}" if self.minor else f"Python {self.specifier}" if self.specifier else "any Python"


@dataclass(frozen=True)
class Needs:
    """What the repository in `folder` asks for; with `reads_uv`, uv.lock counts."""

    folder: Path
    reads_uv: bool = True

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The files that say what is needed, by name."""
        return {name: (self.folder / name).read_bytes() for name in _READ if (self.folder / name).is_file()}

    @cached_property
    def pyproject(self) -> Document:
        """pyproject.toml; raises ToolError for one that does not parse."""
        found = document.toml(self.files, "pyproject.toml")
        if found.problem:
            raise ToolError(f"{found.problem}.", "Mend that line; `git log -p pyproject.toml` has its history.")
        return found

    @cached_property
    def python(self) -> RequiredPython:
        """.python-version and its like first, then requires-python."""
        pinned = next(iter(python_version.pinned(self.files)), None)
        if pinned:
            return RequiredPython(pinned.minor, f"=={pinned.minor}.*", pinned.where)
        places = (("project", "requires-python"), ("tool", "poetry", "dependencies", "python"))
        found = next((keys for keys in places if self.pyproject.string(*keys)), None)
        if found:
            text = _pep440(self.pyproject.string(*found))
            return RequiredPython(_exact(text), text, self.pyproject.where(*found))
        text = keywords.read(self.files).string("python_requires")
        return RequiredPython(_exact(text), text, "setup.cfg or setup.py") if text else RequiredPython("", "", "")

    @cached_property
    def is_package(self) -> bool:
        """Whether the repository itself can be installed."""
        names_itself = "[metadata]" in document.decoded(self.files.get("setup.cfg", b""))
        return "build-system" in self.pyproject.data or "setup.py" in self.files or names_itself

    @property
    def name(self) -> str:
        """The canonical name of the distribution; '' where none is known without building it."""
        from packaging.utils import canonicalize_name

        said = self.pyproject.string("project", "name") or self.pyproject.string("tool", "poetry", "name")
        return canonicalize_name(said or keywords.read(self.files).string("name"))

    @cached_property
    def uv_lock(self) -> Document:
        """uv.lock, where it is what pins: a requirements-dev.txt comes before it."""
        path = self.folder / "uv.lock"
        if not self.reads_uv or not path.is_file() or (self.folder / _LOCKS[0][0]).is_file():
            return Document("")
        return document.toml({"uv.lock": path.read_bytes()}, "uv.lock")

    @cached_property
    def requirements(self) -> tuple[Requirements, ...]:
        """The requirements files to install, which together hold everything that is pinned."""
        if self.uv_lock.path:
            return ()
        paths = [next((path for path in group if (self.folder / path).is_file()), "") for group in _LOCKS]
        others = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob("requirements/*.txt"))
        if not any(paths) and len(others) == 1:
            paths = others
        chosen: list[Requirements] = []
        for path in filter(None, paths):
            one = read_requirements(self.folder, path)
            if not any(one.is_held_by(more) for more in chosen):
                chosen.append(one)
        return tuple(chosen)

    @property
    def lock(self) -> str:
        """What the packages are taken from, for people."""
        return " and ".join(one.path for one in self.requirements) or self.uv_lock.path or "pyproject.toml"

    @property
    def has_lock(self) -> bool:
        """Whether anything but the project's own metadata says which packages it needs."""
        return bool(self.requirements or self.uv_lock.path)

    @property
    def foreign_lock(self) -> str:
        """The lock of a tool that is not used here, where nothing else pins; or ''."""
        unread = () if self.has_lock else _OTHER_LOCKS
        return next((name for name in unread if (self.folder / name).is_file()), "")

    @property
    def is_hashed(self) -> bool:
        """Whether every pin has a hash."""
        pins = [pin for one in self.requirements for pin in one.pins]
        return bool(self.uv_lock.path) or (bool(pins) and all(pin.is_hashed for pin in pins))

    def pins(self, environment: Mapping[str, str]) -> tuple[Pin, ...]:
        """What is to be installed in an environment (the variables of PEP 508)."""
        if self.uv_lock.path:
            return uvlock.pins(self.uv_lock, self.pyproject, environment)
        listed = [pin for one in self.requirements for pin in one.pins] if self.requirements else self.declared
        return tuple(pin for pin in listed if pin.applies(environment))

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """What pyproject.toml asks for beside the package itself, where there is no lock: requirements of PEP 508."""
        groups = self.pyproject.table("dependency-groups")
        found = list(_group(groups, "dev" if "dev" in groups else "test", ()))
        if not self.is_package:
            found += self.pyproject.strings("project", "dependencies")
            for one in self.extras:
                found += self.pyproject.strings("project", "optional-dependencies", one)
        return tuple(found)

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras that are for development, by their names."""
        offered = self.pyproject.table("project", "optional-dependencies")
        return tuple(name for name in _EXTRAS if name in offered)

    @property
    def declared(self) -> tuple[Pin, ...]:
        """The requirements of pyproject.toml as pins, those of the package and its extras for development included."""
        texts = [*self.pyproject.strings("project", "dependencies"), *self.loose]
        for name in self.extras:
            texts += self.pyproject.strings("project", "optional-dependencies", name)
        return tuple(dict.fromkeys(pin for text in texts if (pin := parse_pin(text))))

    @property
    def backend(self) -> tuple[Pin, ...]:
        """What builds the package (PEP 517)."""
        listed = self.pyproject.strings("build-system", "requires") or ["setuptools"]
        return tuple(pin for text in listed if (pin := parse_pin(text)))

    @property
    def digest(self) -> str:
        """A digest of everything that decides what is installed."""
        state = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            state.update(f"{name}\0{len(content)}\0".encode() + content)
        for one in self.requirements:
            for path, text in one.texts.items():
                state.update(f"{path}\0{text}\0".encode())
        return (
            state.hexdigest()
            if not self.uv_lock.path
            else hashlib.sha256(state.digest() + self.uv_lock.text.encode()).hexdigest()
        )


def read_needs(folder: Path, *, reads_uv: bool = True) -> Needs:
    """What the repository in `folder` asks for; raises ToolError for a folder that asks for nothing."""
    needs = Needs(folder, reads_uv)
    if not needs.files.keys() & {"pyproject.toml", "setup.py", "setup.cfg"} and not needs.requirements:
        message = f"{folder} has neither pyproject.toml nor requirements.txt."
        raise ToolError(message, "Give the PATH of a Python project.")
    return needs


def _exact(specifier: str) -> str:
    """The minor that a specifier names alone: ==3.12.*, ==3.12.4 or ~=3.12.0; '' for a range."""
    found = re.fullmatch(r"(?:===?|~=)\s*(3\.\d+)(?:\.(\d+|\*))?", specifier.strip())
    return found[1] if found and not (specifier.strip().startswith("~=") and found[2] is None) else ""


def _pep440(text: str) -> str:
    """Poetry's ^3.11 and ~3.11 as PEP 440 has them; anything else as it is."""
    if found := re.fullmatch(r"([\^~])\s*(\d+)\.(\d+)(\.\d+)?", text.strip()):
        return f">={found[2]}.{found[3]}{found[4] or ''}," + ("<4" if found[1] == "^" else f"=={found[2]}.{found[3]}.*")
    return text


def _group(groups: Mapping[str, object], name: str, seen: tuple[str, ...]) -> Iterator[str]:
    """The requirements of a dependency group with those that it includes (PEP 735)."""
    listed = groups.get(name)
    for item in listed if isinstance(listed, list) and name not in seen else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
            yield from _group(groups, item["include-group"], (*seen, name))
