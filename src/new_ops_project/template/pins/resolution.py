"""A fresh resolution of all packages in pins.yml, without versions that are too young."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from new_ops_project.base.errors import ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template.pins import uv
from new_ops_project.template.pins.locks_yml import Locks, ResolvedPackage
from new_ops_project.template.pins.uv import (
    HashedRequirement,
    PackageRelease,
    compile_lines,
    releases,
    requirement_lines,
)

_MODULE_SUFFIXES = frozenset({".py", ".so", ".pyd"})


@dataclass(frozen=True)
class ResolutionInput:
    """What to resolve: the lowest Python minor, and a lower bound for each normalized name.

    Versions uploaded after `limit` are not taken, except those that `locked` has already.
    """

    python: str
    at_least: Mapping[str, str]
    limit: datetime | None = None
    locked: Mapping[str, ResolvedPackage] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The direct requirements, in pip's format."""
        return [f"{name}>={bound}" for name, bound in self.at_least.items()]


@dataclass(frozen=True)
class Resolved:
    """The `chosen` versions with their `dates`, and the `newest` versions of any age."""

    wanted: ResolutionInput
    chosen: Mapping[str, HashedRequirement]
    dates: Mapping[str, PackageRelease]
    newest: Mapping[str, PackageRelease]


def resolve(wanted: ResolutionInput) -> Resolved:
    """Resolve everything at once; raises ToolError with uv's reason."""
    newest = releases(wanted.lines, python=wanted.python)
    with temporary_folder() as folder:
        ages = _ages(wanted, newest, folder / "constraints.txt")
        chosen = compile_lines(wanted.lines, "--generate-hashes", *ages, python=wanted.python)
    versions = {name: each.version for name, each in chosen.items()}
    return Resolved(wanted, chosen, {**newest, **_older_releases(versions, newest, wanted.python)}, newest)


def unavailable(wanted: ResolutionInput) -> dict[str, str]:
    """The direct requirements that cannot be resolved even alone, by name, with the reason."""
    with ThreadPoolExecutor() as pool:
        reasons = pool.map(partial(_failure, python=wanted.python), wanted.lines)
        return {name: reason for name, reason in zip(wanted.at_least, reasons, strict=True) if reason}


def _failure(line: str, python: str) -> str:
    """Why one requirement cannot be resolved, or ''."""
    try:
        uv.resolve([line], "--no-deps", python=python, env={"UV_HTTP_RETRIES": "0"})
    except ToolError as error:
        return error.message
    return ""


def _ages(wanted: ResolutionInput, newest: Mapping[str, PackageRelease], constraints: Path) -> list[str]:
    """The options of uv for the limit; `constraints` is the file that they name, which is written here.

    uv's --exclude-newer excludes files without a date, so packages from an index without dates are exempt from it.
    Locked packages that are younger than the limit are exempt too, or they would be downgraded.
    """
    if wanted.limit is None:
        return []
    locked = {name: package.version for name, package in wanted.locked.items()}
    known = {**newest, **_older_releases(locked, newest, wanted.python)}
    undated = [name for name, release in known.items() if release.date is None]
    held = [(name, release) for name, release in known.items() if release.version == locked.get(name)]
    young = [name for name, release in held if release.date and release.date > wanted.limit]
    constraints.write_text("".join(f"{name}<={locked[name]}\n" for name in young), encoding="utf-8")
    exempt = (f"--exclude-newer-package={name}=false" for name in (*undated, *young))
    limit = f"{wanted.limit.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return [f"--exclude-newer={limit}", f"--constraints={constraints}", *exempt]


def _older_releases(
    versions: Mapping[str, str], newest: Mapping[str, PackageRelease], python: str
) -> dict[str, PackageRelease]:
    """The releases of `versions` that are not the newest; {} if the index no longer has one of them."""
    current = {name: release.version for name, release in newest.items()}
    lines = [f"{name}=={version}" for name, version in versions.items() if current.get(name) != version]
    try:
        return releases(lines, "--no-deps", python=python) if lines else {}
    except ToolError:
        return {}


def lock(resolved: Resolved) -> Locks:
    """The locks: each direct name resolved alone among the chosen versions, and the modules of each package."""
    with temporary_folder() as folder:
        closures = _closures(resolved, folder)
        modules = _modules(resolved.chosen.values(), folder)
    known = {name: package.modules for name, package in resolved.wanted.locked.items()} | modules
    packages = {
        name: ResolvedPackage(each.version, known.get(name, (name.replace("-", "_"),)), each.hashes)
        for name, each in resolved.chosen.items()
    }
    return Locks(f">={resolved.wanted.python}", closures, packages)


def _closures(resolved: Resolved, folder: Path) -> dict[str, dict[str, str]]:
    """Resolve each direct name alone among the chosen versions.

    In one resolution of all, a package that two names need would get the markers of both.
    """
    constraints, names = folder / "constraints.txt", resolved.wanted.at_least
    lines = (f"{each.name}=={each.version}\n" for each in resolved.chosen.values())
    constraints.write_text("".join(lines), encoding="utf-8")
    closure = partial(_closure, constraints=constraints, python=resolved.wanted.python)
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(closure, names), strict=True))


def _closure(name: str, *, constraints: Path, python: str) -> dict[str, str]:
    """Every package that `name` needs, itself included, with its marker."""
    lines = compile_lines([name], "--constraints", str(constraints), python=python)
    return {each.name: each.marker for each in lines.values()}


def _modules(requirements: Iterable[HashedRequirement], folder: Path) -> dict[str, tuple[str, ...]]:
    """The top-level modules of each package that this machine can install, from a temporary installation.

    For packages of other systems and Pythons, the caller keeps the modules in the lock, which may come from there.
    """
    prefix, wanted = folder / "installed", folder / "requirements.txt"
    wanted.write_text("".join(requirement_lines(requirements)), encoding="utf-8")
    uv.run("install", "--prefix", str(prefix), "--no-deps", "--require-hashes", "--requirements", str(wanted))
    modules = {}
    for distribution in map(Distribution.at, prefix.rglob("*.dist-info")):
        names = {module_name(path) for path in distribution.files or ()}  # from its RECORD (PEP 376)
        modules[canonical_name(distribution.name)] = tuple(sorted(filter(str.isidentifier, names - {"__pycache__"})))
    return modules


def module_name(path: PurePosixPath) -> str:
    """The top-level module that a file is or belongs to; '' for data, and for modules that mypyc names by a hash."""
    name = path.parts[0] if len(path.parts) > 1 else path.name.split(".")[0]
    return "" if path.suffix not in _MODULE_SUFFIXES or name.endswith("__mypyc") else name
