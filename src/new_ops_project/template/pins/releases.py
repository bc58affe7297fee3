"""The choice of a release of a git repository: the newest one that is old enough."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from new_ops_project.template.pins.tags import Tag, TagSource

_FULL = re.compile(r"(v?)(\d+)\.(\d+)\.(\d+)")

Numbers = tuple[int, int, int]


@dataclass(frozen=True)
class Release:
    """A final release with a full version, such as v7.0.1: tags such as `v7` and `v7.1` move."""

    tag: str
    numbers: Numbers
    commit: str


@dataclass(frozen=True)
class ReleaseChoice:
    """The release to take, if there is a newer one, and the newest one that is too young to be taken.

    `date` is that of `taken`, `younger_date` that of `younger`; None if the repository does not tell.
    """

    taken: Release | None = None
    date: datetime | None = None
    younger: Release | None = None
    younger_date: datetime | None = None


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


def choose(remote: TagSource, newer: Iterable[Release], limit: datetime | None) -> ReleaseChoice:
    """The first of these releases, newest first, that is not younger than `limit`; one without a date is taken.

    Raises ProcessError when the repository does not answer in time.
    """
    younger: Release | None = None
    younger_date: datetime | None = None
    for release, date in _dated(remote, newer):
        if limit is None or date is None or date <= limit:
            return ReleaseChoice(release, date, younger, younger_date)
        if younger is None:
            younger, younger_date = release, date
    return ReleaseChoice(None, None, younger, younger_date)


def _dated(remote: TagSource, releases: Iterable[Release]) -> Iterator[tuple[Release, datetime | None]]:
    for release in releases:
        yield release, remote.date(release.tag)


def day(moment: datetime | None) -> str:
    """YYYY-MM-DD, or '' for no date."""
    return f"{moment:%Y-%m-%d}" if moment else ""
