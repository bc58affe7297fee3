"""The list of a fleet's repositories, read from its sources: folders of clones, lists, URLs, fleet.toml files."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from new_ops_project import git
from new_ops_project.base import paths, reading
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.inventory import fleet_toml
from new_ops_project.fleet.model import Limits
from new_ops_project.git import urls

FILE = "fleet.toml"
_SCP = re.compile(r"^(?:[\w.+-]+@)?([\w.-]+):(?!//)(.*)$")
_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}  # the defaults: name() leaves them out
# Caches of other tools, environments, a file system's own folder: nobody keeps clones in them.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "lost+found"})


@dataclass(frozen=True)
class RepositoryPlace:
    """Where one repository is: an address without credentials, or a folder on this machine."""

    url: str = ""
    folder: str = ""
    owner: str = ""
    group: str = ""


@dataclass(frozen=True)
class Fleet:
    """The repositories of all sources, in order and each once, with the settings of fleet.toml."""

    places: tuple[RepositoryPlace, ...]
    waves: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    author: str = ""
    forge: str = ""


def read(sources: Iterable[str]) -> Fleet:
    """The fleet of these sources; without any, the fleet.toml in the current folder, or else the clones there.

    Raises ToolError for a source of another kind, with the line if it is in a list.
    """
    fleet = Fleet(())
    for source in [*sources] or [FILE if Path(FILE).exists() else "."]:
        path = paths.expanded(source)
        is_toml = path.suffix == ".toml" and not path.is_dir()
        more = _from_toml(path) if is_toml else Fleet(tuple(_places(source, Path.cwd())))
        fleet = Fleet(
            (*fleet.places, *more.places),
            {**fleet.waves, **more.waves},
            more.limits if more.limits != Limits() else fleet.limits,
            more.author or fleet.author,
            more.forge or fleet.forge,
        )
    return replace(fleet, places=_unique(fleet.places))


def _from_toml(path: Path) -> Fleet:
    """The fleet of a fleet.toml; relative paths start at its folder."""
    document = fleet_toml.read(path, _text(path))
    places: list[RepositoryPlace] = []
    for group in document.groups:
        for source in group.sources:
            try:
                members = [*_places(source, path.parent)]
            except ToolError as error:
                raise ToolError(f"{path}: {group.key}: {error.message}", error.hint) from error
            places += [replace(place, owner=group.owner, group=group.name) for place in members]
    return Fleet(_unique(places), document.waves, document.limits, document.author, document.forge)


def _unique(places: Iterable[RepositoryPlace]) -> tuple[RepositoryPlace, ...]:
    """Each place once, at its first position; an entry of a group replaces one without a group."""
    by_key: dict[str, RepositoryPlace] = {}
    for place in places:
        key = place.folder or name(place.url)
        if key not in by_key or (place.group and not by_key[key].group):
            by_key[key] = place
    return tuple(by_key.values())


def _places(source: str, folder: Path) -> Iterator[RepositoryPlace]:
    """The repositories of one source; relative paths start at `folder`."""
    if source == "-":
        yield from _from_list(_standard_input(), "Standard input", folder)
    elif is_address(source, folder):
        yield RepositoryPlace(address(source))
    elif (path := folder / paths.expanded(source)).is_dir():
        yield from (RepositoryPlace(folder=str(clone)) for clone in _clones(path.resolve()))
    elif path.is_file():
        yield from _from_list(_text(path), str(path), path.parent)
    else:
        message = f"{source} is not a folder of clones, a list of repositories or a git URL."
        raise ToolError(message, "Give a folder, a file with one path or URL on each line, - or a URL.")


def _text(path: Path) -> str:
    """The content of a file; bytes that are not UTF-8 survive as surrogates, since paths may have any bytes."""
    try:
        return reading.read(path).decode("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Give a text file, one path or URL on each line.") from error


def _standard_input() -> str:
    try:
        return sys.stdin.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"Standard input is not text: {error.reason} at byte {error.start}."
        raise ToolError(message, "Give one path or URL on each line, as UTF-8.") from error


def _from_list(text: str, name: str, folder: Path) -> Iterator[RepositoryPlace]:
    """The repositories of a list, one on each line; empty lines and lines that begin with # do not count."""
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if "\0" in entry:
            message = f"{name} is not a list of repositories: line {number} has a NUL byte."
            raise ToolError(message, "Give a text file as UTF-8, one path or URL on each line.")
        if entry and not entry.startswith("#"):
            try:
                yield _list_entry(entry, folder)
            except ToolError as error:
                raise ToolError(f"{name}, line {number}: {error.message}", error.hint) from error


def _list_entry(entry: str, folder: Path) -> RepositoryPlace:
    if is_address(entry, folder):
        return RepositoryPlace(address(entry))
    path = folder / paths.expanded(entry)
    if path.is_dir() and git.is_repository(path):
        return RepositoryPlace(folder=str(path.resolve()))
    # A path that is not a repository stays in the fleet: the row of its result says what is wrong.
    return RepositoryPlace(folder=str(Path(os.path.normpath(path.absolute()))))


def _clones(folder: Path) -> Iterator[Path]:
    """The repositories in `folder`, or `folder` itself if it is one; repositories inside a repository do not count.

    A folder that cannot be read is included, so that the row of its result says so.
    """
    try:
        if git.is_repository(folder):
            yield folder
            return
        subfolders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        yield folder
        return
    for subfolder in subfolders:
        if subfolder.name not in _SKIPPED and (not subfolder.name.startswith(".") or git.is_repository(subfolder)):
            yield from _clones(subfolder)


# ---- addresses -------------------------------------------------------------------------------------------------------


def is_address(text: str, folder: Path | None = None) -> bool:
    """Whether `text` is the address of a remote rather than a path, which starts at `folder`."""
    return "://" in text or (urls.is_short_address(text) and not (folder or Path()).joinpath(text).exists())


def address(text: str) -> str:
    """The address for git, without credentials, which git gets from its own credential helper.

    The account of an ssh address stays. Raises ToolError for an address that is refused, or that is none.
    """
    url = urls.without_login(urls.full_address(text))
    # Only http has queries; in an address of ssh or file, ? and # belong to the path.
    return re.split("[?#]", url)[0] if url.startswith("http") else url


def name(url: str) -> str:
    """The identity of a repository: HOST/PATH, the same for every spelling of its address; a path stays as it is."""
    match = _SCP.match(url) if "://" not in url else None
    if match:
        host, path = match.groups()
    elif "://" in url:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2], parts.path
        host = host.removesuffix(f":{_PORTS.get(parts.scheme)}")
    else:
        host, path = "", url
    path = path.rstrip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path.lstrip('/')}" if host else path or "/"


def owner(url: str) -> str:
    """The owner in an address, which is the first part of its path; '' for a path on this machine."""
    parts = name(url).split("/")
    return parts[1] if parts[0] and len(parts) > 2 else ""  # noqa: PLR2004 - host, owner, repository
