"""What is installed in a `.venv`, compared with what the repository needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import InstalledPackage, Venv

# What venv, virtualenv or uv put into every environment.
_SEEDS = frozenset({"pip", "setuptools", "wheel"})


@dataclass(frozen=True)
class Comparison:
    """The differences. `missing`: clauses such as "ruff 0.17.6"; `different`: such as "ruff 0.17.5, not 0.17.6".

    `extra`: the names of packages that nothing needs; `right`: how many packages are as they should be.
    """

    missing: tuple[str, ...]
    different: tuple[str, ...]
    extra: tuple[str, ...]
    right: int

    @property
    def is_same(self) -> bool:
        """Whether everything that is needed is installed."""
        return not self.missing and not self.different


def compare(needs: Needs, venv: Venv) -> Comparison:
    """Compare the packages; one whose installation was interrupted counts as missing."""
    pins = {pin.name: pin for pin in needs.pins(venv.environment)}
    installed = {name: package for name, package in venv.packages.items() if package.is_whole}
    missing = [f"{name}{_version_clause(pin.version)}" for name, pin in pins.items() if name not in installed]
    different = [
        f"{name} {installed[name].version}, not{_version_clause(pin.version)}"
        for name, pin in pins.items()
        if name in installed and not pin.allows(installed[name].version)
    ]
    own = {package.name for package in installed.values() if package.editable}
    extra = sorted(installed.keys() - _with_dependencies(installed, {*pins, *own, *_SEEDS}))
    return Comparison(tuple(missing), tuple(different), tuple(extra), len(pins) - len(missing) - len(different))


def _with_dependencies(installed: Mapping[str, InstalledPackage], names: set[str]) -> set[str]:
    """The names together with those of all packages that they may require, directly or not."""
    reached, new = set[str](), set(names)
    while new:
        reached |= new
        new = {dependency for name in new if name in installed for dependency in installed[name].needs} - reached
    return reached


def is_project_installed(needs: Needs, venv: Venv) -> bool:
    """Whether the project itself is installed in place, from its folder."""
    folder = needs.folder.resolve()
    editable = [package for package in venv.packages.values() if package.editable and package.is_whole]
    return any(Path(package.editable).resolve() == folder for package in editable)


def _version_clause(specifier: str) -> str:
    """` 1.2` for the specifier ==1.2, the specifier after a space for a range, '' for any version."""
    plain = specifier.removeprefix("==")
    return f" {plain}" if specifier and "," not in plain else f" {specifier}" if specifier else ""
