"""The pins in requirements files, read as pip reads them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.requirements.pep508 import canonical_name

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock. `version`: a specifier (PEP 440); '' for any version, or for a requirement with a URL.

    `marker`: an environment marker (PEP 508), '' for none.
    """

    name: str
    version: str = ""
    marker: str = ""
    is_hashed: bool = False

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its marker is true in this environment, given as the variables of PEP 508."""
        try:
            return not self.marker or Marker(self.marker).evaluate({"extra": "", **environment})
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
            return False

    def allows(self, version: str) -> bool:
        """Whether an installed version satisfies it."""
        try:
            return not self.version or SpecifierSet(self.version).contains(version, prereleases=True)
        except InvalidVersion:
            return False


@dataclass(frozen=True)
class Requirements:
    """One file with those that it includes. `texts`: by path, that of a constraints file after `-c `."""

    path: str
    texts: Mapping[str, str]

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """The requirements in the files; constraints do not count."""
        return tuple(pin for path, text in self.texts.items() if not path.startswith("-c ") for pin in _pins(text))

    def is_covered_by(self, other: "Requirements") -> bool:
        """Whether another file installs all of this: it includes this file, or lists the same packages."""
        lines = [
            line for path, text in self.texts.items() if not path.startswith("-c ") for line in _logical_lines(text)
        ]
        unnamed = [line for line in lines if line.startswith("-e") or not (line.startswith("-") or parse_pin(line))]
        others = {pin.name for pin in other.pins}
        return self.path in other.texts or (not unnamed and {pin.name for pin in self.pins} <= others)


def read_requirements(folder: Path, path: str) -> Requirements:
    """The requirements file at `path` (relative to `folder`), with those that it includes."""
    texts: dict[str, str] = {}
    _follow(folder, Path(path), texts)
    return Requirements(path, texts)


def _follow(folder: Path, path: Path, texts: dict[str, str], mark: str = "") -> None:
    """Add the file and those that it includes to `texts`; missing ones are left for pip to complain about."""
    key = f"{mark}{path.as_posix()}"
    file = folder / path
    if key in texts or not file.is_file():
        return
    texts[key] = file.read_text(encoding="utf-8", errors="replace")
    for line in _logical_lines(texts[key]):
        if included := _INCLUDE.match(line):
            _follow(folder, path.parent / included[1], texts, mark or ("-c " if line.startswith(("-c", "--c")) else ""))


def _logical_lines(text: str) -> Iterator[str]:
    """Each line joined with its continuation lines, without comments."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if stripped := re.sub(r"(?:^|\s)#.*", "", line).strip():
            yield stripped


def _pins(text: str) -> Iterator[Pin]:
    for line in _logical_lines(text):
        if not line.startswith("-") and (pin := parse_pin(line)):
            yield pin


def parse_pin(line: str) -> Pin | None:
    """The pin in one line of a requirements file, or in a requirement (PEP 508); None for a path or a bare URL."""
    requirement = pep508.parse(re.split(r"\s--[a-z]", line)[0].strip())
    if requirement is None:
        return None
    marker = str(requirement.marker or "")
    return Pin(canonical_name(requirement.name), str(requirement.specifier), marker, "--hash" in line)
