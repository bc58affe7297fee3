"""The end of support of Python versions, as the pins that come with the tool have it."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from new_ops_project.template.pins import pins_yml

SOON = timedelta(days=180)


class Support(StrEnum):
    """Whether a version still gets security fixes."""

    ENDED = "ended"
    SOON = "ends soon"
    LASTS = "supported"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class VersionUse:
    """A Python version: by how many it is used, the month (YYYY-MM) in which its support ends ('': unknown)."""

    name: str
    count: int
    ends: str
    support: Support

    @property
    def mark(self) -> str:
        """The end of its support in words, such as "until 2028-10"; '' if unknown."""
        verbs = {Support.ENDED: "ended", Support.SOON: "ends", Support.LASTS: "until"}
        return f"{verbs[self.support]} {self.ends}".rstrip() if self.support in verbs else ""


def version_use(name: str, today: date, count: int = 1) -> VersionUse:
    """A version (3.11, or one of its patches) with the state of its support on the day `today`."""
    ends = _ends()
    match = re.match(r"(\d+)\.(\d+)(?![^.])", name)
    key = (int(match[1]), int(match[2])) if match else (0, 0)
    if key not in ends:
        is_old = bool(match) and key < min(ends)
        return VersionUse(name, count, "", Support.ENDED if is_old else Support.UNKNOWN)
    year, month = map(int, ends[key].split("-"))
    left = date(year, month, monthrange(year, month)[1]) - today  # it lasts to the last day of its month
    support = Support.ENDED if left < timedelta() else Support.SOON if left <= SOON else Support.LASTS
    return VersionUse(name, count, ends[key], support)


@cache
def _ends() -> dict[tuple[int, int], str]:
    """The month in which support of each version ends."""
    pins = pins_yml.shipped()
    ends = {**pins.ended, **{name: pin.end_of_life for name, pin in pins.pythons.items()}}
    return {(int(name.split(".")[0]), int(name.split(".")[1])): end for name, end in ends.items()}
