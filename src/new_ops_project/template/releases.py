"""The versions of a template, and one checkout per version that all runs share."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from new_ops_project import git
from new_ops_project.base.errors import ToolError, nearest, sentence
from new_ops_project.base.process import ProcessError
from new_ops_project.git import urls
from new_ops_project.template import sources, unpacked
from new_ops_project.template.sources import Source


@dataclass(frozen=True)
class Checkout:
    """One version of a template as plain files in `root`; None for what is not under version control.

    `repository` is where git has it: the template's own, or our mirror.
    """

    source: Source
    root: Path
    version: str | None
    commit: str | None
    repository: Path | None = None


@dataclass(frozen=True)
class Version:
    """One version of a template by its name and its commit; its files are not looked at."""

    version: str
    commit: str


class _Versioned(Protocol):
    """What has a version and a commit: a Version, or a Checkout."""

    @property
    def version(self) -> str | None:
        """Its name."""

    @property
    def commit(self) -> str | None:
        """Its commit."""


@dataclass(frozen=True)
class Releases:
    """The versions of one template; `tags` give the commit of each. `repository` is None for plain files."""

    source: Source
    repository: Path | None
    tags: Mapping[str, str]

    @property
    def versions(self) -> list[str]:
        """The released versions (tags that PEP 440 reads), newest first."""
        return _sorted(self.tags)

    @property
    def newest(self) -> str:
        """The newest release, or HEAD where nothing was released."""
        return next((tag for tag in self.versions if not _is_prerelease(tag)), "HEAD")

    def checkout(self, ref: str | None = None) -> Checkout:
        """The files of one version: `ref`, or the newest.

        Raises ToolError for a version that the template does not have.
        """
        if self.repository is None:
            return _plain(self.source, ref)
        return self.unpacked(self.find(ref))

    def unpacked(self, one: Version) -> Checkout:
        """The files of a version that was found here."""
        if self.repository is None:
            return _plain(self.source, one.version)
        return Checkout(self.source, _files(self.repository, one.commit), one.version, one.commit, self.repository)

    def find(self, ref: str | None = None) -> Version:
        """One version: `ref`, or the newest.

        Raises ToolError for a version that the template does not have, and for one that has no versions.
        """
        if self.repository is None:
            message = f"The template {self.source.name} is not under version control, so it has no versions to go to."
            raise ToolError(message, "Put it in a git repository with tags, and give that as --template.")
        wanted = ref or self.newest
        commit = self.tags.get(wanted) or git.resolve(self.repository, wanted)
        if commit is None:
            hint = nearest(wanted, self.versions) or f"It has {', '.join(self.versions[:8]) or 'no released version'}."
            raise ToolError(f"The template {self.source.name} has no version {wanted!r}.", sentence(hint))
        return Version(_described(self.repository, commit, self.tags), commit)

    def holds(self, newer: _Versioned, older: _Versioned) -> bool:
        """Whether `older` is part of what led to `newer`: by version where both are releases, else by history."""
        names = self.versions
        if newer.version in names and older.version in names:
            return names.index(newer.version) <= names.index(older.version)
        if self.repository is None or newer.commit is None or older.commit is None:
            return False
        return git.is_ancestor(self.repository, older.commit, newer.commit)

    def subjects(self, before: Checkout, after: Checkout) -> list[str]:
        """The first line of what was said of each commit between two versions, newest first."""
        if self.repository is None or not before.commit or not after.commit:
            return []
        return git.subjects(self.repository, f"{before.commit}..{after.commit}")


def releases(source: Source, *, offline: bool = False) -> Releases:
    """The versions of the template, looked up where it is, unless `offline`.

    Raises ToolError when it cannot be reached.
    """
    repository = _repository(source, offline=offline)
    return Releases(source, repository, git.tags(repository) if repository else {})


def versions(source: Source) -> list[str]:
    """The released versions (tags that PEP 440 reads), newest first; [] where there are none.

    Raises ToolError when the template cannot be reached.
    """
    return releases(source).versions


def checkout(source: Source, ref: str | None = None) -> Checkout:
    """The files of one version: `ref`, or the newest release, or HEAD where nothing was released.

    Raises ToolError for a template that cannot be reached and for a version that it does not have.
    """
    return releases(source).checkout(ref)


def _described(repository: Path, commit: str, tags: Mapping[str, str]) -> str:
    """What copier records as `_commit`; git is asked where one tag does not tell."""
    naming = [tag for tag, tagged in tags.items() if tagged == commit]
    return naming[0] if len(naming) == 1 else git.describe(repository, commit)


def _plain(source: Source, ref: str | None) -> Checkout:
    root = urls.expanded(source.location)
    if not root.is_dir():
        raise ToolError(f"The template {source.name} is no folder and no git repository.", "Check --template.")
    if ref:
        raise ToolError(f"The template {source.name} has no versions, so not {ref!r} either.", "Leave --ref out.")
    return Checkout(source, root, None, None)


def _files(repository: Path, commit: str) -> Path:
    """The files of `commit`, in a folder that is never changed once it is there."""
    folder = unpacked.cache_folder() / "versions" / commit
    if folder.is_dir():
        return folder
    with unpacked.guarded(folder):
        if not folder.is_dir():
            fresh = folder.with_name(f".{commit}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            git.extract(repository, commit, fresh)
            fresh.rename(folder)
    return folder


def _repository(source: Source, *, offline: bool = False) -> Path | None:
    """The git repository to read: the folder itself, or our mirror of a URL or a bundle; None for plain files."""
    location = source.place or source.location
    path = urls.expanded(location.removeprefix("git+file://"))
    if git.is_repository(path):
        return path
    if path.is_dir():
        return None
    if "://" not in location and not urls.is_short(location) and not path.is_file():
        message = f"The template {source.location} does not exist; {source.reason}."
        raise ToolError(message, "Give the place where it is now as --template: a folder or a git URL.")
    return _mirror(str(path) if path.is_file() else urls.address(location), offline=offline)


# A mirror has every reference, so nothing is saved by asking for some (protocol 2), which costs another round trip.
_ALL = ("-c", "protocol.version=0")


@cache
def _mirror(url: str, *, offline: bool) -> Path:
    """Our mirror of `url`, brought up to date once in this run (hence the cache), or as it is when `offline`."""
    mirror = unpacked.cache_folder() / "mirrors" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.git"
    if offline:
        if mirror.is_dir():
            return mirror
        raise ToolError(f"There is no copy of the template {url} here yet.", "Run this once without --offline.")
    with unpacked.guarded(mirror):
        try:
            if mirror.is_dir():
                _remove_locks(mirror)
                git.git(
                    *git.TEMPORARY,
                    *_ALL,
                    "fetch",
                    "--quiet",
                    "--prune",
                    "--no-auto-maintenance",
                    "--no-write-fetch-head",
                    "origin",
                    at=mirror,
                )
            else:
                fresh = mirror.with_name(f".{mirror.name}.new")
                shutil.rmtree(fresh, ignore_errors=True)
                git.git(*git.TEMPORARY, *_ALL, "clone", "--mirror", "--quiet", "--", url, str(fresh), at=mirror.parent)
                fresh.rename(mirror)
        except ProcessError as error:
            known = ", or use what is known of it here, with `update --offline`" if mirror.is_dir() else ""
            hint = f"Check the address and your access to it{known}, or name another with --template."
            raise ToolError(f"The template {url} cannot be reached: {error.reason}", hint) from error
    return mirror


def _remove_locks(mirror: Path) -> None:
    """Remove what a fetch that was killed has left; no other runs, since we hold the mirror."""
    for left in (*mirror.glob("*.lock"), *(mirror / "refs").rglob("*.lock")):
        left.unlink(missing_ok=True)


def forget() -> None:
    """Look again at what was found out once for this run: the next one is another."""
    _mirror.cache_clear()
    sources.forget()


def _sorted(names: Iterable[str]) -> list[str]:
    """Names that are versions (PEP 440), newest first."""
    from packaging.version import InvalidVersion, Version

    found = []
    for name in names:
        try:
            found.append((Version(name), name))
        except InvalidVersion:
            continue
    return [name for _, name in sorted(found, reverse=True)]


def _is_prerelease(tag: str) -> bool:
    from packaging.version import Version

    return Version(tag).is_prerelease
