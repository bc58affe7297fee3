"""The pins that a lock or a list of requirements asks for, each with the environments that it holds for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.requirements.reader import RequirementsFile


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
    """A requirements file, then those that it includes; constraints do not count."""

    files: tuple[RequirementsFile, ...]

    @property
    def path(self) -> str:
        """The path of the file that includes the others."""
        return self.files[0].path

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """The requirements in the files that name their package."""
        entries = (entry for file in self.files for entry in file.entries if entry.name)
        return tuple(pin for entry in entries if (pin := parse_pin(entry.text, is_hashed=entry.is_hashed)))

    def is_covered_by(self, other: "Requirements") -> bool:
        """Whether another file installs all of this: it includes this file, or lists the same packages."""
        names = {pin.name for pin in self.pins}
        is_named = len(self.pins) == sum(len(file.entries) for file in self.files)
        includes = self.path in {file.path for file in other.files}
        return includes or (is_named and names <= {pin.name for pin in other.pins})


def parse_pin(text: str, *, is_hashed: bool = False) -> Pin | None:
    """The pin in a requirement (PEP 508); None for a path or a bare URL."""
    requirement = pep508.parse(text)
    if requirement is None:
        return None
    return Pin(canonical_name(requirement.name), str(requirement.specifier), str(requirement.marker or ""), is_hashed)
