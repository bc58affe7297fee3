"""What a lock must hold: the dependencies, extras and groups that it was made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.dependencies.locked_packages import Lock
from new_ops_project.checks.lock_files import RequirementsFile
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.formats.requirements import pep508
from new_ops_project.template.pins.pins_yml import normalise

# Settings of uv that take packages out of a resolution, or change what it asks for.
OVERRIDES = ("override-dependencies", "exclude-dependencies", "constraint-dependencies")


@dataclass(frozen=True)
class LockInputs:
    """What a lock must hold. `is_all`: nothing else can be needed."""

    listed: tuple[DeclaredRequirement, ...]
    is_all: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The packages, by name."""
        return frozenset(one.name for one in self.listed)


def of_listing(repo: Repo, listing: RequirementsFile) -> LockInputs | None:
    """What the command in a file's head resolves; a file with hashes and no such head is what installs the project."""
    made = listing.made
    if made is None:
        is_lock = listing.path == "requirements.txt" and listing.is_hashed and "requirements.in" not in repo.paths
        return LockInputs(_own(repo, declared_requirements.required(repo)), is_all=False) if is_lock else None
    if not made.is_of_pyproject:
        return None
    extras = {normalise(name): found for name, found in declared_requirements.extras(repo).items()}
    groups = declared_requirements.groups(repo)
    chosen = [*extras] if "--all-extras" in made.flags else [normalise(name) for name in made.takes("extra")]
    listed = [*declared_requirements.required(repo), *(one for name in chosen for one in extras.get(name, ()))]
    listed += [one for name in made.takes("group") for one in groups.get(normalise(name.rpartition(":")[2]), ())]
    is_all = not made.text.startswith("uv export") and set(made.sources) == {PYPROJECT} and is_static(repo)
    return LockInputs(_own(repo, listed), is_all)


def is_static(repo: Repo) -> bool:
    """Whether pyproject.toml itself lists everything."""
    dynamic = repo.pyproject.strings("project", "dynamic")
    return bool(repo.pyproject.table("project")) and not {"dependencies", "optional-dependencies"} & set(dynamic)


def _own(repo: Repo, listed: Iterable[DeclaredRequirement]) -> tuple[DeclaredRequirement, ...]:
    """Without what refers to the project itself, to get an extra of it, and what is no requirement."""
    own = normalise(repo.pyproject.string("project", "name"))
    return tuple(one for one in listed if one.name and one.name != own)


def of_lock(repo: Repo, lock: Lock) -> LockInputs:
    """What a lock in TOML must hold of [project]; without certainty, nothing."""
    required = declared_requirements.required(repo)
    extras = [one for listed in declared_requirements.extras(repo).values() for one in listed]
    groups = [one for listed in declared_requirements.groups(repo).values() for one in listed]
    if lock.path == "uv.lock":
        changed = {pep508.name(text) for key in OVERRIDES for text in repo.pyproject.strings("tool", "uv", key)}
        changed |= repo.pyproject.table("tool", "uv", "sources").keys()
        listed = [one for one in (*required, *extras, *groups) if one.name not in changed]
    elif lock.path == "pylock.toml":
        # It can be that of a group alone.
        listed = [*required] if any(lock.named(one.name) for one in required) else []
    elif lock.path == "pdm.lock" and "default" not in (lock.data.strings("metadata", "groups") or ["default"]):
        listed = []
    else:
        listed = [*required]
    return LockInputs(_own(repo, listed))
