"""The Pythons that are offered, compared with the tags of CPython and with the calendar."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from new_ops_project.base.errors import ProcessError
from new_ops_project.template.pins.comparison import End, Kind, PinComparison, PinState, Replace
from new_ops_project.template.pins.pins_yml import Pins, PythonPin, minor
from new_ops_project.template.pins.releases import Release, choose, day, final
from new_ops_project.template.pins.tags import TagSource

REPOSITORY = "python/cpython"


def ended(pins: Pins, today: date) -> list[str]:
    """The minors that are offered though the month in which their support ends is over."""
    return [name for name, pin in pins.pythons.items() if pin.end_of_life < f"{today:%Y-%m}"]


def offered(pins: Pins, today: date) -> list[str]:
    """The minors that stay when those whose support has ended go; the default one never goes by itself."""
    gone = {*ended(pins, today)} - {pins.default_python}
    return [name for name in pins.pythons if name not in gone]


def compare(pins: Pins, remote: TagSource, limit: datetime | None, today: date) -> list[PinComparison]:
    """Newest patch of each minor, minors that are new, and minors whose support has ended.

    The dates of the ends are in the PEPs of the releases only, so those in pins.yml count.
    """
    over = [_over(pins, name) for name in ended(pins, today)]
    going = {pin.name for pin in over}
    kept = {name: pin for name, pin in pins.pythons.items() if name not in going}
    try:
        releases = final(remote.tags())
        patches = [_patch(name, pin, releases, remote, limit) for name, pin in kept.items()]
        return [*over, *patches, *_new(pins, releases)]
    except ProcessError as error:
        remedy = "Check that this machine reaches it, give another --actions-url, or leave these out with --only."
        reason = remote.said(error)
        unknown = (PinComparison(Kind.PYTHON, name, pin.newest_patch) for name, pin in kept.items())
        return [*over, *(pin.failed(reason, remedy) for pin in unknown)]


def _over(pins: Pins, name: str) -> PinComparison:
    pin = PinComparison(Kind.PYTHON, name, pins.pythons[name].newest_patch, state=PinState.BEHIND)
    said = f"support ended in {pins.pythons[name].end_of_life}"
    if name == pins.default_python:
        remedy = "Choose another `default` in pins.yml, then run this again."
        return replace(pin, reason=f"{said}, and it is the default", remedy=remedy)
    return replace(pin, reason=said, edits=(End(name),))


def _patch(
    name: str, pin: PythonPin, releases: list[Release], remote: TagSource, limit: datetime | None
) -> PinComparison:
    compared = PinComparison(Kind.PYTHON, name, pin.newest_patch, pin.newest_patch)
    pinned = minor(pin.newest_patch)
    choice = choose(remote, (each for each in _of(name, releases) if each.numbers > pinned), limit)
    if choice.taken:
        newest = choice.taken.tag.removeprefix("v")
        edits = (Replace(("python", "versions", name, "newest_patch"), newest),)
        said = "" if choice.date else "no date could be had"
        return replace(compared, newest=newest, state=PinState.BEHIND, reason=said, date=day(choice.date), edits=edits)
    if choice.younger:
        newest, date = choice.younger.tag.removeprefix("v"), day(choice.younger_date)
        return replace(compared, newest=newest, state=PinState.HELD, reason="too young", date=date)
    return compared


def _of(name: str, releases: Iterable[Release]) -> Iterator[Release]:
    return (release for release in releases if release.numbers[:2] == minor(name))


def _new(pins: Pins, releases: list[Release]) -> Iterator[PinComparison]:
    """Minors newer than all that pins.yml knows: for a person to offer, once the tools have wheels for it."""
    known = max(map(minor, {**pins.pythons, **pins.ended}))
    remedy = "To offer it: a line below `versions`, with the month from its PEP."
    for numbers in sorted({release.numbers[:2] for release in releases if release.numbers[:2] > known}):
        name = ".".join(map(str, numbers))
        newest = next(_of(name, releases)).tag.removeprefix("v")
        yield PinComparison(Kind.PYTHON, name, "", newest, PinState.HELD, "a new minor", remedy=remedy)
