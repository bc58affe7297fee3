"""The comparison of the offered Pythons with the releases of CPython."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from new_ops_project.base.errors import ProcessError
from new_ops_project.template.pins.comparison import Kind, PinComparison, PinEdit, PinState
from new_ops_project.template.pins.pins_yml import Pins, PythonPin, minor
from new_ops_project.template.pins.releases import Release, TagSource, final, judge

REPOSITORY = "python/cpython"


def ended(pins: Pins, today: date) -> list[str]:
    """The minors that are still offered after the month in which their support ends."""
    return [name for name, pin in pins.pythons.items() if pin.end_of_life < f"{today:%Y-%m}"]


def offered(pins: Pins, today: date) -> list[str]:
    """The minors that remain when those whose support has ended are removed; the default one is never removed."""
    gone = {*ended(pins, today)} - {pins.default_python}
    return [name for name in pins.pythons if name not in gone]


def compare(pins: Pins, remote: TagSource, limit: datetime | None, today: date) -> list[PinComparison]:
    """Compare the newest patch of each minor, and report new minors and those whose support has ended.

    The dates in pins.yml decide when support ends: upstream has them only in the text of the PEPs.
    """
    over = ended(pins, today)
    unsupported = [_ended_pin(pins, name) for name in over]
    supported = {name: pin for name, pin in pins.pythons.items() if name not in over}
    try:
        releases = final(remote.tags())
        patches = [_patch(name, pin, releases, remote, limit) for name, pin in supported.items()]
        return [*unsupported, *patches, *_new(pins, releases)]
    except ProcessError as error:
        remedy = "Check that this machine can reach it, give another --actions-url, or leave these out with --only."
        reason = remote.describe(error)
        unknown = (PinComparison(Kind.PYTHON, name, pin.newest_patch) for name, pin in supported.items())
        return [*unsupported, *(pin.failed(reason, remedy) for pin in unknown)]


def _ended_pin(pins: Pins, name: str) -> PinComparison:
    pin, month = PinComparison(Kind.PYTHON, name, pins.pythons[name].newest_patch), pins.pythons[name].end_of_life
    if name == pins.default_python:
        remedy = "Choose another `default` in pins.yml, then run this again."
        return replace(pin.behind("", f"support ended in {month}, and it is the default"), remedy=remedy)
    return pin.behind("", f"support ended in {month}", edits=(PinEdit(("python", "ended", name), month),))


def _patch(
    name: str, pin: PythonPin, releases: list[Release], remote: TagSource, limit: datetime | None
) -> PinComparison:
    compared = PinComparison(Kind.PYTHON, name, pin.newest_patch, pin.newest_patch)
    newer = [each for each in _of(name, releases) if each.numbers > minor(pin.newest_patch)]
    path = ("python", "versions", name, "newest_patch")
    judged = judge(compared, newer, remote, limit, lambda release: (PinEdit(path, release.tag.removeprefix("v")),))
    return replace(judged, newest=judged.newest.removeprefix("v"))


def _of(name: str, releases: Iterable[Release]) -> Iterator[Release]:
    return (release for release in releases if release.numbers[:2] == minor(name))


def _new(pins: Pins, releases: list[Release]) -> Iterator[PinComparison]:
    """The minors newer than all in pins.yml. Somebody has to decide when to offer one: the tools need wheels for it."""
    known = max(map(minor, {**pins.pythons, **pins.ended}))
    remedy = "To offer it, add a line below `versions`, with the month in which its support ends (from its PEP)."
    for numbers in sorted({release.numbers[:2] for release in releases if release.numbers[:2] > known}):
        name = ".".join(map(str, numbers))
        newest = next(_of(name, releases)).tag.removeprefix("v")
        yield PinComparison(Kind.PYTHON, name, "", newest, PinState.HELD, "a new minor", remedy=remedy)
