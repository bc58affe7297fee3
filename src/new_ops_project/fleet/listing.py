"""Which repositories a fleet has: folders of clones, lists, addresses, and fleet.toml with groups, owners and waves."""

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from new_ops_project import git, sources
from new_ops_project.errors import ToolError, nearest
from new_ops_project.fleet.model import Limits

FILE = "fleet.toml"
_SCP = re.compile(r"^(?:[\w.+-]+@)?([\w.-]+):(?!//)(.*)$")
# Folders that hold no clones of anybody's: other tools' caches, environments.
_CLOSED = frozenset({"node_modules", "__pycache__", "site-packages"})


@dataclass(frozen=True)
class Place:
    """Where one repository is: an address without credentials, or a folder on this machine."""

    url: str = ""
    folder: str = ""
    owner: str = ""
    group: str = ""


@dataclass(frozen=True)
class Fleet:
    """Every repository of the sources in order, each once, and what a fleet.toml says besides."""

    places: tuple[Place, ...]
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
        more = _of_file(Path(one)) if one.endswith(".toml") else Fleet(tuple(_places(one, Path.cwd())))
        fleet = Fleet((*fleet.places, *more.places), {**fleet.waves, **more.waves},
                      more.limits if more.limits != Limits() else fleet.limits,
                      more.author or fleet.author, more.forge or fleet.forge)  # fmt: skip
    return replace(fleet, places=tuple(dict.fromkeys(fleet.places)))


def _places(source: str, at: Path) -> Iterator[Place]:
    """The repositories of one source; paths count from the folder `at`."""
    if source == "-":
        yield from _listed(sys.stdin.read(), "standard input", at)
    elif is_address(source):
        yield Place(address(source))
    elif (path := at / sources.expanded(source)).is_dir():
        yield from (Place(folder=str(folder)) for folder in _clones(path.resolve()))
    elif path.is_file():
        yield from _listed(_text(path), str(path), path.parent)
    else:
        message = f"{source} is no folder of clones, no list of repositories and no git URL."
        raise ToolError(message, "Give a folder, a file with one path or URL on each line, - or a URL.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(
            f"{path} cannot be read: {error}.", "Give a text file, one path or URL on each line."
        ) from error


def _listed(text: str, name: str, at: Path) -> Iterator[Place]:
    """The repositories of a list: one on each line; lines that are empty or begin with # are left out."""
    for number, line in enumerate(text.splitlines(), 1):
        one = line.strip()
        if not one or one.startswith("#"):
            continue
        if is_address(one):
            yield Place(address(one))
        elif (path := at / sources.expanded(one)).is_dir() and git.is_repository(path):
            yield Place(folder=str(path.resolve()))
        else:
            yield Place(folder=str(Path(os.path.normpath(path.absolute()))))  # its row says what is wrong with it
        if "\0" in one:
            raise ToolError(f"{name}, line {number}: {one!r} is no path.", "Mend that line.")


def _clones(folder: Path) -> Iterator[Path]:
    """The repositories in `folder`, itself included; what is inside of one is its own business."""
    if git.is_repository(folder):
        yield folder
        return
    try:
        inside = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:
        return
    for one in inside:
        if git.is_repository(one) or (one.name not in _CLOSED and not one.name.startswith(".")):
            yield from _clones(one)


# ---- addresses -------------------------------------------------------------------------------------------------------


def is_address(text: str) -> bool:
    """Whether `text` is an address of a remote rather than a path."""
    return "://" in text or (sources.is_short(text) and not Path(text).exists())


def address(text: str) -> str:
    """The address for git, without credentials: those are git's own credential helper's business.

    The account of an ssh address is part of it.
    """
    url = sources.address(text)
    if "://" not in url:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    account = f"{user.partition(':')[0]}@" if parts.scheme == "ssh" and user else ""
    return urlunsplit(parts._replace(netloc=f"{account}{host}", query="", fragment=""))


def name(url: str) -> str:
    """What a repository is known by: HOST/PATH of its address, however that is written; else the path."""
    found = _SCP.match(url) if "://" not in url else None
    if found:
        host, path = found.groups()
    elif "://" in url:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2], parts.path
    else:
        host, path = "", url
    return f"{host}/{path.strip('/')}".removesuffix(".git") if host else path.removesuffix("/").removesuffix(".git")


def owner(url: str) -> str:
    """Whose it is, as its address says: the first part of the path; '' for a path on this machine."""
    if "://" not in url and not _SCP.match(url):
        return ""
    parts = name(url).split("/")
    return parts[1] if len(parts) > 2 else ""  # noqa: PLR2004 - host, owner, repository


# ---- fleet.toml ------------------------------------------------------------------------------------------------------

_KEYS = ("author", "forge", "sources", "groups", "waves", "limits")
_GROUP = ("owner", "sources")


def _of_file(path: Path) -> Fleet:
    try:
        found = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{path} is not TOML: {error}.", "Mend that line.") from error
    _require_known(path, "", found, _KEYS)
    places = [one for text in _strings(path, "sources", found) for one in _places(text, path.parent)]
    groups = _table(path, "groups", found)
    for group, table in groups.items():
        _require_known(path, f"groups.{group}.", table, _GROUP)
        whose = str(table.get("owner", ""))
        inside = (one for text in _strings(path, "sources", table) for one in _places(text, path.parent))
        places += [replace(one, owner=whose, group=group) for one in inside]
    once = {(one.url, one.folder): one for one in places}  # a group says more than the list above it
    limits, forge = _limits(path, _table(path, "limits", found)), str(found.get("forge", ""))
    if forge not in {"", "github", "gitlab"}:
        raise ToolError(f"{path}: forge is {forge!r}.", "It is github or gitlab.")
    return Fleet(tuple(once.values()), _table(path, "waves", found), limits, str(found.get("author", "")), forge)


def _require_known(path: Path, where: str, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if not isinstance(found, Mapping):
        raise ToolError(f"{path}: {where.rstrip('.')} is {found!r}, not a table.", "Mend that line.")
    for key in found.keys() - set(known):
        hint = nearest(key, [*known]) or f"It may have {', '.join(known)}."
        raise ToolError(f"{path}: there is no key {where}{key}.", hint[:1].upper() + hint[1:])


def _table(path: Path, key: str, found: Mapping[str, Any]) -> dict[str, Any]:
    value = found.get(key, {})
    if not isinstance(value, dict):
        raise ToolError(f"{path}: {key} is {value!r}, not a table.", f"Write [{key}].")
    return value


def _strings(path: Path, key: str, found: Mapping[str, Any]) -> list[str]:
    value = found.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ToolError(f"{path}: {key} is {value!r}, not a list of texts.", f'Write {key} = ["...", "..."].')
    return value


def _limits(path: Path, found: Mapping[str, Any]) -> Limits:
    known = tuple(Limits.__dataclass_fields__)
    _require_known(path, "limits.", found, known)
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ToolError(f"{path}: limits.{key} is {value!r}, not a number.", "Write a number from 0 on.")
    return Limits(**{key: float(value) for key, value in found.items()})
