"""Whether the template of a project has moved on; nothing is unpacked or rendered for that."""

from collections.abc import Callable
from dataclasses import dataclass

from new_ops_project.base.errors import ToolError
from new_ops_project.project.generated import Project
from new_ops_project.template import releases as template
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, Version


class UnknownVersionError(ToolError):
    """The template can be read, and does not have the version that the project records."""


@dataclass(frozen=True)
class VersionGap:
    """Two versions of a template: the one that a project has, found in `origin`, the one to go to, in `releases`."""

    project: Project
    origin: Releases
    releases: Releases
    before: Version
    after: Version

    @property
    def is_behind(self) -> bool:
        """Whether there is something to do: another version, or another place of the template."""
        return self.before.commit != self.after.commit or self.releases.source.location != self.project.source


def look(project: Project, *, to: str | None = None, place: str | None = None, offline: bool = False) -> VersionGap:
    """Find both versions, of the template at `place` if it shall be another one.

    Raises ToolError when the template cannot be reached or lacks one of them.
    """
    source = sources.find(place) if place else sources.recorded(project.source, project.folder)
    releases = template.releases(source, offline=offline)

    def origin() -> Releases:
        if not place or project.version in releases.tags:
            return releases
        return template.releases(sources.recorded(project.source, project.folder), offline=offline)

    return _gap(releases, project, to, origin)


def look_in(releases: Releases, project: Project, *, to: str | None = None) -> VersionGap:
    """The same in a template whose versions are known."""
    return _gap(releases, project, to, lambda: releases)


def _gap(releases: Releases, project: Project, to: str | None, origin: Callable[[], Releases]) -> VersionGap:
    """Both versions; a project that is ahead of the newest release stays where it is, unless `to` says otherwise."""
    releases.find()  # a template without versions is told first
    try:
        there = origin()
        before = there.find(project.version)
    except ToolError as error:
        message = f"{project.answers_file} records version {project.version}: {error.message}"
        hint = "Push that tag or commit to the template again; without it, nothing can be compared."
        raise UnknownVersionError(message, hint) from error
    after = releases.find(to)
    if to is None and after.commit != before.commit and releases.holds(before, after):
        after = before
    return VersionGap(project, there, releases, before, after)
