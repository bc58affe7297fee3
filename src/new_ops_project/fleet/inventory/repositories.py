"""Which repositories a fleet has: those of folders of clones, of lists, of addresses, and of a fleet.toml."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.inventory import fleet_toml
from new_ops_project.fleet.model import Limits
from new_ops_project.git import urls

FILE = "fleet.toml"
_SCP = re.compile(r"^(?:[\w.+-]+@)?([\w.-]+):(?!//)(.*)$")
_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}  # where no port is written
# Folders that hold no clones of anybody's: other tools' caches, environments, a file system's own.
_CLOSED = frozenset({"node_modules", "__pycache__", "site-packages", "lost+found"})


@dataclass(frozen=True)
class RepositoryPlace:
    """Where one repository is: an address without credentials, or a folder on this machine."""

    url: str = ""
    folder: str = ""
    owner: str = ""
    group: str = ""


@dataclass(frozen=True)
class Fleet:
    """Every repository of the sources in order, each once, and what a fleet.toml says besides."""

    places: tuple[RepositoryPlace, ...]
    waves: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    author: str = ""
    forge: str = ""


def read(given: Iterable[str]) -> Fleet:
    """The fleet of these sources; of the fleet.toml here, or else the clones here, when none is given.

    Raises ToolError for a source that is nothing of the kind, with its line if it has one.
    """
    named = [*given] or [FILE if Path(FILE).is_file() else "."]
    fleet = Fleet(())
    for one in named:
        path = urls.expanded(one)
        more = _of_file(path) if _is_fleet(path) else Fleet(tuple(_places(one, Path.cwd())))
        fleet = Fleet(
            (*fleet.places, *more.places),
            {**fleet.waves, **more.waves},
            more.limits if more.limits != Limits() else fleet.limits,
            more.author or fleet.author,
            more.forge or fleet.forge,
        )
    return replace(fleet, places=_once(fleet.places))


def _is_fleet(path: Path) -> bool:
    return path.suffix == ".toml" and not path.is_dir()


def _of_file(path: Path) -> Fleet:
    """The fleet of a fleet.toml; paths count from its folder."""
    said = fleet_toml.read(path, _text(path))
    places: list[RepositoryPlace] = []
    for group in said.groups:
        for text in group.sources:
            try:
                found = [*_places(text, path.parent)]
            except ToolError as error:
                raise ToolError(f"{path}: {group.key}: {error.message}", error.hint) from error
            places += [replace(one, owner=group.owner, group=group.name) for one in found]
    return Fleet(_once(places), said.waves, said.limits, said.author, said.forge)


def _once(places: Iterable[RepositoryPlace]) -> tuple[RepositoryPlace, ...]:
    """Each place once, where it came first; what a group says of it holds wherever else it stands."""
    kept: dict[str, RepositoryPlace] = {}
    for one in places:
        key = one.folder or name(one.url)
        if key not in kept or (one.group and not kept[key].group):
            kept[key] = one
    return tuple(kept.values())


def _places(source: str, at: Path) -> Iterator[RepositoryPlace]:
    """The repositories of one source; paths count from the folder `at`."""
    if source == "-":
        yield from _listed(_standard_input(), "Standard input", at)
    elif is_address(source, at):
        yield RepositoryPlace(address(source))
    elif (path := at / urls.expanded(source)).is_dir():
        yield from (RepositoryPlace(folder=str(folder)) for folder in _clones(path.resolve()))
    elif path.is_file():
        yield from _listed(_text(path), str(path), path.parent)
    else:
        message = f"{source} is no folder of clones, no list of repositories and no git URL."
        raise ToolError(message, "Give a folder, a file with one path or URL on each line, - or a URL.")


def _text(path: Path) -> str:
    """What a file holds; names of any bytes survive."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Give a text file, one path or URL on each line.") from error


def _standard_input() -> str:
    try:
        return sys.stdin.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"Standard input is no text: {error.reason} at byte {error.start}."
        raise ToolError(message, "Give one path or URL on each line, as UTF-8.") from error


def _listed(text: str, name: str, at: Path) -> Iterator[RepositoryPlace]:
    """The repositories of a list: one on each line; lines that are empty or begin with # are left out."""
    for number, line in enumerate(text.split("\n"), 1):
        one = line.strip()
        if "\0" in one:
            message = f"{name} is no list of repositories: line {number} has a NUL byte."
            raise ToolError(message, "Give a text file as UTF-8, one path or URL on each line.")
        if one and not one.startswith("#"):
            try:
                yield _line(one, at)
            except ToolError as error:
                raise ToolError(f"{name}, line {number}: {error.message}", error.hint) from error


def _line(one: str, at: Path) -> RepositoryPlace:
    if is_address(one, at):
        return RepositoryPlace(address(one))
    path = at / urls.expanded(one)
    if path.is_dir() and git.is_repository(path):
        return RepositoryPlace(folder=str(path.resolve()))
    return RepositoryPlace(folder=str(Path(os.path.normpath(path.absolute()))))  # its row says what is wrong with it


def _clones(folder: Path) -> Iterator[Path]:
    """The repositories in `folder`, itself included; what is inside of one is its own business.

    A folder that cannot be read is among them: its row says so.
    """
    try:
        if git.is_repository(folder):
            yield folder
            return
        inside = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:
        yield folder
        return
    for one in inside:
        if one.name not in _CLOSED and (not one.name.startswith(".") or git.is_repository(one)):
            yield from _clones(one)


# ---- addresses -------------------------------------------------------------------------------------------------------


def is_address(text: str, at: Path | None = None) -> bool:
    """Whether `text` is an address of a remote rather than a path, which counts from the folder `at`."""
    return "://" in text or (urls.is_short(text) and not (at or Path()).joinpath(text).exists())


def address(text: str) -> str:
    """The address for git, without credentials: those are git's own credential helper's business.

    The account of an ssh address is part of it. Raises ToolError for what is no address, without naming it: there may
    be a password in it.
    """
    url = urls.address(text)
    if "://" not in url:
        if "@" in url.partition(":")[2].partition("/")[0]:
            raise ToolError("An address has credentials and no scheme.", "Write it as https://HOST/PATH.")
        return url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ToolError("An address cannot be read as a URL.", "Write it as https://HOST/PATH.") from error
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme != "file" and (not parts.hostname or port == 0):
        raise ToolError(f"An address of {parts.scheme}:// has no host.", "Write it as https://HOST/PATH.")
    account = f"{user.partition(':')[0]}@" if parts.scheme.endswith("ssh") and user else ""
    more = {"query": "", "fragment": ""} if parts.scheme.startswith("http") else {}  # of a path, they are a part
    return urlunsplit(parts._replace(netloc=f"{account}{host}", **more))


def name(url: str) -> str:
    """What a repository is known by: HOST/PATH of its address, however that is written; else the path."""
    found = _SCP.match(url) if "://" not in url else None
    if found:
        host, path = found.groups()
    elif "://" in url:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2], parts.path
        host = host.removesuffix(f":{_PORTS.get(parts.scheme)}")
    else:
        host, path = "", url
    path = path.rstrip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path.lstrip('/')}" if host else path or "/"


def owner(url: str) -> str:
    """Whose it is, as its address says: the first part of the path; '' for a path on this machine."""
    parts = name(url).split("/")
    return parts[1] if parts[0] and len(parts) > 2 else ""  # noqa: PLR2004 - host, owner, repository
