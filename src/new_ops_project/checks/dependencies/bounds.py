"""Rules about what a distribution requires of the environments that it is installed in."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks import declared_requirements, lock_files
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.formats.requirements import lower_bounds
from new_ops_project.template.pins.pins_yml import normalise

# Nobody depends on a distribution with one of these extras: they are for those who work on it.
_FOR_WORK = re.compile(
    r"(?:dev|test|lint|doc|typ|mypy|ci|style|format|build|release|check|bench|cov|qa|pre-commit)", re.IGNORECASE
)
# These write down, in their own lock, what pyproject.toml says: an edit of it alone makes them stale.
_STRICT = ("uv.lock", "poetry.lock", "pdm.lock")
_EXACT = re.compile(r"={0,2}\s*(\d[\w.+!-]*)")


def exact_versions(repo: Repo) -> Iterator[Breach]:
    """Each `==` in what a distribution requires."""
    if repo.tier == "script":
        return
    own = normalise(repo.pyproject.string("project", "name") or repo.setup.string("name"))
    for one in _published(repo):
        if _is_exact(one) and not _are_sisters(one.name, own):
            severity = None if repo.tier == "library" else Severity.WARNING
            message = f"{one.text} allows one version of {one.name} only."
            yield Breach(
                message, one.path, one.place.line, one.place.column, _loosened(repo, one), _remedy(one), severity
            )
    yield from _of_poetry(repo)


def _published(repo: Repo) -> Iterator[DeclaredRequirement]:
    """What is required at run time, also by extras that users may ask for."""
    asked = (one for listed in declared_requirements.extras(repo).values() for one in listed)
    for one in (*declared_requirements.required(repo), *asked, *declared_requirements.of_setup(repo)):
        if "=" in one.text and not _FOR_WORK.match(one.extra):
            yield one


def _is_exact(one: DeclaredRequirement) -> bool:
    """Whether the requirement allows one version. `==1.2.*` allows what `~=1.2.0` does."""
    found = one.parsed.specifier if one.parsed else ()
    return any(each.operator in {"==", "==="} and not each.version.endswith(".*") for each in found)


def _are_sisters(name: str, own: str) -> bool:
    """Whether both are parts of one thing, such as pydantic and pydantic-core, which are released together."""
    return bool(own) and (f"{name}-".startswith(f"{own}-") or f"{own}-".startswith(f"{name}-"))


def _remedy(one: DeclaredRequirement) -> str:
    new = lower_bounds.bound(one.text)
    return f"Write {new}; a lock holds the exact version." if new != one.text else ""


def _loosened(repo: Repo, one: DeclaredRequirement) -> Fix:
    """`>=` instead, where the exact version stands in a lock too, so that nothing is lost."""
    new = one.place.said(lower_bounds.bound(one.text))
    version = re.search(r"={2,3}\s*([^\s;,]+)", one.text)
    if not new or new == one.place.raw or not version or not _is_locked(repo, one.name, version[1]):
        return ()
    return (Edit(one.path, one.place.line, one.place.column, one.place.raw, new),)


def _is_locked(repo: Repo, name: str, version: str) -> bool:
    if any(path in repo.paths for path in _STRICT):
        return False
    return any(entry.version == version for found in lock_files.listings(repo) for entry in found.named(name))


def _of_poetry(repo: Repo) -> Iterator[Breach]:
    """Poetry reads a bare version as an exact one."""
    for one in declared_requirements.poetry(repo):
        found = _EXACT.fullmatch(one.version)
        if found and not one.group:
            yield Breach(
                f"{one.name} = {one.version!r} allows one version of {one.name} only.",
                repo.pyproject.path,
                one.place.line,
                one.place.column,
                remedy=f'Write "^{found[1]}", or ">={found[1]}".',
                severity=None if repo.tier == "library" else Severity.WARNING,
            )
