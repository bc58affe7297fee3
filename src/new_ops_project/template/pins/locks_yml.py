"""The format of templates/locks.yml, one universal resolution of all packages in pins.yml."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from new_ops_project.base.errors import ToolError
from new_ops_project.template import installation
from new_ops_project.template.pins.pins_yml import load

NAME = "locks.yml"

_SHIPPED = installation.DATA / NAME

HEADER = """\
# One universal, hashed resolution of all that pins.yml names. By `new-ops-project template pins --write`; don't edit.
# closures: what each direct requirement needs, with the environment marker (PEP 508), empty where it is always needed.
# modules: the top-level import names. hashes: one a line, because YAML reads one string much faster than a list.
locks:
  type: yaml
  when: false
  default:
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
    checkout = installation.editable_checkout()
    return read(checkout / "templates" / NAME if checkout else _SHIPPED)


def read(path: Path) -> Locks:
    """The locks in the file, empty ones if there is none yet; raises ToolError for a file that cannot be parsed."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Locks()
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        hint = "This command writes it: delete it, then run this again."
        raise ToolError(f"{path} cannot be read ({reason}).", hint) from error


def parse(text: str) -> Locks:
    """The locks in the text of a file."""
    default = load(text)["locks"]["default"]
    packages = {
        name: ResolvedPackage(row["version"], tuple(row["modules"].split()), tuple(row["hashes"].split()))
        for name, row in (default["packages"] or {}).items()
    }
    return Locks(default["python"], default["closures"] or {}, packages)


def render(locks: Locks) -> str:
    """The text of locks.yml: sorted, so that the same resolution gives the same bytes."""
    lines = [
        f"    python: {_quoted(locks.python)}",
        "    closures:",
        *(_closure_line(name, locks.closures[name]) for name in sorted(locks.closures)),
        "    packages:",
        *(_package_lines(name, locks.packages[name]) for name in sorted(locks.packages)),
    ]
    return HEADER + "\n".join(lines) + "\n"


def _closure_line(name: str, closure: Mapping[str, str]) -> str:
    """One closure as a flow mapping, on one line."""
    members = ", ".join(f"{plain(member)}: {_quoted(closure[member])}" for member in sorted(closure))
    return f"      {plain(name)}: {{{members}}}"


def _package_lines(name: str, package: ResolvedPackage) -> str:
    """One package, its hashes as a literal block."""
    modules = plain(" ".join(package.modules))
    fields = (f"version: {_quoted(package.version)}", f"modules: {modules}", "hashes: |")
    lines = (*(f"        {field}" for field in fields), *(f"          {each}" for each in package.hashes))
    return "\n".join((f"      {plain(name)}:", *lines))


def plain(text: str) -> str:
    """A name, quoted only if YAML would not read it as a text, such as `on` or `3`."""
    return text if yaml.safe_load(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    """A value, quoted: a JSON string is a YAML string too."""
    return json.dumps(text) if text else "''"
