"""The pins that a lock or a list of requirements asks for, each with the environments that it holds for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet

from new_ops_project.formats.document import Document
from new_ops_project.formats.locks import Lock, LockedPackage, Need
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.requirements.pep508 import canonical_name


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock. `version`: a specifier (PEP 440); '' for any version, or for a requirement with a URL.

    `marker`: an environment marker (PEP 508), '' for none.
    """

    name: str
    version: str = ""
    marker: str = ""

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its marker is true in this environment, given as the variables of PEP 508."""
        try:
            return not self.marker or Marker(self.marker).evaluate({"extra": "", **environment})
        except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
            return False

    def allows(self, version: str) -> bool:
        """Whether an installed version satisfies it."""
        try:
            return not self.version or SpecifierSet(self.version).contains(version, prereleases=True)
        except ValueError:
            return False


def parse(text: str) -> Pin | None:
    """The pin in a requirement (PEP 508); None for a path or a bare URL."""
    requirement = pep508.parse(text)
    if requirement is None:
        return None
    return Pin(canonical_name(requirement.name), str(requirement.specifier), str(requirement.marker or ""))


def of_uv_lock(lock: Lock, pyproject: Document, environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """What `uv sync` installs for the project in the same folder in an environment (PEP 508's variables).

    These are the pins of the project and its default groups, with their dependencies. The format is uv's own
    (docs.astral.sh/uv/concepts/projects/layout).
    """
    project = next((package for package in lock.packages if package.folder == "."), None)
    if project is None:
        return ()
    configured = pyproject.get("tool", "uv", "default-groups")
    groups = configured if isinstance(configured, list) else [*project.groups] if configured == "all" else ["dev"]
    needs = [*project.needs, *(need for name in groups for need in project.groups.get(str(name), ()))]
    exact = {(each.name, "" if each.folder else f"=={each.version}") for each in _reached(needs, lock, environment)}
    return tuple(Pin(name, version) for name, version in sorted(exact))


def _reached(needs: list[Need], lock: Lock, environment: Mapping[str, str]) -> Iterator[LockedPackage]:
    """Each package that is needed, directly or not; of several versions, the one that is named."""
    seen = set[tuple[str, str, tuple[str, ...]]]()
    while needs:
        need = needs.pop()
        if not Pin("", marker=need.marker).applies(environment):
            continue
        for package in lock.named(need.name):
            key = (package.name, package.version, need.extras)
            if need.version in {"", package.version} and key not in seen:  # with its extras: each brings more
                seen.add(key)
                yield package
                needs += [*package.needs, *(more for extra in need.extras for more in package.extras.get(extra, ()))]
