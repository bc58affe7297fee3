"""The comparison of a pin with the releases of a git repository: the newest one that is old enough is taken."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from new_ops_project.template.pins.comparison import UNDATED, Edit, PinComparison, PinState
from new_ops_project.template.pins.tags import Tag, TagSource

_FULL = re.compile(r"(v?)(\d+)\.(\d+)\.(\d+)")

Numbers = tuple[int, int, int]


@dataclass(frozen=True)
class Release:
    """A final release with a full version, such as v7.0.1: tags such as `v7` and `v7.1` move."""

    tag: str
    numbers: Numbers
    commit: str


def numbers(version: str) -> Numbers | None:
    """The three numbers of a full version, or None for anything else."""
    match = _FULL.fullmatch(version)
    return (int(match[2]), int(match[3]), int(match[4])) if match else None


def final(tags: Mapping[str, Tag], *, like: str = "v") -> list[Release]:
    """The full releases, newest first; of v1.2.3 and 1.2.3, the one that has a `v` if `like` has one."""
    releases: dict[Numbers, Release] = {}
    for name, tag in sorted(tags.items(), key=lambda item: item[0].startswith("v") is like.startswith("v")):
        if key := numbers(name):
            releases[key] = Release(name, key, tag.commit)
    return [releases[key] for key in sorted(releases, reverse=True)]


def judge(
    pin: PinComparison,
    newer: Iterable[Release],
    remote: TagSource,
    limit: datetime | None,
    edits: Callable[[Release], tuple[Edit, ...]],
) -> PinComparison:
    """Compare the pin with the `newer` releases, newest first.

    It is behind the first that is not younger than `limit` (`edits` bring it there); one without a date is taken. With
    younger releases only, it is held. Raises ProcessError when the repository does not answer in time.
    """
    held = pin
    for release in newer:
        moment = remote.date(release.tag)
        if limit is None or moment is None or moment <= limit:
            reason = f"{held.newest} of {held.date} is too young" if held.date else "" if moment else UNDATED
            return pin.behind(release.tag, reason, day(moment), edits(release))
        if held is pin:
            held = replace(pin, newest=release.tag, state=PinState.HELD, reason="too young", date=day(moment))
    return held


def day(moment: datetime | None) -> str:
    """YYYY-MM-DD, or '' for no date."""
    return f"{moment:%Y-%m-%d}" if moment else ""
