"""The comparison of a project's template version with the newest one.

It reads tags and commits only: nothing is unpacked or rendered.
"""

from dataclasses import dataclass
from functools import partial

from new_ops_project.base.errors import ToolError
from new_ops_project.project.generated import Project
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, TemplateVersion, read_releases


class UnknownVersionError(ToolError):
    """The template can be read, but lacks the version that the project records."""


@dataclass(frozen=True)
class VersionPair:
    """The version that a project has, from `origin`, and the version to update to, from `releases`.

    The two differ where the project is to get its template from another source.
    """

    project: Project
    origin: Releases
    releases: Releases
    before: TemplateVersion
    after: TemplateVersion

    @property
    def changes_version(self) -> bool:
        """Whether there is something to do: another version, older or newer, or another source of the template."""
        return self.before.commit != self.after.commit or self.releases.source.location != self.project.source


def find_versions(
    project: Project,
    *,
    to: str | None = None,
    place: str | None = None,
    offline: bool = False,
    releases: Releases | None = None,
) -> VersionPair:
    """Find both versions, among `releases` if these are known already.

    `place` is the source of the template to change to, if it is another one. A project that is ahead of the newest
    release stays where it is, unless `to` says otherwise. Raises ToolError when the template cannot be reached or lacks
    one of the versions.
    """
    recorded = partial(sources.recorded, project.source, project.folder)
    releases = releases or read_releases(sources.find(place) if place else recorded(), offline=offline)
    releases.find()  # raises for a template without any version, which is the better message
    try:
        is_moved = place and project.version not in releases.tags
        origin = read_releases(recorded(), offline=offline) if is_moved else releases
        before = origin.find(project.version)
    except ToolError as error:
        message = f"{project.answers_file} records version {project.version}: {error.message}"
        hint = "Push that tag or commit to the template again; without it, nothing can be compared."
        raise UnknownVersionError(message, hint) from error
    after = releases.find(to)
    if to is None and after.commit != before.commit and releases.includes(before, after):
        after = before
    return VersionPair(project, origin, releases, before, after)
