"""What is installed in a `.venv`, against what the repository asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import InstalledPackage, Venv

# What an installer puts into every environment by itself.
_SEEDS = frozenset({"pip", "setuptools", "wheel"})


@dataclass(frozen=True)
class Comparison:
    """Clauses such as "ruff 0.17.6" and "ruff 0.17.5, not 0.17.6", and the names of what nobody asked for."""

    missing: tuple[str, ...]
    different: tuple[str, ...]
    extra: tuple[str, ...]
    right: int

    @property
    def is_same(self) -> bool:
        """Whether everything that is asked for is there."""
        return not self.missing and not self.different


def compare(needs: Needs, venv: Venv) -> Comparison:
    """What is there and what is not; a distribution whose installation was interrupted is not."""
    pins = {pin.name: pin for pin in needs.pins(venv.environment)}
    there = {name: package for name, package in venv.packages.items() if package.is_whole}
    missing = [f"{name}{_exact(pin.version)}" for name, pin in pins.items() if name not in there]
    different = [
        f"{name} {there[name].version}, not{_exact(pin.version)}"
        for name, pin in pins.items()
        if name in there and not pin.allows(there[name].version)
    ]
    own = {package.name for package in there.values() if package.editable}
    extra = sorted(there.keys() - _reached(there, {*pins, *own, *_SEEDS}))
    return Comparison(tuple(missing), tuple(different), tuple(extra), len(pins) - len(missing) - len(different))


def _reached(there: Mapping[str, InstalledPackage], names: set[str]) -> set[str]:
    """The names, and those of all that what they name may require."""
    found, new = set[str](), set(names)
    while new:
        found |= new
        new = {more for name in new if name in there for more in there[name].needs} - found
    return found


def is_project_installed(needs: Needs, venv: Venv) -> bool:
    """Whether the project itself is installed from its folder; true for what is no package."""
    here = needs.folder.resolve()
    editable = [package for package in venv.packages.values() if package.editable and package.is_whole]
    return not needs.is_package or any(Path(package.editable).resolve() == here for package in editable)


def _exact(specifier: str) -> str:
    """A space and the version for ==1.2, a space and the specifier for a range, nothing for any."""
    plain = specifier.removeprefix("==")
    return f" {plain}" if specifier and "," not in plain else f" {specifier}" if specifier else ""
