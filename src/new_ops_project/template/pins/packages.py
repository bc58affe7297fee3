"""The comparison of bounds in pins.yml, or of packages in locks.yml, with a fresh resolution."""

from collections.abc import Iterator
from dataclasses import replace

from packaging.version import Version

from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins.comparison import UNDATED, Kind, PinComparison, PinEdit, PinState
from new_ops_project.template.pins.locks_yml import Locks
from new_ops_project.template.pins.pins_yml import Pins
from new_ops_project.template.pins.releases import day
from new_ops_project.template.pins.resolution import ResolutionInput, Resolved, unavailable
from new_ops_project.template.pins.uv import PackageRelease

INDEX = "the package index"


def bounds(pins: Pins, resolved: Resolved) -> list[PinComparison]:
    """Compare each lower bound with the chosen version.

    The bound of a dependency stays, because users of a project made from the template rely on it. The bound of a tool
    tells for which version its settings in the template are: it is behind when a later major version is locked.
    """
    return [_bound(pins, resolved, name) for name in pins.packages]


def _bound(pins: Pins, resolved: Resolved, name: str) -> PinComparison:
    at_least, version, date = pins.packages[name].at_least, resolved.chosen[name].version, _date(resolved, name)
    pin = PinComparison(Kind.TOOLS, name, f">={at_least}", version, date=date)
    if name in pins.dependencies or Version(at_least).major >= Version(version).major:
        return pin
    bound = f"{Version(version).major}.{Version(version).minor}"
    return pin.behind(version, "a later major version is locked", date, (PinEdit(("tools", name, "at_least"), bound),))


def locked(old: Locks, new: Locks, resolved: Resolved) -> list[PinComparison]:
    """Compare each package of the lock, and the Python that the lock is for, with those of the fresh resolution."""
    names = sorted(old.packages.keys() | new.packages.keys())
    python = PinComparison(Kind.LOCKS, "python", old.python).behind(new.python)
    return [*([python] if old.python != new.python else []), *(_locked(name, old, new, resolved) for name in names)]


def _locked(name: str, old: Locks, new: Locks, resolved: Resolved) -> PinComparison:
    before, after = old.packages.get(name), new.packages.get(name)
    version, date = after.version if after else "", _date(resolved, name)
    pin = PinComparison(Kind.LOCKS, name, before.version if before else "", version, date=date)
    younger = _younger(name, version, resolved)
    if before != after or old.closures.get(name) != new.closures.get(name):
        return pin.behind(version, _reason(pin, younger, resolved), date)
    if younger:
        return replace(pin, newest=younger.version, state=PinState.HELD, reason="too young", date=day(younger.date))
    return pin


def _younger(name: str, version: str, resolved: Resolved) -> PackageRelease | None:
    """The newest version of a package, if it is too young to be taken."""
    newest, limit = resolved.newest.get(name), resolved.wanted.limit
    is_younger = newest and limit and newest.date and newest.date > limit and newest.version != version
    return newest if is_younger else None


def _reason(pin: PinComparison, younger: PackageRelease | None, resolved: Resolved) -> str:
    if not pin.current or not pin.newest:
        return "needed now" if pin.newest else "no longer needed"
    if pin.current == pin.newest:
        return "the same version, with other files or requirements"
    if younger:
        return f"{younger.version} of {day(younger.date)} is too young"
    return "" if pin.date or not resolved.wanted.limit else UNDATED


def _date(resolved: Resolved, name: str) -> str:
    """The date of the chosen version, or ''."""
    release = resolved.dates.get(name) if name in resolved.chosen else None
    return day(release.date) if release and release.version == resolved.chosen[name].version else ""


def failures(pins: Pins, wanted: ResolutionInput, error: ToolError, kind: Kind) -> Iterator[PinComparison]:
    """Why the resolution failed: each package that cannot be resolved even alone, otherwise the index as a whole."""
    reasons = unavailable(wanted)
    if not reasons or len(reasons) == len(wanted.at_least):
        yield PinComparison(kind, INDEX, "").failed(error.message, error.hint)
        return
    for name, reason in reasons.items():
        remedy = "Lower its bound in pins.yml, or check that the index has it."
        yield PinComparison(kind, name, f">={pins.packages[name].at_least}").failed(reason, remedy)
