"""A fresh resolution of everything that pins.yml names, in which nothing is younger than is wanted."""

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from new_ops_project.base.errors import ToolError
from new_ops_project.template.pins import uv
from new_ops_project.template.pins.locks_yml import Locks, ResolvedPackage
from new_ops_project.template.pins.pins_yml import normalise
from new_ops_project.template.pins.uv_output import (
    HashedRequirement,
    PackageRelease,
    compile_lines,
    releases,
    requirement_lines,
)

_MODULE_SUFFIXES = frozenset({".py", ".so", ".pyd"})


@dataclass(frozen=True)
class ResolutionInput:
    """What to resolve: the lowest Python minor, a lower bound for each normalised name.

    `limit`: what was uploaded later is not taken, but for versions that `locked` has already.
    """

    python: str
    at_least: Mapping[str, str]
    limit: datetime | None = None
    locked: Mapping[str, ResolvedPackage] = field(default_factory=dict)

    @property
    def versions(self) -> dict[str, str]:
        """What is locked already, by name."""
        return {name: package.version for name, package in self.locked.items()}

    @property
    def lines(self) -> list[str]:
        """The direct requirements, as pip writes them."""
        return [f"{name}>={bound}" for name, bound in self.at_least.items()]


@dataclass(frozen=True)
class Resolved:
    """What is taken (`chosen`, with `dates` if there are any), and the newest there is whatever its age (`newest`)."""

    wanted: ResolutionInput
    chosen: Mapping[str, HashedRequirement]
    dates: Mapping[str, PackageRelease]
    newest: Mapping[str, PackageRelease]


def resolve(wanted: ResolutionInput) -> Resolved:
    """Resolve everything at once; raises ToolError with uv's reason."""
    newest = releases(wanted.lines, python=wanted.python)
    with tempfile.TemporaryDirectory(prefix="lock-") as folder:
        ages = _ages(wanted, newest, Path(folder, "constraints.txt"))
        chosen = compile_lines(wanted.lines, "--generate-hashes", *ages, python=wanted.python)
    versions = {name: each.version for name, each in chosen.items()}
    return Resolved(wanted, chosen, {**newest, **_elsewhere(versions, newest, wanted.python)}, newest)


def failing(wanted: ResolutionInput) -> dict[str, str]:
    """Those of the direct names that cannot be had even alone, with the reason."""
    with ThreadPoolExecutor() as pool:
        reasons = pool.map(partial(_alone, python=wanted.python), wanted.lines)
        return {name: why for name, why in zip(wanted.at_least, reasons, strict=True) if why}


def _alone(line: str, python: str) -> str:
    settings = ("--universal", "--python-version", python, "--no-deps", "-")
    try:
        uv.run("compile", *settings, text=f"{line}\n", env={"UV_HTTP_RETRIES": "0"})
    except ToolError as error:
        return error.message
    return ""


def _ages(wanted: ResolutionInput, newest: Mapping[str, PackageRelease], constraints: Path) -> list[str]:
    """Options of uv for the limit; `constraints` is a file that they may name.

    Its --exclude-newer takes files without a date for too young, so that packages from an index without dates are
    exempt. So is what is locked already though it is younger: it stays as it is, and does not go back.
    """
    if wanted.limit is None:
        return []
    known = {**newest, **_elsewhere(wanted.versions, newest, wanted.python)}
    undated = [name for name, release in known.items() if release.date is None]
    locked = {name: release for name, release in known.items() if release.version == wanted.versions.get(name)}
    young = [name for name, release in locked.items() if release.date and release.date > wanted.limit]
    constraints.write_text("".join(f"{name}<={wanted.versions[name]}\n" for name in young), encoding="utf-8")
    exempt = (f"--exclude-newer-package={name}=false" for name in (*undated, *young))
    return [f"--exclude-newer={_stamp(wanted.limit)}", f"--constraints={constraints}", *exempt]


def _elsewhere(
    versions: Mapping[str, str], newest: Mapping[str, PackageRelease], python: str
) -> dict[str, PackageRelease]:
    """Those of `versions` that are not the newest, with their dates; none if one of them is not there any more."""
    lines = [
        f"{name}=={version}"
        for name, version in versions.items()
        if name not in newest or newest[name].version != version
    ]
    try:
        return releases(lines, "--no-deps", python=python) if lines else {}
    except ToolError:
        return {}


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def lock(resolved: Resolved) -> Locks:
    """Resolve each direct name alone within the versions that are chosen, then see which modules they bring."""
    with tempfile.TemporaryDirectory(prefix="lock-") as folder:
        closures = _closures(resolved, Path(folder))
        modules = _modules(resolved.chosen.values(), Path(folder))
    known = {name: package.modules for name, package in resolved.wanted.locked.items()} | modules
    packages = {
        name: ResolvedPackage(each.version, known.get(name, (name.replace("-", "_"),)), each.hashes)
        for name, each in resolved.chosen.items()
    }
    return Locks(f">={resolved.wanted.python}", closures, packages)


def _closures(resolved: Resolved, folder: Path) -> dict[str, dict[str, str]]:
    """Resolve each direct name alone within the versions of all, which makes its markers exact."""
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
    """Install into a throwaway prefix what this machine can have, and list the modules of each package.

    For the others, those of other systems and Pythons, what the lock has already counts: it may be from there.
    """
    prefix, wanted = folder / "installed", folder / "requirements.txt"
    wanted.write_text("".join(requirement_lines(requirements)), encoding="utf-8")
    uv.run("install", "--prefix", str(prefix), "--no-deps", "--require-hashes", "--requirements", str(wanted))
    found = (Distribution.at(path) for path in prefix.rglob("*.dist-info"))
    return {normalise(each.name): _top_level(each) for each in found}


def _top_level(distribution: Distribution) -> tuple[str, ...]:
    """The names that `import` finds in a distribution, from its RECORD (PEP 376), so the same on each platform."""
    names = {module_name(path) for path in distribution.files or ()}
    return tuple(sorted(name for name in names if name.isidentifier() and name != "__pycache__"))


def module_name(path: PurePosixPath) -> str:
    """The top-level module that a file is, or is part of; '' for data and for what mypyc names by hash."""
    name = path.parts[0] if len(path.parts) > 1 else path.name.split(".")[0]
    return "" if path.suffix not in _MODULE_SUFFIXES or name.endswith("__mypyc") else name
