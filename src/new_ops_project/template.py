"""Where the template is, which versions it has, and one checkout per version that all runs share."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from new_ops_project import config, git, unpacked
from new_ops_project.errors import ToolError, nearest, sentence
from new_ops_project.process import ProcessError

EMBEDDED = "embedded"

# As copier expands them.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_SCP = re.compile(r"^[\w.+-]+@[\w.-]+:(?!//)")


@dataclass(frozen=True)
class Source:
    """A template's place as the answers file records it, and why this one was taken."""

    location: str
    reason: str
    shown: str = ""
    place: str = ""
    """Where to read it now, if not at its location as that is recorded."""

    @property
    def name(self) -> str:
        """What to call it when speaking to a person."""
        return self.shown or self.location


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


# ---- which template -----------------------------------------------------------------------------------------


def find(option: str | None = None) -> Source:
    """The template to use: flag, environment, config file, install origin, else the embedded one.

    Raises ToolError for a config file that cannot be read.
    """
    for given, reason in _candidates(option):
        if given:
            return Source(normalise(given), reason) if given != EMBEDDED else _embedded(reason)
    return _embedded("it came with the tool")


def recorded(location: str, folder: Path) -> Source:
    """The template that the project in `folder` records, in whatever form copier wrote it.

    A path of the embedded template, of this machine or of another one, means that of this tool.
    """
    reason = "the project records it"
    kind = location.replace("\\", "/").rpartition(f"/{config.NAME}/")[2]
    path = Path(location.removeprefix("git+file://")).expanduser()
    if kind in {"template", "template-checkout"} and "://" not in location:
        mine = unpacked.repository()
        if path == mine or not path.exists():
            return Source(location, reason, EMBEDDED, str(mine))
    if "://" in location or _is_short(location) or path.is_absolute():
        return Source(location, reason)
    near = [place for place in (folder / path, Path.cwd() / path) if place.exists()]
    return Source(location, reason, place=str(near[0]) if near else "")


def _candidates(option: str | None) -> Iterator[tuple[str, str]]:
    yield option or "", "--template names it"
    yield os.environ.get(config.TEMPLATE_VARIABLE, ""), f"{config.TEMPLATE_VARIABLE} names it"
    if setting := config.load().get("template"):
        yield str(setting.value), f"{setting.origin} names it"
    yield _install_origin(), "the tool was installed from there"


def _embedded(reason: str) -> Source:
    return Source(_home_relative(unpacked.repository()), reason, EMBEDDED)


def normalise(location: str) -> str:
    """`location` as it may stand in an answers file for years: no relative path, no credentials.

    A URL that plain copier would not take for a git repository gets the prefix `git+`, which it knows.
    """
    if location.startswith(tuple(_SHORT)) or _SCP.match(location):
        return location
    plain = location.removeprefix("git+")
    if "://" not in plain:
        return _local(Path(plain).expanduser().absolute())
    parts = urlsplit(plain)
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme == "ssh" and user:
        host = f"{user.partition(':')[0]}@{host}"  # the account is part of the address, its password is not
    url = urlunsplit(parts._replace(netloc=host))
    return url if url.endswith(".git") or url.startswith("git://") else f"git+{url}"


def _local(path: Path) -> str:
    resolved = Path(os.path.normpath(path))
    bare = git.is_repository(resolved) and not (resolved / ".git").exists()
    return f"git+file://{resolved}" if bare and resolved.suffix != ".git" else str(resolved)


def _home_relative(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except ValueError:
        return str(path)


@cache
def _direct_url() -> dict[str, object]:
    """What pip recorded of the place that the tool was installed from (PEP 610); {} for a package index."""
    from importlib import metadata

    try:
        text = metadata.distribution(config.NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {}
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


def _install_origin() -> str:
    """The git URL that the tool was installed from, or an editable checkout's `origin`; '' for neither."""
    origin = _direct_url()
    if "vcs_info" in origin:
        return str(origin["url"])
    if checkout := unpacked.editable_checkout():
        return git.remote(checkout)
    return ""


def is_news(source: Source) -> bool:
    """Whether this person uses the embedded template for the first time, and so should hear about publishing it."""
    if source.shown != EMBEDDED:
        return False
    told = Path(source.location).expanduser().with_name(".told-to-publish")
    if told.exists():
        return False
    with suppress(OSError):
        told.touch()
    return True


def _push_url(url: str) -> str:
    """The address as given, credentials and all; a path from here, not from the repository that is pushed."""
    return _url(url) if "://" in url or _is_short(url) else str(Path(url).expanduser().absolute())


def publish(url: str) -> Source:
    """Push the embedded template with every tag to `url`, and return the place that it is at now.

    Raises ToolError when the server refuses; nothing is forced, so what is there stays.
    """
    repository = unpacked.repository()
    location = normalise(url)
    try:
        git.git(
            *git.TEMPORARY,
            "push",
            "--quiet",
            "--",
            _push_url(url),
            "main:main",
            "refs/tags/*:refs/tags/*",
            at=repository,
        )
    except ProcessError as error:
        message = f"The template cannot be pushed to {location}: {error.reason}"
        raise ToolError(message, "Create an empty repository there, check your access, and publish again.") from error
    return Source(location, "it was published there")


# ---- versions and checkouts ---------------------------------------------------------------------------------


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
        wanted = ref or self.newest
        commit = self.tags.get(wanted) or git.resolve(self.repository, wanted)
        if commit is None:
            hint = nearest(wanted, self.versions) or f"It has {', '.join(self.versions[:8]) or 'no released version'}."
            raise ToolError(f"The template {self.source.name} has no version {wanted!r}.", sentence(hint))
        shown = _described(self.repository, commit, self.tags)
        return Checkout(self.source, _files(self.repository, commit), shown, commit, self.repository)

    def holds(self, newer: Checkout, older: Checkout) -> bool:
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
    root = Path(source.location).expanduser()
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
    path = Path(location.removeprefix("git+file://")).expanduser()
    if git.is_repository(path):
        return path
    if path.is_dir():
        return None
    if "://" not in location and not _is_short(location) and not path.is_file():
        raise ToolError(f"The template {source.location} does not exist.", "Check --template, or use a git URL.")
    return _mirror(str(path) if path.is_file() else _url(location), offline=offline)


def _is_short(location: str) -> bool:
    return location.startswith(tuple(_SHORT)) or bool(_SCP.match(location))


def _url(location: str) -> str:
    for short, url in _SHORT.items():
        if location.startswith(short):
            return f"{url}{location.removeprefix(short).strip('/').removesuffix('.git')}.git"
    return location.removeprefix("git+")


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
                git.git(*git.TEMPORARY, "fetch", "--quiet", "--prune", "--no-auto-maintenance",
                        "--no-write-fetch-head", "origin", at=mirror)  # fmt: skip
            else:
                fresh = mirror.with_name(f".{mirror.name}.new")
                shutil.rmtree(fresh, ignore_errors=True)
                git.git(*git.TEMPORARY, "clone", "--mirror", "--quiet", "--", url, str(fresh), at=mirror.parent)
                fresh.rename(mirror)
        except ProcessError as error:
            known = "or use what is known of it here, with `update --offline`." if mirror.is_dir() else ""
            hint = f"Check the address and your access to it, {known or 'or use --template embedded.'}"
            raise ToolError(f"The template {url} cannot be reached: {error.reason}", hint) from error
    return mirror


def forget() -> None:
    """Look again at what was found out once for this run: the next one is another."""
    _mirror.cache_clear()
    _direct_url.cache_clear()


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
