"""Resolutions by uv, parsed from its output."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template.pins import uv

_LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=\S+)*)")


@dataclass(frozen=True)
class HashedRequirement:
    """One line of uv's output: an exact version, its environment marker and the hashes of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class PackageRelease:
    """A version of a package, and the upload date of its first file; None if the index does not tell."""

    version: str
    date: datetime | None


def compile_lines(requirements: Iterable[str], *options: str, python: str) -> dict[str, HashedRequirement]:
    """Resolve for every platform and every Python from `python` up, with as few versions of a package as possible."""
    return parse(uv.resolve(requirements, *options, python=python))


def releases(requirements: Iterable[str], *options: str, python: str) -> dict[str, PackageRelease]:
    """The same resolution as versions with their dates, which uv writes to a pylock.toml (PEP 751)."""
    output = uv.resolve(requirements, "--format", "pylock.toml", *options, python=python)
    packages = tomllib.loads(output).get("packages", [])
    return {canonical_name(package["name"]): _release(package) for package in packages}


def _release(package: Mapping[str, Any]) -> PackageRelease:
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    dates = [file.get("upload-time") for file in files]
    return PackageRelease(package["version"], min(dates) if dates and all(dates) else None)


def parse(text: str) -> dict[str, HashedRequirement]:
    """Read lines `name==version ; marker --hash=...`; raises ToolError if one package has two versions (a fork)."""
    requirements: dict[str, HashedRequirement] = {}
    for line in re.sub(r" *\\\n *", " ", text).splitlines():
        match = _LINE.fullmatch(line)
        if not match:
            raise ToolError(f"uv wrote a line that this tool cannot parse, {line!r}.", "Try another version of uv.")
        name, hashes = canonical_name(match["name"]), sorted(match["hashes"].replace("--hash=", "").split())
        if other := requirements.get(name):
            message = f"{name} needs two versions, {other.version} and {match['version']}."
            raise ToolError(message, "Change a bound in pins.yml so that one version is enough.")
        requirements[name] = HashedRequirement(name, match["version"], match["marker"] or "", tuple(hashes))
    return requirements


def requirement_lines(requirements: Iterable[HashedRequirement]) -> Iterator[str]:
    """Requirements in pip's own format, for `--require-hashes`."""
    for each in requirements:
        marker = f" ; {each.marker}" if each.marker else ""
        yield " \\\n    --hash=".join((f"{each.name}=={each.version}{marker}", *each.hashes)) + "\n"
