"""The bounds of pins.yml and the packages of locks.yml, compared with a fresh resolution."""

from collections.abc import Iterator
from dataclasses import replace

from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins.comparison import Kind, PinComparison, PinState, Replace
from new_ops_project.template.pins.locks_yml import Locks
from new_ops_project.template.pins.pins_yml import Pins
from new_ops_project.template.pins.releases import day
from new_ops_project.template.pins.resolution import ResolutionInput, Resolved, failing
from new_ops_project.template.pins.uv_output import PackageRelease

INDEX = "the package index"


def bounds(pins: Pins, resolved: Resolved) -> list[PinComparison]:
    """Each lower bound against the version that is chosen.

    The bound of a dependency is a promise to whoever uses what is made of the template, and stays. That of a tool says
    what its settings in the template are for: it is behind when a later major version than the bound's is locked.
    """
    return [_bound(pins, resolved, name) for name in pins.packages]


def _bound(pins: Pins, resolved: Resolved, name: str) -> PinComparison:
    from packaging.version import Version

    at_least, version = pins.packages[name].at_least, resolved.chosen[name].version
    pin = PinComparison(Kind.TOOLS, name, f">={at_least}", version, date=_date(resolved, name, version))
    if name in pins.dependencies or Version(at_least).major >= Version(version).major:
        return pin
    bound = f"{Version(version).major}.{Version(version).minor}"
    reason = "a later major version is locked"
    return replace(pin, state=PinState.BEHIND, reason=reason, edits=(Replace(("tools", name, "at_least"), bound),))


def locked(old: Locks, new: Locks, resolved: Resolved) -> list[PinComparison]:
    """Each package of the lock against the one of the fresh resolution, and the Python that both are for."""
    names = sorted(old.packages.keys() | new.packages.keys())
    python = (
        [PinComparison(Kind.LOCKS, "python", old.python, new.python, PinState.BEHIND)]
        if old.python != new.python
        else []
    )
    return [*python, *(_locked(name, old, new, resolved) for name in names)]


def _locked(name: str, old: Locks, new: Locks, resolved: Resolved) -> PinComparison:
    before, after = old.packages.get(name), new.packages.get(name)
    version = after.version if after else ""
    pin = PinComparison(
        Kind.LOCKS, name, before.version if before else "", version, date=_date(resolved, name, version)
    )
    younger = _younger(name, version, resolved)
    if before != after or old.closures.get(name) != new.closures.get(name):
        return replace(pin, state=PinState.BEHIND, reason=_reason(pin, younger, resolved))
    if younger:
        return replace(pin, newest=younger.version, state=PinState.HELD, reason="too young", date=day(younger.date))
    return pin


def _younger(name: str, version: str, resolved: Resolved) -> PackageRelease | None:
    """The newest version of a package, if it is not taken because of its age."""
    newest, limit = resolved.newest.get(name), resolved.wanted.limit
    is_younger = newest and limit and newest.date and newest.date > limit and newest.version != version
    return newest if is_younger else None


def _reason(pin: PinComparison, younger: PackageRelease | None, resolved: Resolved) -> str:
    if not pin.current or not pin.newest:
        return "needed now" if pin.newest else "not needed any more"
    if pin.current == pin.newest:
        return "the same version, with other files or needs"
    if younger:
        return f"{younger.version} of {day(younger.date)} is too young"
    return "" if pin.date or not resolved.wanted.limit else "no date could be had"


def _date(resolved: Resolved, name: str, version: str) -> str:
    release = resolved.dates.get(name)
    return day(release.date) if release and release.version == version else ""


def failures(pins: Pins, wanted: ResolutionInput, error: ToolError, kind: Kind) -> Iterator[PinComparison]:
    """What stood in the way: each package that cannot be had even alone, else the index, or how they fit together."""
    reasons = failing(wanted)
    if not reasons or len(reasons) == len(wanted.at_least):
        yield PinComparison(kind, INDEX, "").failed(error.message, error.hint)
        return
    for name, reason in reasons.items():
        remedy = "Lower its bound in pins.yml, or see that the index has it."
        yield PinComparison(kind, name, f">={pins.packages[name].at_least}").failed(reason, remedy)
