"""The format of templates/pins.yml, which has every version that a template writes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from new_ops_project.formats import yaml
from new_ops_project.template.pins import document
from new_ops_project.template.pins.comparison import PinEdit

NAME = "pins.yml"

_NORMALIZED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHECKED = re.compile(r"\b(Checked )\d{4}-\d{2}-\d{2}\b")


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


@cache
def shipped() -> Pins:
    """The pins of the embedded template; in an editable install, those of the checkout."""
    return read(document.shipped(NAME))


def read(path: Path) -> Pins:
    """The pins in the file; raises ToolError when it cannot be read or is incomplete."""
    return document.read(path, parse, "Fix that file first.")


def parse(text: str) -> Pins:
    """The pins in the text of a file.

    Raises KeyError, TypeError, ValueError or AttributeError for a missing or invalid value.
    """
    default = yaml.value(text)["pins"]["default"]
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


def edited(text: str, edits: Iterable[PinEdit], checked: date | None = None) -> str:
    """The text of pins.yml with the edits, written whole; only the comments at its top are kept.

    The date `checked` replaces the one in those comments. A Python that got an end in `ended` is no longer offered.
    """
    data = yaml.value(text)
    default = data["pins"]["default"]
    python = default["python"]
    python["ended"] = {str(name): month for name, month in (python.get("ended") or {}).items()}
    for edit in edits:
        *above, last = edit.path
        mapping = default
        for name in above:
            mapping = next(value for key, value in mapping.items() if str(key) == name)
        mapping[last] = edit.value
    ended = python["ended"]
    python["ended"] = {name: ended[name] for name in sorted(ended, key=minor, reverse=True)}
    python["versions"] = {name: row for name, row in python["versions"].items() if str(name) not in ended}
    head = "".join(f"{line}\n" for line in takewhile(lambda line: line.startswith("#"), text.splitlines()))
    return (_CHECKED.sub(rf"\g<1>{checked:%Y-%m-%d}", head) if checked else head) + document.dump(data)


def minor(version: str) -> tuple[int, ...]:
    """The numbers of a Python version, which sort as versions do: 3.9 before 3.10."""
    return tuple(int(part) for part in version.split("."))


def _python(name: str, row: Mapping[str, Any]) -> PythonPin:
    patch, end = str(row.get("newest_patch", name)), str(row.get("end_of_life", "9999-12"))
    if minor(patch)[:2] != minor(name) or not re.fullmatch(r"\d{4}-\d{2}", end):
        raise ValueError(f"Python {name}: {patch}, {end}")
    return PythonPin(patch, end)


def _requirements(table: Mapping[str, Any]) -> dict[str, OfferedPackage]:
    for name in table:
        if not _NORMALIZED.fullmatch(name):
            raise ValueError(f"{name} is not normalized (PEP 503)")
    return {name: OfferedPackage(str(row["at_least"]), row.get("stubs", "")) for name, row in table.items()}
