"""The format of templates/locks.yml, one universal resolution of all packages in pins.yml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from new_ops_project.formats import yaml
from new_ops_project.template.pins import document

NAME = "locks.yml"

HEADER = """\
# One universal, hashed resolution of all that pins.yml names. By `new-ops-project template pins --write`; don't edit.
# closures: what each direct requirement needs, with the environment marker (PEP 508), empty where it is always needed.
# modules: the top-level import names. hashes: one a line, because YAML reads one string much faster than a list.
"""


@dataclass(frozen=True)
class ResolvedPackage:
    """One package of the lock: its version and hashes, and the top-level modules that it installs."""

    version: str
    modules: tuple[str, ...]
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Locks:
    """The content of locks.yml. `closures` maps each direct name to the packages it needs and their markers."""

    python: str = ""
    closures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    packages: Mapping[str, ResolvedPackage] = field(default_factory=dict)

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each package."""
        return {name: package.version for name, package in self.packages.items()}

    @property
    def modules(self) -> Mapping[str, tuple[str, ...]]:
        """The top-level modules of each package."""
        return {name: package.modules for name, package in self.packages.items()}


@cache
def shipped() -> Locks:
    """The locks of the embedded template; in an editable install, those of the checkout."""
    return read(document.shipped(NAME))


def read(path: Path) -> Locks:
    """The locks in the file, empty ones if there is none yet; raises ToolError for a file that cannot be parsed."""
    hint = "This command writes it: delete it, then run this again."
    return document.read(path, parse, hint) if path.exists() else Locks()


def parse(text: str) -> Locks:
    """The locks in the text of a file."""
    default = yaml.value(text)["locks"]["default"]
    packages = {
        name: ResolvedPackage(row["version"], tuple(row["modules"].split()), tuple(row["hashes"].split()))
        for name, row in (default["packages"] or {}).items()
    }
    return Locks(default["python"], default["closures"] or {}, packages)


def render(locks: Locks) -> str:
    """The text of locks.yml: sorted, so that the same resolution gives the same bytes."""
    packages = {name: _row(locks.packages[name]) for name in sorted(locks.packages)}
    closures = {name: dict(sorted(locks.closures[name].items())) for name in sorted(locks.closures)}
    default = {"python": locks.python, "closures": closures, "packages": packages}
    return HEADER + document.dump({"locks": {"type": "yaml", "when": False, "default": default}})


def _row(package: ResolvedPackage) -> dict[str, str]:
    hashes = "".join(f"{each}\n" for each in package.hashes)
    return {"version": package.version, "modules": " ".join(package.modules), "hashes": hashes}
