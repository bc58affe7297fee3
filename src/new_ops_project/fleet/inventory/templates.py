"""The templates that a fleet's projects record, each looked up once."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.masking import masked
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, TemplateVersion, read_releases


@dataclass(frozen=True)
class FleetTemplate:
    """A template's releases with their dates and the target version `after`; or the `error` that kept us from it."""

    releases: Releases | None = None
    dates: Mapping[str, datetime] = field(default_factory=dict)
    after: TemplateVersion | None = None
    error: ToolError | None = None


def find(
    projects: Iterable[Inspection],
    *,
    to: str | None = None,
    pins: Mapping[str, str] | None = None,
    offline: bool = False,
) -> dict[str, FleetTemplate]:
    """The templates that these projects record, by recorded location.

    The target version is the one in `pins` for the masked location, else `to`, else the newest release. A template that
    cannot be reached has an `error` and concerns only its own projects.
    """
    examples = {project.template: project for project in projects if project.template}
    versions = pins or {}
    return {
        location: _look_up(location, project, versions.get(masked(location), to), offline=offline)
        for location, project in examples.items()
    }


def _look_up(location: str, project: Inspection, to: str | None, *, offline: bool) -> FleetTemplate:
    """The template at `location`; a relative path starts at the project's folder."""
    try:
        source = sources.recorded(location, Path(project.folder or "."))
        releases = read_releases(source, offline=offline)
        if releases.repository is None:
            message = f"The template {source.name} is not under version control, so it has no versions to go to."
            return FleetTemplate(error=ToolError(message, "Put it in a git repository with tags."))
        return FleetTemplate(releases, releases.dates(), releases.find(to))
    except ToolError as error:
        return FleetTemplate(error=error)


def commit_of(releases: Releases, version: str) -> str | None:
    """The commit of a recorded version, if the template has it."""
    return releases.tags.get(version) or (git.resolve(releases.repository, version) if releases.repository else None)


def is_behind(template: FleetTemplate, before: str, *, to: str | None) -> bool:
    """Whether a project at the version `before` can be updated; raises ToolError if the template lacks that version.

    A project that is ahead of the newest release is not behind, unless the version `to` was requested. One that records
    a name that can move is behind: an update records one that stays.
    """
    releases, after = template.releases, template.after
    if releases is None or after is None:
        raise template.error or AssertionError
    commit = commit_of(releases, before)
    if commit is None:
        message = f"It records version {before}, which the template {releases.source.name} does not have."
        raise ToolError(message, "Push that tag or commit to the template again; without it, nothing can be compared.")
    if commit == after.commit:
        return not releases.is_lasting(before)
    return bool(to) or not releases.includes(TemplateVersion(before, commit), after)


def releases_behind(template: FleetTemplate, before: str) -> int:
    """How many releases are newer than `before`; pre-releases do not count."""
    from packaging.version import Version  # noqa: PLC0415 - only `fleet status` counts releases

    known = [Version(version) for version in template.releases.versions] if template.releases else []
    for text in (before, before.rsplit("-", 2)[0]):  # `git describe` names a commit after the release before it
        with suppress(ValueError):
            current = Version(text)
            return sum(version > current and not version.is_prerelease for version in known)
    return 0
