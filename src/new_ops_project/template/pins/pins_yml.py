"""The reader of templates/pins.yml, which has every version that a template writes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template import installation

NAME = "pins.yml"

_SHIPPED = installation.DATA / NAME


@dataclass(frozen=True)
class Action:
    """A GitHub action: the tag of its release, and the commit (40 hex digits) that the tag points to."""

    version: str
    sha: str


@dataclass(frozen=True)
class PythonPin:
    """A Python minor that is offered: its newest patch, and the month (YYYY-MM) in which its support ends."""

    newest_patch: str
    end_of_life: str


@dataclass(frozen=True)
class OfferedPackage:
    """A package that the template names: its lower bound, and the package with its types for mypy, or ''."""

    at_least: str
    stubs: str = ""


@dataclass(frozen=True)
class Container:
    """The base image of Dockerfiles: `image:MINOR-variant`."""

    image: str
    variant: str


@dataclass(frozen=True)
class Pins:
    """Every version that the template writes, by name.

    `pythons` and `ended` are keyed by minor, such as 3.14; `ended` gives the month (YYYY-MM) of the end.
    `actions` are keyed as in `uses:`, packages as in PEP 503.
    """

    actions: Mapping[str, Action]
    runners: tuple[str, ...]
    default_python: str
    pythons: Mapping[str, PythonPin]
    ended: Mapping[str, str]
    container: Container
    dependencies: Mapping[str, OfferedPackage]
    tools: Mapping[str, OfferedPackage]

    @property
    def packages(self) -> Mapping[str, OfferedPackage]:
        """Dependencies and tools, all that locks.yml is resolved from."""
        return {**self.dependencies, **self.tools}


def shipped() -> Pins:
    """The pins of the embedded template; in an editable install, those of the checkout."""
    checkout = installation.editable_checkout()
    return read(checkout / "templates" / NAME if checkout else _SHIPPED)


def read(path: Path) -> Pins:
    """The pins in the file; raises ToolError when it cannot be read or is incomplete."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"The pins in {path} cannot be read: {error}.", "Check that the file is there.") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ToolError(f"The pins in {path} are not as expected ({reason}).", "Fix that file first.") from error


def parse(text: str) -> Pins:
    """The pins in the text of a file.

    Raises yaml.YAMLError, or KeyError, TypeError, ValueError or AttributeError for a missing or invalid value.
    """
    default = load(text)["pins"]["default"]
    python = default["python"]
    return Pins(
        {name: Action(str(row["version"]), str(row["sha"])) for name, row in default.get("actions", {}).items()},
        tuple(default.get("runners", ())),
        str(python.get("default", "")),
        {str(minor): _python(str(minor), row) for minor, row in python["versions"].items()},
        {str(minor): str(month) for minor, month in (python.get("ended") or {}).items()},
        Container(*(str(default.get("container", {}).get(name, "")) for name in ("image", "variant"))),
        _requirements(default["dependencies"]),
        _requirements(default["tools"]),
    )


def load(text: str) -> Any:
    """The data in a YAML text, read with libyaml if PyYAML has it; raises yaml.YAMLError."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way


def minor(version: str) -> tuple[int, ...]:
    """The numbers of a Python version, which sort as versions do: 3.9 before 3.10."""
    return tuple(int(part) for part in version.split("."))


def _python(name: str, row: Mapping[str, Any]) -> PythonPin:
    patch, end = str(row.get("newest_patch", name)), str(row.get("end_of_life", "9999-12"))
    if minor(patch)[:2] != minor(name) or not re.fullmatch(r"\d{4}-\d{2}", end):
        raise ValueError(f"Python {name}: {patch}, {end}")
    return PythonPin(patch, end)


def _requirements(table: Mapping[str, Any]) -> dict[str, OfferedPackage]:
    return {
        canonical_name(name): OfferedPackage(str(row["at_least"]), row.get("stubs", "")) for name, row in table.items()
    }
