"""The choice of the template to use, in the form in which projects record its location."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import config, masking
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.paths import expanded
from new_ops_project.git import remotes, urls
from new_ops_project.template import installation, unpacked

EMBEDDED = "embedded"


@dataclass(frozen=True)
class Source:
    """A template: its location as the answers file records it, and the reason (a clause) why this one is used."""

    location: str
    reason: str
    label: str = ""
    """What to call it in messages, if not by its location."""
    current_location: str = ""
    """Where to read it on this machine, if not at its recorded location."""

    @property
    def name(self) -> str:
        """What to call it in messages: its label, or its location without credentials."""
        return self.label or masking.masked(self.location)


def find(option: str | None = None) -> Source:
    """The template to use: from the flag, environment, config file or install origin, else the embedded one.

    Raises ToolError for a config file that cannot be read.
    """
    for given, reason in _candidates(option):
        if given:
            return Source(normalise(given), reason) if given != EMBEDDED else _embedded(reason)
    return _embedded("it came with the tool")


def recorded(location: str, folder: Path) -> Source:
    """The template that the project in `folder` records, in any of the forms that copier writes.

    A path of an embedded template, of this machine or of another one, stands for the embedded template of this tool.
    Raises ToolError for an address that is refused.
    """
    urls.require_allowed(location)
    reason = "the project records it"
    path = expanded(location.removeprefix("git+file://"))
    if is_embedded(location):
        own = unpacked.repository()
        if path == own or not _exists(path):
            return Source(location, reason, EMBEDDED, str(own))
    if "://" in location or urls.is_short_address(location) or path.is_absolute():
        return Source(location, reason)
    existing = [candidate for candidate in (folder / path, Path.cwd() / path) if _exists(candidate)]
    return Source(location, reason, current_location=str(existing[0]) if existing else "")


def _exists(path: Path) -> bool:
    # Until Python 3.14, Path.exists() raises for a name that is too long.
    return os.path.exists(path)  # noqa: PTH110


def is_embedded(location: str) -> bool:
    """Whether a recorded location is that of an embedded template, unpacked on this machine or on another one."""
    kind = location.replace("\\", "/").rpartition(f"/{config.NAME}/")[2]
    return kind in {"template", "template-checkout"} and "://" not in location


def _candidates(option: str | None) -> Iterator[tuple[str, str]]:
    yield option or "", "--template names it"
    yield os.environ.get(config.TEMPLATE_VARIABLE, ""), f"{config.TEMPLATE_VARIABLE} names it"
    if setting := config.load().get("template"):
        yield str(setting[0]), f"{setting[1]} names it"
    yield _install_origin(), "the tool was installed from there"


def _embedded(reason: str) -> Source:
    return Source(_home_relative(unpacked.repository()), reason, EMBEDDED)


def normalise(location: str) -> str:
    """`location` as an answers file may keep it for years: no relative path, no credentials.

    A URL that plain copier would not take for a git repository gets copier's prefix `git+`. Raises ToolError for an
    address that is refused, as `urls.full_address` does.
    """
    address = urls.full_address(location)
    if urls.is_short_address(location):
        return location
    if "://" not in address:
        return _local(expanded(address).absolute())
    url = urls.public(address)
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


def _install_origin() -> str:
    """The git URL that the tool was installed from, or an editable checkout's `origin`; '' for neither."""
    origin = installation.origin()
    if "vcs_info" in origin:
        return str(origin["url"])
    if checkout := installation.editable_checkout():
        return git.remote_url(checkout)
    return ""


def is_first_use(source: Source) -> bool:
    """Whether this user uses the embedded template for the first time; True only once.

    A file beside the template remembers it.
    """
    if source.label != EMBEDDED:
        return False
    marker = expanded(source.location).with_name(".told-to-publish")
    if marker.exists():
        return False
    with suppress(OSError):
        marker.touch()
    return True


def publish(url: str) -> str:
    """Push the embedded template with every tag to `url`, write the address to the config, and return it.

    The push is not forced, so what the server has stays. Raises ToolError when the server refuses; then the config
    stays too.
    """
    location = normalise(url)
    # As given, with its credentials; a path is relative to the current folder, not to the repository.
    is_remote = "://" in url or urls.is_short_address(url)
    address = urls.full_address(url) if is_remote else str(expanded(url).absolute())
    push = ("push", "--quiet", "--progress", "--", urls.public(address), "main:main", "refs/tags/*:refs/tags/*")
    try:
        remotes.transfer(address, *push, at=unpacked.repository())
    except ProcessError as error:
        message = f"The template cannot be pushed to {location}: {remotes.failure_reason(error)}."
        raise ToolError(message, "Create an empty repository there, check your access, and publish again.") from error
    config.write("template", location)
    return location
