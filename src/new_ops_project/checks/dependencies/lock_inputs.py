"""What a lock must contain, given the dependencies, extras or groups that it was made from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.formats.locks import UV, Lock
from new_ops_project.formats.requirements import pep508, reader
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.requirements.reader import RequirementsFile

# Settings of uv that remove packages from a resolution, or change what it requires.
OVERRIDES = ("override-dependencies", "exclude-dependencies", "constraint-dependencies")


@dataclass(frozen=True)
class LockInputs:
    """What a lock must contain. `is_all`: nothing else can be needed."""

    listed: tuple[DeclaredRequirement, ...]
    is_all: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The packages, by name."""
        return frozenset(requirement.name for requirement in self.listed)


def of_requirements_file(repo: Repo, file: RequirementsFile) -> LockInputs | None:
    """What the command in the file's head resolves; a hashed requirements.txt without one installs the project."""
    command = file.command
    if command is None:
        is_lock = file.path == "requirements.txt" and file.is_hashed and "requirements.in" not in repo.paths
        return LockInputs(_own(repo, declared_requirements.required(repo)), is_all=False) if is_lock else None
    if not command.is_of_pyproject:
        return None
    extras = {canonical_name(name): listed for name, listed in declared_requirements.extras(repo).items()}
    chosen = extras.keys() if "--all-extras" in command.options else map(canonical_name, command.values("--extra"))
    named = [name.rpartition(":")[2] for name in command.values("--group")]
    groups = declared_requirements.of_groups(repo) if named else {}
    listed = [*declared_requirements.of_distribution(repo)]
    listed += [each for name in chosen for each in extras.get(name, ())]
    listed += [each for name in named for each in groups.get(canonical_name(name), ())]
    is_all = not command.text.startswith("uv export") and set(command.sources) == {PYPROJECT} and is_static(repo)
    return LockInputs(_own(repo, listed), is_all)


def read_by(repo: Repo, file: RequirementsFile) -> set[str]:
    """The other files that the command of a requirements file reads, itself or through these."""
    waiting, read = [*_read_directly(file)], set[str]()
    for path in waiting:
        if path in repo.files and path not in {*read, file.path}:
            read.add(path)
            is_list = path.endswith((".in", ".txt"))
            waiting += _read_directly(reader.parse(path, repo.files[path])) if is_list else ()
    return read


def _read_directly(file: RequirementsFile) -> Iterator[str]:
    yield from (*file.includes, *file.constraints)
    if file.command and file.command.text.startswith("uv export"):
        yield UV.path
    elif file.command:
        yield from (*file.command.sources, *file.command.values("--constraint", "-c"))


def is_static(repo: Repo) -> bool:
    """Whether pyproject.toml itself lists everything."""
    dynamic = repo.pyproject.strings("project", "dynamic")
    return bool(repo.pyproject.table("project")) and not {"dependencies", "optional-dependencies"} & set(dynamic)


def _own(repo: Repo, listed: Iterable[DeclaredRequirement]) -> tuple[DeclaredRequirement, ...]:
    """All except what refers to the project itself (to get an extra of it) or is not a requirement."""
    own = canonical_name(repo.pyproject.string("project", "name"))
    return tuple(requirement for requirement in listed if requirement.name and requirement.name != own)


def of_lock(repo: Repo, lock: Lock) -> LockInputs:
    """What a lock in TOML must contain of [project]; nothing where that is uncertain."""
    listed = [*declared_requirements.required(repo)]
    if lock.format == UV:
        overrides = (text for key in OVERRIDES for text in repo.pyproject.strings("tool", "uv", key))
        changed = {*map(pep508.requirement_name, overrides), *repo.pyproject.table("tool", "uv", "sources")}
        listed = [each for each in (*listed, *declared_requirements.optional(repo)) if each.name not in changed]
    is_of_a_group = "default" not in (lock.data.strings("metadata", "groups") or ["default"])
    if lock.path == "pylock.toml":
        is_of_a_group = not any(lock.named(each.name) for each in listed)
    return LockInputs(() if is_of_a_group else _own(repo, listed))
