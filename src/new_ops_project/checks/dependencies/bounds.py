"""The rule about exact versions in what a distribution requires."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks import declared_requirements
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.requirements import lower_bounds
from new_ops_project.formats.requirements.pep508 import canonical_name

# Extras for developers of the distribution: nobody depends on it with one of these.
_FOR_DEVELOPERS = re.compile(
    r"(?:dev|test|lint|doc|typ|mypy|ci|style|format|build|release|check|bench|cov|qa|pre-commit)", re.IGNORECASE
)
_REASON = re.compile(rb"[\"',]\s*#\s*\S.{7,}")
_EXACT = re.compile(r"={0,2}\s*(\d[\w.+!-]*)")


def exact_versions(repo: Repo) -> Iterator[Breach]:
    """Each `==` in what a distribution requires, except where a comment on the line says why."""
    if repo.tier == "script":
        return
    own = canonical_name(repo.pyproject.string("project", "name") or repo.setup.string("name"))
    for requirement in _published(repo):
        line = repo.files[requirement.path].split(b"\n")[requirement.place.line - 1 : requirement.place.line]
        is_explained = bool(line and _REASON.search(line[0]))
        if _is_exact(requirement) and not _are_sisters(requirement.name, own) and not is_explained:
            severity = None if repo.tier == "library" else Severity.WARNING
            message = f"{requirement.text} allows only one version of {requirement.name}."
            yield Breach(
                message,
                requirement.path,
                requirement.place.line,
                requirement.place.column,
                remedy=_remedy(requirement),
                severity=severity,
            )
    yield from _of_poetry(repo)


def _published(repo: Repo) -> Iterator[DeclaredRequirement]:
    """What is required at run time, including the extras that are meant for users."""
    extras = (each for listed in declared_requirements.extras(repo).values() for each in listed)
    for requirement in (*declared_requirements.required(repo), *extras, *declared_requirements.of_setup(repo)):
        if "=" in requirement.text and not _FOR_DEVELOPERS.match(requirement.extra):
            yield requirement


def _is_exact(requirement: DeclaredRequirement) -> bool:
    """Whether the requirement allows one version. `==1.2.*` allows what `~=1.2.0` does."""
    specifiers = requirement.parsed.specifier if requirement.parsed else ()
    return any(each.operator in {"==", "==="} and not each.version.endswith(".*") for each in specifiers)


def _are_sisters(name: str, own: str) -> bool:
    """Whether both are parts of one project, such as pydantic and pydantic-core, which are released together."""
    return bool(own) and (f"{name}-".startswith(f"{own}-") or f"{own}-".startswith(f"{name}-"))


def _remedy(requirement: DeclaredRequirement) -> str:
    """The lower bound to write; whether later versions work, only the project knows, so there is no fix."""
    new = lower_bounds.lower_bound(requirement.text)
    bound = f"Write {new}, with an upper bound if later versions break it; a lock holds the exact version."
    return bound if new != requirement.text else ""


def _of_poetry(repo: Repo) -> Iterator[Breach]:
    """Poetry reads a bare version as an exact one."""
    for requirement in declared_requirements.of_poetry(repo):
        version = _EXACT.fullmatch(requirement.version)
        if version and not requirement.group and not _is_for_developers(repo, requirement.name):
            yield Breach(
                f"{requirement.name} = {requirement.version!r} allows only one version of {requirement.name}.",
                repo.pyproject.path,
                requirement.place.line,
                requirement.place.column,
                remedy=f'Write "^{version[1]}", or ">={version[1]}".',
                severity=None if repo.tier == "library" else Severity.WARNING,
            )


def _is_for_developers(repo: Repo, name: str) -> bool:
    """Whether only extras for developers install a dependency of Poetry."""
    keys = ("tool", "poetry", "extras")
    extras = [extra for extra in repo.pyproject.table(*keys) if name in repo.pyproject.strings(*keys, extra)]
    return bool(extras) and all(map(_FOR_DEVELOPERS.match, extras))
