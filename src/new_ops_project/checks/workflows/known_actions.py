"""The known releases and inputs of actions: actions.json, and what the template pins."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("actions.json")
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")

_FULL = 3


@dataclass(frozen=True)
class ActionRelease:
    """A release: its tag, and the commit that the tag names. Not `is_sure`: one source only says so."""

    version: str
    sha: str
    is_sure: bool = True


@dataclass(frozen=True)
class KnownAction:
    """What is known of an action: releases, the inputs that it has, and of which release those were read."""

    releases: tuple[ActionRelease, ...] = ()
    inputs: tuple[str, ...] = ()
    inputs_of: str = ""
    using: str = ""

    def by_sha(self, sha: str) -> ActionRelease | None:
        """The release that is this commit."""
        return next((one for one in self.releases if one.sha == sha.lower()), None)

    def by_version(self, version: str) -> ActionRelease | None:
        """The release with this tag, whether `v` is written or not; only one that is sure."""
        wanted = numbers(version)
        return next((one for one in self.releases if one.is_sure and numbers(one.version) == wanted), None)

    @property
    def newest(self) -> ActionRelease | None:
        """The newest release that is sure."""
        return max((one for one in self.releases if one.is_sure), key=lambda one: numbers(one.version), default=None)

    def release(self, ref: str) -> ActionRelease | None:
        """What to write for a tag: that release, or the newest one of the same major for v7, or v7.0."""
        wanted = numbers(ref)
        if is_full(ref):
            return self.by_version(ref)
        newest = self.newest
        return newest if newest and wanted and numbers(newest.version)[: len(wanted)] == wanted else None


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of v7, v7.0 or v7.0.1, with or without `v`; () for what is no version."""
    found = _VERSION.fullmatch(version)
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def is_full(version: str) -> bool:
    """Whether it is a version of three numbers, which only one release has."""
    return len(numbers(version)) == _FULL


def known(action: str) -> KnownAction:
    """What is known of `owner/name`, or `owner/name/path`, which is released with it but has inputs of its own."""
    repository = "/".join(action.lower().split("/")[:2])
    whole = actions().get(repository, KnownAction())
    return whole if repository == action.lower() else KnownAction(whole.releases)


@cache
def actions() -> Mapping[str, KnownAction]:
    """Everything that is known, by `owner/name` in lower case."""
    from new_ops_project.template import pins

    read: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    found = {name.lower(): _known(about) for name, about in read.items()}
    for name, pin in pins.shipped().actions.items():
        about = found.get(name.lower(), KnownAction())
        release = ActionRelease(pin.version, pin.sha)
        others = (one for one in about.releases if one.sha != pin.sha)
        found[name.lower()] = KnownAction((release, *others), about.inputs, about.inputs_of, about.using)
    return found


def _known(about: Mapping[str, Any]) -> KnownAction:
    inputs = tuple(about.get("inputs", ()))
    return KnownAction(tuple(_releases(about)), inputs, about.get("inputs_of", ""), about.get("using", ""))


def _releases(about: Mapping[str, Any]) -> Iterator[ActionRelease]:
    yield from (ActionRelease(one["version"], one["sha"]) for one in about.get("releases", ()))
    yield from (ActionRelease(one["version"], one["sha"], is_sure=False) for one in about.get("unconfirmed", ()))
