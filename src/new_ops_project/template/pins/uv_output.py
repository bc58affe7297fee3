"""Resolutions by uv, parsed from its output."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

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
    settings = ("--universal", "--python-version", python, "--fork-strategy", "fewest", "--no-annotate", "--no-header")
    return parse(uv.run("compile", *settings, *options, "-", text=_lines(requirements)))


def releases(requirements: Iterable[str], *options: str, python: str) -> dict[str, PackageRelease]:
    """The same resolution as versions with their dates, which uv writes to a pylock.toml (PEP 751)."""
    settings = ("--universal", "--python-version", python, "--fork-strategy", "fewest", "--format", "pylock.toml")
    output = uv.run("compile", *settings, "--no-header", *options, "-", text=_lines(requirements))
    packages = tomllib.loads(output).get("packages", [])
    return {canonical_name(package["name"]): _release(package) for package in packages}


def _lines(requirements: Iterable[str]) -> str:
    return "".join(f"{requirement}\n" for requirement in requirements)


def _release(package: Mapping[str, object]) -> PackageRelease:
    dates = [file.get("upload-time") for file in _files(package)]
    known = [date for date in dates if isinstance(date, datetime)]
    return PackageRelease(str(package["version"]), min(known) if known and len(known) == len(dates) else None)


def _files(package: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    wheels, sdist = package.get("wheels"), package.get("sdist")
    yield from wheels if isinstance(wheels, list) else ()
    if isinstance(sdist, dict):
        yield sdist


def parse(text: str) -> dict[str, HashedRequirement]:
    """Read the output of `uv pip compile`; raises ToolError if one package has two versions (a fork)."""
    requirements: dict[str, HashedRequirement] = {}
    for line in re.sub(r" *\\\n *", " ", text).splitlines():
        requirement = _parse_line(line)
        if other := requirements.get(requirement.name):
            versions = f"{other.version} and {requirement.version}"
            raise ToolError(
                f"{other.name} needs two versions, {versions}.",
                "Change a bound in pins.yml so that one version is enough.",
            )
        requirements[requirement.name] = requirement
    return requirements


def _parse_line(line: str) -> HashedRequirement:
    """Read `name==version ; marker --hash=...`."""
    match = _LINE.fullmatch(line)
    if not match:
        raise ToolError(f"uv wrote a line that this tool cannot parse, {line!r}.", "Try another version of uv.")
    hashes = tuple(sorted(match["hashes"].replace("--hash=", "").split()))
    return HashedRequirement(canonical_name(match["name"]), match["version"], match["marker"] or "", hashes)


def requirement_lines(requirements: Iterable[HashedRequirement]) -> Iterator[str]:
    """Requirements in pip's own format, for `--require-hashes`."""
    for each in requirements:
        marker = f" ; {each.marker}" if each.marker else ""
        yield " \\\n    --hash=".join((f"{each.name}=={each.version}{marker}", *each.hashes)) + "\n"
