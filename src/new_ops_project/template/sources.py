"""Where the template is: which one is used and why, in the form in which it is recorded."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from new_ops_project import git
from new_ops_project.base import config
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError
from new_ops_project.git.urls import address, expanded, is_short, without_secrets
from new_ops_project.template import unpacked

EMBEDDED = "embedded"


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
        """What to call it when speaking to a person, without what should stay between git and the server."""
        return self.shown or without_secrets(self.location)


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
    path = expanded(location.removeprefix("git+file://"))
    if is_embedded(location):
        mine = unpacked.repository()
        if path == mine or not path.exists():
            return Source(location, reason, EMBEDDED, str(mine))
    if "://" in location or is_short(location) or path.is_absolute():
        return Source(location, reason)
    near = [place for place in (folder / path, Path.cwd() / path) if place.exists()]
    return Source(location, reason, place=str(near[0]) if near else "")


def is_embedded(location: str) -> bool:
    """Whether a recorded location is where a tool unpacks its embedded template, on this machine or another."""
    kind = location.replace("\\", "/").rpartition(f"/{config.NAME}/")[2]
    return kind in {"template", "template-checkout"} and "://" not in location


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
    if is_short(location):
        return location
    plain = location.removeprefix("git+")
    if "://" not in plain:
        return _local(expanded(plain).absolute())
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
    told = expanded(source.location).with_name(".told-to-publish")
    if told.exists():
        return False
    with suppress(OSError):
        told.touch()
    return True


def _push_url(url: str) -> str:
    """The address as given, credentials and all; a path from here, not from the repository that is pushed."""
    return address(url) if "://" in url or is_short(url) else str(expanded(url).absolute())


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


def forget() -> None:
    """Look again at what was found out once for this run: the next one is another."""
    _direct_url.cache_clear()
