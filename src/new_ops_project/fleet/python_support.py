"""The versions of Python in a fleet, each with the end of its support."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from new_ops_project.fleet.names import natural

UNKNOWN = "unknown"
SOON = timedelta(days=180)


class Support(StrEnum):
    """Whether a version still gets security fixes."""

    ENDED = "ended"
    SOON = "ends soon"
    LASTS = "supported"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Use:
    """A version of Python, in how many repositories it is, and the month (YYYY-MM) in which its support ends, or ''."""

    name: str
    count: int
    ends: str
    support: Support

    @property
    def mark(self) -> str:
        """What is to be said of the end of its support; '' where nothing is known."""
        said = {Support.ENDED: "ended", Support.SOON: "ends", Support.LASTS: "until"}
        return f"{said[self.support]} {self.ends}".rstrip() if self.support in said else ""


def uses(found: Iterable[str], today: date) -> tuple[Use, ...]:
    """How often each version is there, the oldest first; the unknown last."""
    counted = Counter(name or UNKNOWN for name in found)
    names = sorted(counted, key=lambda name: (name == UNKNOWN, natural(name)))
    return tuple(use(name, today, counted[name]) for name in names)


def use(name: str, today: date, count: int = 1) -> Use:
    """A version (3.11, or a patch of it), and how its support stands on a day."""
    ends = _ends()
    minor = re.match(r"\d+\.\d+(?![^.])", name)
    key = minor[0] if minor else ""
    if key not in ends:
        is_old = bool(key) and natural(key) < min(map(natural, ends))
        return Use(name, count, "", Support.ENDED if is_old else Support.UNKNOWN)
    return Use(name, count, ends[key], _support(ends[key], today))


def _support(month: str, today: date) -> Support:
    """A version is supported to the last day of its month."""
    year, number = map(int, month.split("-"))
    last = date(year, number, monthrange(year, number)[1])
    if last < today:
        return Support.ENDED
    return Support.SOON if last - today <= SOON else Support.LASTS


@cache
def _ends() -> Mapping[str, str]:
    """The month in which support of each version ends, as the shipped template has it."""
    from new_ops_project.template.pins import pins_yml

    pins = pins_yml.shipped()
    return {**pins.ended, **{name: pin.end_of_life for name, pin in pins.pythons.items()}}
