"""The versions of a template: their names, their order, their files.

All runs on this machine share one mirror of a repository elsewhere, and one folder with the files of each version.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from packaging.version import Version

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.git import urls
from new_ops_project.template import checkouts, mirrors, sources, unpacked
from new_ops_project.template.mirrors import Answer
from new_ops_project.template.sources import Source

# What names a commit for good besides a release: its id, and what `git describe` says of one between releases.
_BY_COMMIT = re.compile(r"(?:.+-g)?[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Checkout:
    """The files of one template version, in the folder `root`.

    `version` and `commit` are None for a template that is not under version control. `repository` is the git
    repository that has the commit: the template's own, or our mirror of it.
    """

    source: Source
    root: Path
    version: str | None
    commit: str | None
    repository: Path | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the tool carries this version, wherever it was read: a commit's id tells what is in it."""
        return self.source.label == sources.EMBEDDED or self.commit in unpacked.released_commits()


@dataclass(frozen=True)
class TemplateVersion:
    """One version of a template: its name (a release, or what `git describe` says) and its commit."""

    version: str
    commit: str


@dataclass(frozen=True)
class Releases:
    """The versions of one template; `tags` maps each tag to its commit. `repository` is None for plain files."""

    source: Source
    repository: Path | None
    tags: Mapping[str, str]
    offline: bool = False

    @cached_property
    def versions(self) -> list[str]:
        """The released versions (tags that are versions by PEP 440), newest first.

        A tag such as `v1` or `v1.4` is none of them while it only stands beside a longer one: see `_released`.
        """
        return _released(self.tags)

    @property
    def final(self) -> list[str]:
        """The versions that are not pre-releases, newest first."""
        return [tag for tag in self.versions if not Version(tag).is_prerelease]

    @property
    def newest(self) -> str:
        """The newest final release, or HEAD if there is none."""
        return next(iter(self.final), "HEAD")

    def checkout(self, ref: str | None = None) -> Checkout:
        """The files of one version: `ref`, or the newest.

        Raises ToolError for a version that the template does not have.
        """
        if self.repository is None:
            return _plain_folder(self.source, ref)
        return self.checkout_of(self.find(ref))

    def checkout_of(self, version: TemplateVersion) -> Checkout:
        """The files of a version that `find` returned."""
        if self.repository is None:
            return _plain_folder(self.source, version.version)
        files = partial(checkouts.files_of, commit=version.commit)
        root = _answered(self.source, self.repository, files, offline=self.offline)
        return Checkout(self.source, root, version.version, version.commit, self.repository)

    def find(self, ref: str | None = None) -> TemplateVersion:
        """One version: `ref`, or the newest.

        Raises ToolError for a version that the template does not have, and for a template without versions.
        """
        if self.repository is None:
            message = f"The template {self.source.name} is not under version control, so it has no versions."
            raise ToolError(message, "Put it in a git repository with tags, and give that repository as --template.")
        wanted = ref or self.newest
        commit = self.tags.get(wanted) or git.resolve(self.repository, wanted)
        if commit is None:
            hint = nearest(wanted, self.versions) or f"It has {', '.join(self.versions[:8]) or 'no released version'}."
            raise ToolError(f"The template {self.source.name} has no version {wanted!r}.", capitalize(hint))
        return TemplateVersion(wanted if wanted in self.versions else self._lasting_name(commit), commit)

    def is_lasting(self, name: str) -> bool:
        """Whether `name` means one commit for good: a release, a commit's id, or what `git describe` says of it.

        Another tag can move, such as `stable`, or `v1` beside `v1.4.0`; and so can a branch.
        """
        return name in self.versions or _BY_COMMIT.fullmatch(name) is not None

    def _lasting_name(self, commit: str) -> str:
        """The newest release at this commit, or what `git describe` says of it by releases alone."""
        versions = self.versions
        at_commit = (version for version in versions if self.tags[version] == commit)
        others = self.tags.keys() - {*versions}
        return next(at_commit, "") or git.describe(self.repository or Path(), commit, besides=sorted(others))

    def dates(self) -> dict[str, datetime]:
        """The date of each tag: when an annotated one was made, else that of its commit."""
        shape = "--format=%(refname:lstrip=2)%09%(creatordate:unix)"
        lines = git.git("for-each-ref", shape, "refs/tags", at=self.repository).text.splitlines()
        seconds = dict(line.split("\t", 1) for line in lines)
        return {tag: datetime.fromtimestamp(int(value), UTC) for tag, value in seconds.items() if value}

    def includes(self, newer: TemplateVersion | Checkout, older: TemplateVersion | Checkout) -> bool:
        """Whether `newer` comes after `older`: by version number if both are releases, else by git's history."""
        names = self.versions
        if newer.version in names and older.version in names:
            return names.index(newer.version) <= names.index(older.version)
        if self.repository is None or newer.commit is None or older.commit is None:
            return False
        return git.is_ancestor(self.repository, older.commit, newer.commit)

    def subjects(self, before: Checkout, after: Checkout) -> list[str]:
        """The first line of each commit message between two versions, newest first."""
        if self.repository is None or not before.commit or not after.commit:
            return []
        return git.commit_subjects(self.repository, f"{before.commit}..{after.commit}")


def read_releases(source: Source, *, offline: bool = False) -> Releases:
    """The versions of the template, looked up at its source, or in our mirror if `offline`.

    Raises ToolError when the source cannot be reached.
    """
    repository = _repository(source, offline=offline)
    tags = _answered(source, repository, git.tags, offline=offline) if repository else {}
    return Releases(source, repository, tags, offline)


def versions(source: Source) -> list[str]:
    """The released versions (tags that are versions by PEP 440), newest first; [] if there are none.

    Raises ToolError when the template cannot be reached.
    """
    return read_releases(source).versions


def checkout(source: Source, ref: str | None = None) -> Checkout:
    """The files of one version: `ref`, or the newest release, or HEAD if there is no release.

    Raises ToolError for a template that cannot be reached, and for a version that it does not have.
    """
    return read_releases(source).checkout(ref)


def _answered(source: Source, repository: Path, question: Callable[[Path], Answer], *, offline: bool) -> Answer:
    """What `question`, which raises ProcessError, says of a template's repository, or our mirror of it.

    Raises ToolError, with what to do, for a damaged one.
    """
    if repository != (location := _location(source)):
        return mirrors.answered(str(location), repository, question, offline=offline)
    try:
        return question(repository)
    except ProcessError as error:
        hint = f"Repair it; `git -C {repository} fsck` says what is wrong."
        if git.is_sound(repository):
            hint = "Fix that, then run this again."
        elif source.label:
            hint = f"Delete {repository}; the next run makes it again."
        raise ToolError(f"The template {repository} cannot be read: {error.reason}.", hint) from error


def _plain_folder(source: Source, ref: str | None) -> Checkout:
    root = paths.expanded(source.location)
    if not root.is_dir():
        raise ToolError(f"The template {source.name} is neither a folder nor a git repository.", "Check --template.")
    if ref:
        raise ToolError(f"The template {source.name} has no versions, so it does not have {ref!r}.", "Leave --ref out.")
    checkouts.require_regular(root)
    return Checkout(source, root, None, None)


def _repository(source: Source, *, offline: bool = False) -> Path | None:
    """The git repository to read: the folder itself, or our mirror of a URL or a bundle; None for plain files."""
    location = _location(source)
    if isinstance(location, str):
        return mirrors.mirror_of(location, offline=offline)
    return location if git.is_repository(location) else None


def _location(source: Source) -> Path | str:
    """The folder that has the template, or the address (a URL, a bundle's path) that we have a mirror of."""
    location = source.current_location or source.location
    path = paths.expanded(location.removeprefix("git+file://"))
    if git.is_repository(path) or path.is_dir():
        return path
    if "://" not in location and not urls.is_short_address(location) and not path.is_file():
        message = f"The template {source.location} does not exist; {source.reason}."
        raise ToolError(message, "Give its current location as --template: a folder or a git URL.")
    return str(path) if path.is_file() else urls.full_address(location)


def clear_caches() -> None:
    """Forget what was fetched and compared in this run, so that the next run in this process does so again."""
    mirrors.mirror_of.cache_clear()
    checkouts.files_of.cache_clear()


def _released(tags: Mapping[str, str]) -> list[str]:
    """The tags that name one version (PEP 440) for good, newest first.

    Many templates have a tag `v1` that moves with each release. It is recognised beside the release that it names now,
    by a longer number that begins like its own, and beside the release with the number that it stands for (`v1.0.0`).
    """
    versions = dict[str, Version]()
    for tag in tags:
        with suppress(ValueError):
            versions[tag] = Version(tag)
    longer = {
        (version.release[:length], at)
        for tag, version in versions.items()
        for length in range(1, len(version.release))
        for at in (tags[tag], version)
    }
    lasting = [
        tag for tag, number in versions.items() if not {(number.release, at) for at in (tags[tag], number)} & longer
    ]
    return sorted(lasting, key=lambda tag: (versions[tag], tag), reverse=True)
