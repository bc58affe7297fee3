"""The end of support of the Python versions in a fleet."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from new_ops_project.fleet.names import natural_key
from new_ops_project.template.pins import pins_yml

UNKNOWN = "unknown"
SOON = timedelta(days=180)


class Support(StrEnum):
    """Whether a version still gets security fixes."""

    ENDED = "ended"
    SOON = "ends soon"
    LASTS = "supported"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class VersionUse:
    """A Python version: how many repositories use it, the month (YYYY-MM) in which its support ends ('': unknown)."""

    name: str
    count: int
    ends: str
    support: Support

    @property
    def mark(self) -> str:
        """The end of its support in words, such as "until 2028-10"; '' if unknown."""
        verbs = {Support.ENDED: "ended", Support.SOON: "ends", Support.LASTS: "until"}
        return f"{verbs[self.support]} {self.ends}".rstrip() if self.support in verbs else ""


def count_versions(versions: Iterable[str], today: date) -> tuple[VersionUse, ...]:
    """How many repositories use each version, oldest version first and the unknown last."""
    counts = Counter(name or UNKNOWN for name in versions)
    names = sorted(counts, key=lambda name: (name == UNKNOWN, natural_key(name)))
    return tuple(version_use(name, today, counts[name]) for name in names)


def version_use(name: str, today: date, count: int = 1) -> VersionUse:
    """A version (3.11, or one of its patches) with the state of its support on the day `today`."""
    ends = _ends()
    minor = re.match(r"\d+\.\d+(?![^.])", name)
    key = minor[0] if minor else ""
    if key not in ends:
        is_old = bool(key) and natural_key(key) < min(map(natural_key, ends))
        return VersionUse(name, count, "", Support.ENDED if is_old else Support.UNKNOWN)
    return VersionUse(name, count, ends[key], _support(ends[key], today))


def _support(month: str, today: date) -> Support:
    """A version is supported to the last day of its month."""
    year, number = map(int, month.split("-"))
    last = date(year, number, monthrange(year, number)[1])
    if last < today:
        return Support.ENDED
    return Support.SOON if last - today <= SOON else Support.LASTS


@cache
def _ends() -> Mapping[str, str]:
    """The month in which support of each version ends, from the embedded template."""
    pins = pins_yml.shipped()
    return {**pins.ended, **{name: pin.end_of_life for name, pin in pins.pythons.items()}}
