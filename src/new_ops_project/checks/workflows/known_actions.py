"""What is known of published actions: actions.json with the template's pins."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from new_ops_project.template import pins

_FILE = Path(__file__).with_name("actions.json")
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")

_FULL = 3


@dataclass(frozen=True)
class ActionRelease:
    """A release: its tag, and the commit that the tag names. Not `is_sure`: only one source confirms it."""

    version: str
    sha: str
    is_sure: bool = True


@dataclass(frozen=True)
class KnownAction:
    """What is known of an action: its releases, its inputs, and the release from which those were read."""

    releases: tuple[ActionRelease, ...] = ()
    inputs: tuple[str, ...] = ()
    inputs_of: str = ""
    using: str = ""

    def by_sha(self, sha: str) -> ActionRelease | None:
        """The release of this commit."""
        return next((release for release in self.releases if release.sha == sha.lower()), None)

    def by_version(self, version: str) -> ActionRelease | None:
        """The release with this tag, with or without `v`; only one that is sure."""
        wanted = numbers(version)
        return next(
            (release for release in self.releases if release.is_sure and numbers(release.version) == wanted), None
        )

    @property
    def newest(self) -> ActionRelease | None:
        """The newest release that is sure."""
        return max(
            (release for release in self.releases if release.is_sure),
            key=lambda release: numbers(release.version),
            default=None,
        )

    def release(self, ref: str) -> ActionRelease | None:
        """What to write for a tag: that release or, for v7 and v7.0, the newest release that begins so."""
        wanted = numbers(ref)
        if is_full(ref):
            return self.by_version(ref)
        newest = self.newest
        return newest if newest and wanted and numbers(newest.version)[: len(wanted)] == wanted else None


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of v7, v7.0 or v7.0.1, with or without `v`; () for anything else."""
    match = _VERSION.fullmatch(version)
    return tuple(int(part) for part in match.groups() if part is not None) if match else ()


def is_full(version: str) -> bool:
    """Whether it is a version of three numbers, which names a single release."""
    return len(numbers(version)) == _FULL


def find(action: str) -> KnownAction:
    """What is known of `owner/name`, or of `owner/name/path`, which shares its releases but not its inputs."""
    repository = "/".join(action.lower().split("/")[:2])
    whole = actions().get(repository, KnownAction())
    return whole if repository == action.lower() else KnownAction(whole.releases)


@cache
def actions() -> Mapping[str, KnownAction]:
    """Every known action, by `owner/name` in lower case."""
    read: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    known = {name.lower(): _known(about) for name, about in read.items()}
    for name, pin in pins.shipped().actions.items():
        about = known.get(name.lower(), KnownAction())
        release = ActionRelease(pin.version, pin.sha)
        others = (other for other in about.releases if other.sha != pin.sha)
        known[name.lower()] = KnownAction((release, *others), about.inputs, about.inputs_of, about.using)
    return known


def _known(about: Mapping[str, Any]) -> KnownAction:
    releases = tuple(
        ActionRelease(release["version"], release["sha"], is_sure)
        for key, is_sure in (("releases", True), ("unconfirmed", False))
        for release in about.get(key, ())
    )
    return KnownAction(releases, tuple(about.get("inputs", ())), about.get("inputs_of", ""), about.get("using", ""))
