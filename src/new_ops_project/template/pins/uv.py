"""Resolutions by uv, from the package index that pip is configured for."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import platformdirs

from new_ops_project.base import process, reading
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.parsers import read_toml
from new_ops_project.formats.requirements.pep508 import canonical_name

SECONDS = 300  # for one run of uv, which has limits of its own for each request

_LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=\S+)*)")
_TREE_LINES = re.compile(r"^\W+")
_PIP_INDEX = re.compile(r"^(?:global|install|:env:)\.index-url='(.+)'$", re.MULTILINE)


def command() -> tuple[str, ...]:
    """The command that starts uv: this interpreter's own, else the one on PATH; raises ToolError if there is none."""
    if find_spec("uv"):
        return (sys.executable, "-P", "-m", "uv")
    if program := shutil.which("uv"):
        return (program,)
    raise ToolError("uv was not found.", "Run `python -m pip install uv`, or `pipx install uv`, and try again.")


def run(verb: str, *arguments: str, text: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run `uv pip` with `text` as its input and return its output.

    It uses wheels only, because building a source distribution runs code of its authors. Raises ToolError with uv's
    own reason.
    """
    options = ("--python", sys.executable, "--no-build", "--no-progress", *arguments)
    try:
        full = (*command(), "pip", verb, *options)
        return process.run(*full, stdin=text.encode(), env={**index(), **(env or {})}, seconds=SECONDS).text
    except ProcessError as error:
        hint = "Check pins.yml, and that uv can reach the package index."
        raise ToolError(f"`uv pip {verb}`: {reason(error.stderr)}", hint) from error


def resolve(requirements: Iterable[str], *options: str, python: str, env: Mapping[str, str] | None = None) -> str:
    """The output of `uv pip compile` for every platform and every Python from `python` up."""
    settings = ("--universal", "--python-version", python, "--fork-strategy", "fewest", "--no-header", "--no-annotate")
    return run("compile", *settings, *options, "-", text="".join(f"{line}\n" for line in requirements), env=env)


def reason(stderr: str) -> str:
    """Why uv failed, on one line: its error, and the first and last cause. Older releases draw a tree of them."""
    lines = [_TREE_LINES.sub("", line) for line in stderr.splitlines() if not line.startswith("warning:")]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    errors = errors or [" ".join(lines).strip()]
    return ": ".join(filter(None, dict.fromkeys((*errors, *causes[:1], *causes[-1:])))) or "no reason given"


def index() -> dict[str, str]:
    """The index that pip is configured for, as an environment variable of uv; {} if uv has its own settings."""
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")) or _has_settings():
        return {}
    url = os.environ.get("PIP_INDEX_URL") or pip_index()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _has_settings() -> bool:
    """Whether a configuration file of uv names an index."""
    config_file = os.environ.get("UV_CONFIG_FILE")
    user, site = platformdirs.user_config_path("uv", appauthor=False), platformdirs.site_config_path("uv")
    folders = (Path(), Path.home() / ".config" / "uv", user, site, Path("/etc/uv"))
    files = [Path(config_file)] if config_file else [folder / "uv.toml" for folder in folders]
    return any(b"index" in reading.read(file) for file in files if file.is_file())


@cache
def pip_index() -> str:
    """The `index-url` of pip's configuration files, or ''."""
    if not find_spec("pip"):
        return ""
    try:
        output = process.run(sys.executable, "-P", "-m", "pip", "config", "list", seconds=30).text
    except ProcessError:
        return ""
    match = _PIP_INDEX.search(output)
    return match[1] if match else ""


# ---- what it resolves ----


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
    return parse(resolve(requirements, *options, python=python))


def releases(requirements: Iterable[str], *options: str, python: str) -> dict[str, PackageRelease]:
    """The same resolution as versions with their dates, which uv writes to a pylock.toml (PEP 751)."""
    output = resolve(requirements, "--format", "pylock.toml", *options, python=python)
    packages = read_toml(output).get("packages", [])
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
