"""The templates that a fleet's projects record: each looked up once, and unpacked once per version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.template import releases as template
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, Version


@dataclass(frozen=True)
class KnownTemplate:
    """One template: its versions with their dates, and the version to go to; or why it cannot be had."""

    releases: Releases | None = None
    dates: Mapping[str, datetime] = field(default_factory=dict)
    after: Version | None = None
    error: ToolError | None = None


def find(
    looks: Iterable[Inspection], *, to: str | None = None, pins: Mapping[str, str] | None = None, offline: bool = False
) -> dict[str, KnownTemplate]:
    """What is known of each template that these projects record, by its recorded location.

    The version to go to is that of `pins`, by the same location, else `to`, else the newest release. A template that
    cannot be reached is the matter of its own projects only.
    """
    places = {one.template: one for one in looks if one.template}
    known = pins or {}
    return {
        location: _known(location, one, known.get(location, to), offline=offline) for location, one in places.items()
    }


def _known(location: str, one: Inspection, to: str | None, *, offline: bool) -> KnownTemplate:
    from pathlib import Path

    try:
        source = sources.recorded(location, Path(one.folder or "."))
        releases = template.releases(source, offline=offline)
        if releases.repository is None:
            message = f"The template {source.name} is not under version control, so it has no versions to go to."
            return KnownTemplate(error=ToolError(message, "Put it in a git repository with tags."))
        return KnownTemplate(releases, _dates(releases), releases.find(to))
    except ToolError as error:
        return KnownTemplate(error=error)


def _dates(releases: Releases) -> dict[str, datetime]:
    """When each version was released."""
    shape = "%(refname:short)%09%(creatordate:unix)"
    listed = git.git("for-each-ref", f"--format={shape}", "refs/tags", at=releases.repository).text.splitlines()
    found = dict(line.split("\t", 1) for line in listed)
    return {tag: datetime.fromtimestamp(int(at), UTC) for tag, at in found.items() if at}


def commit(releases: Releases, version: str) -> str | None:
    """The commit of a recorded version, if the template has it."""
    return releases.tags.get(version) or (git.resolve(releases.repository, version) if releases.repository else None)


def is_behind(known: KnownTemplate, before: str, *, to: str | None) -> bool:
    """Whether a project at the version `before` has somewhere to go; raises ToolError for a version that is not there.

    One that is ahead of the newest release has not, unless a version was asked for.
    """
    releases, after = known.releases, known.after
    if releases is None or after is None:
        raise known.error or AssertionError
    at = commit(releases, before)
    if at is None:
        message = f"It records version {before}, which the template {releases.source.name} does not have."
        raise ToolError(message, "Push that tag or commit to the template again; without it, nothing can be compared.")
    if at == after.commit:
        return False
    return bool(to) or not releases.holds(Version(before, at), after)


def releases_behind(known: KnownTemplate, before: str) -> int:
    """How many released versions are newer than `before`; those before a release do not count."""
    from packaging.version import InvalidVersion
    from packaging.version import Version as Number

    if known.releases is None:
        return 0
    try:
        at = Number(before)
    except InvalidVersion:  # between two releases (git describe): those after the first of both
        try:
            at = Number(before.rsplit("-", 2)[0])
        except InvalidVersion:
            return 0
    return sum(Number(one) > at and not Number(one).is_prerelease for one in known.releases.versions)
