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

    @property
    def name(self) -> str:
        """What to call it when speaking to a person."""
        return self.shown or self.location


@dataclass(frozen=True)
class Checkout:
    """One version of a template as plain files in `root`; None for what is not under version control."""

    source: Source
    root: Path
    version: str | None
    commit: str | None


# ---- which template -----------------------------------------------------------------------------------------


def find(option: str | None = None) -> Source:
    """The template to use: flag, environment, config file, install origin, else the embedded one.

    Raises ToolError for a config file that cannot be read.
    """
    for given, reason in _candidates(option):
        if given:
            return Source(normalise(given), reason) if given != EMBEDDED else _embedded(reason)
    return _embedded("it came with the tool")


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


def versions(source: Source) -> list[str]:
    """The released versions (tags that PEP 440 reads), newest first; [] where there are none.

    Raises ToolError when the template cannot be reached.
    """
    repository = _repository(source)
    return _sorted(git.tags(repository)) if repository else []


def checkout(source: Source, ref: str | None = None) -> Checkout:
    """The files of one version: `ref`, or the newest release, or HEAD where nothing was released.

    Raises ToolError for a template that cannot be reached and for a version that it does not have.
    """
    repository = _repository(source)
    if repository is None:
        return _plain(source, ref)
    tags = git.tags(repository)
    wanted = ref or next((tag for tag in _sorted(tags) if not _is_prerelease(tag)), "HEAD")
    commit = tags.get(wanted) or git.resolve(repository, wanted)
    if commit is None:
        released = _sorted(tags)
        hint = nearest(wanted, released) or f"It has {', '.join(released[:8]) or 'no released version'}."
        raise ToolError(f"The template {source.name} has no version {wanted!r}.", sentence(hint))
    return Checkout(source, _files(repository, commit), _described(repository, commit, tags), commit)


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


def _repository(source: Source) -> Path | None:
    """The git repository to read: the folder itself, or our mirror of a URL or a bundle; None for plain files."""
    path = Path(source.location.removeprefix("git+file://")).expanduser()
    if git.is_repository(path):
        return path
    if path.is_dir():
        return None
    if "://" not in source.location and not _is_short(source.location) and not path.is_file():
        raise ToolError(f"The template {source.location} does not exist.", "Check --template, or use a git URL.")
    return _mirror(str(path) if path.is_file() else _url(source.location))


def _is_short(location: str) -> bool:
    return location.startswith(tuple(_SHORT)) or bool(_SCP.match(location))


def _url(location: str) -> str:
    for short, url in _SHORT.items():
        if location.startswith(short):
            return f"{url}{location.removeprefix(short).strip('/').removesuffix('.git')}.git"
    return location.removeprefix("git+")


@cache
def _mirror(url: str) -> Path:
    """Our mirror of `url`, brought up to date once in this run (hence the cache)."""
    mirror = unpacked.cache_folder() / "mirrors" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.git"
    with unpacked.guarded(mirror):
        try:
            if mirror.is_dir():
                git.git(*git.TEMPORARY, "remote", "update", "--prune", at=mirror)
            else:
                fresh = mirror.with_name(f".{mirror.name}.new")
                shutil.rmtree(fresh, ignore_errors=True)
                git.git(*git.TEMPORARY, "clone", "--mirror", "--quiet", "--", url, str(fresh), at=mirror.parent)
                fresh.rename(mirror)
        except ProcessError as error:
            hint = "Check the address and your access to it, or use --template embedded."
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
