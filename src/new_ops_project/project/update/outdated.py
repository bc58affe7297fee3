"""The comparison of a project's template version with the newest one.

It reads tags and commits only: nothing is unpacked or rendered.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.project.generated import Project
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, TemplateVersion, read_releases


class UnknownVersionError(ToolError):
    """The template can be read, but the version that the project records is not in it, or cannot be told."""


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
        """Whether there is something to record: another version, a name that stays, another source."""
        is_same = self.before.commit == self.after.commit and not self.renaming
        return not is_same or self.releases.source.location != self.project.source

    @property
    def renaming(self) -> str:
        """A note that the recorded name can move, with the version that it is taken for; '' for a name that stays."""
        return renaming(self.origin, self.project.version)


def renaming(releases: Releases, recorded: str) -> str:
    """`VersionPair.renaming` for a version that some project records."""
    if releases.is_lasting(recorded):
        return ""
    return (
        f"The recorded version {recorded} is a name that can move. It is taken for {releases.find(recorded).version}, "
        "where it is now; an update records a name that stays."
    )


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
    if not origin.is_lasting(project.version):
        _require_unmoved(project, origin, before)
    after = releases.find(to)
    if to is None and after.commit != before.commit and releases.includes(before, after):
        after = before
    return VersionPair(project, origin, releases, before, after)


def _require_unmoved(project: Project, origin: Releases, now: TemplateVersion) -> None:
    """Raise UnknownVersionError where what the recorded tag names is younger than the record."""
    last_change = ("log", "--max-count=1", "--format=%ct", project.commit)
    seconds = git.ask(*last_change, "--", f":(top,literal){project.name}", at=project.repository.root)
    dates = origin.dates()
    if not seconds or project.version not in dates:
        return
    moved, recorded = dates[project.version], datetime.fromtimestamp(int(seconds), UTC)
    if moved <= recorded:
        return
    then = next((version for version in origin.final if dates[version] <= recorded), "VERSION")
    raise UnknownVersionError(
        f"{project.answers_file} records version {project.version} since {recorded:%Y-%m-%d}, but that tag has moved: "
        f"it names {now.version} of {moved:%Y-%m-%d} now, so it is not known which version the project has.",
        f"Write that version to the file (`_commit: {then}`, if it was the newest then), commit, and run this again.",
    )
