"""The rule about locked packages that nothing needs."""

from collections.abc import Iterable, Iterator, Mapping

from new_ops_project.base.text import list_first
from new_ops_project.checks import declared_requirements, requirements_files
from new_ops_project.checks.dependencies import lock_inputs, locked_packages, unpinned
from new_ops_project.checks.dependencies.lock_inputs import LockInputs
from new_ops_project.checks.dependencies.locked_packages import Lock
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.requirements_files import RequirementEntry, RequirementsFile
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template.pins import locks_yml

_MOST = 5  # packages that a message names


def superfluous(repo: Repo) -> Iterator[Breach]:
    """The entries of a lock that certainly nothing needs."""
    for requirements_file in requirements_files.in_root(repo):
        wanted = lock_inputs.of_requirements_file(repo, requirements_file)
        if wanted and wanted.is_all:
            left = (
                _left_by_comments(requirements_file, wanted)
                if requirements_file.is_annotated
                else _left_by_closures(requirements_file, wanted)
            )
            yield from _superfluous(
                requirements_file.path,
                {entry.name: entry.line for entry in left},
                unpinned.update_command(repo, requirements_file),
            )
    for lock in locked_packages.locks(repo):
        left_over = {name: lock.line(name) for name in _left_in(repo, lock)}
        yield from _superfluous(lock.path, left_over, lock.command)


def _superfluous(path: str, left: Mapping[str, int], command: str) -> Iterator[Breach]:
    """One finding for each lock: all that it no longer needs is one thing to do."""
    if not left:
        return
    names = [*left]
    message = f"Nothing needs {list_first(names, _MOST)}."
    yield Breach(message, path, left[names[0]], 1, remedy=f"Update it: {command}")


def _left_by_comments(requirements_file: RequirementsFile, wanted: LockInputs) -> list[RequirementEntry]:
    """Entries that no declared dependency leads to, by their `# via` comments; not those without one."""
    above = {entry.name: {_parent(text) for text in entry.via} for entry in requirements_file.entries}
    needed = _reached(wanted.names, {name: {child for child in above if name in above[child]} for name in above})
    known = {entry.name for entry in requirements_file.entries}
    annotated = [entry for entry in requirements_file.entries if entry.via and entry.version]
    # A comment that names a package which is not here shows that the file is a part of a lock: then nothing is certain.
    is_whole = all(above[entry.name] - {""} <= known for entry in annotated)
    return [entry for entry in annotated if entry.name not in needed] if is_whole else []


def _parent(text: str) -> str:
    """The package that a comment names; '' for the project itself and for files."""
    return "" if text.startswith("-") or "(" in text else canonical_name(text.partition("[")[0].strip())


def _left_by_closures(requirements_file: RequirementsFile, wanted: LockInputs) -> list[RequirementEntry]:
    """The same by the template's locks, if the entries have exactly the versions that those know."""
    known = locks_yml.shipped()
    if not all(each.name in known.closures and each.parsed and not each.parsed.extras for each in wanted.listed):
        return []
    needed = {name for each in wanted.listed for name in known.closures[each.name]}
    if any(
        known.versions.get(entry.name) != entry.version for entry in requirements_file.entries if entry.name in needed
    ):
        return []
    return [entry for entry in requirements_file.entries if entry.name not in needed and entry.kind == "name"]


def _left_in(repo: Repo, lock: Lock) -> list[str]:
    """The packages in uv's or poetry's lock that no dependency leads to."""
    roots = _roots(repo, lock)
    if not roots:
        return []
    below = {package.name: set[str]() for package in lock.packages}
    for package in lock.packages:
        below[package.name] |= package.needs
    local = {package.name for package in lock.packages if package.is_local}
    needed = _reached({*roots, *(name for name in local if name not in _own_name(repo))}, below)
    return [name for name in below if name not in needed and name not in local]


def _own_name(repo: Repo) -> set[str]:
    return {canonical_name(repo.pyproject.string(*keys)) for keys in (("project", "name"), ("tool", "poetry", "name"))}


def _roots(repo: Repo, lock: Lock) -> set[str]:
    """What the lock was made from; empty where that is not known in full."""
    tool = repo.pyproject.table("tool", "uv")
    if (
        lock.path == "uv.lock"
        and lock_inputs.is_static(repo)
        and not {*lock_inputs.OVERRIDES, "dev-dependencies", "workspace"} & tool.keys()
    ):
        return {each.name for each in lock_inputs.of_lock(repo, lock).listed} | _sourced(repo)
    if lock.path == "poetry.lock" and repo.pyproject.table("tool", "poetry"):
        listed = [
            *declared_requirements.required(repo),
            *(each for extra in declared_requirements.extras(repo).values() for each in extra),
        ]
        listed += [each for group in declared_requirements.groups(repo).values() for each in group]
        return {each.name for each in listed} | {each.name for each in declared_requirements.of_poetry(repo)}
    return set()


def _sourced(repo: Repo) -> set[str]:
    return {canonical_name(name) for name in repo.pyproject.table("tool", "uv", "sources")}


def _reached(roots: Iterable[str], below: Mapping[str, Iterable[str]]) -> set[str]:
    """Every name that `roots` lead to, themselves included."""
    reached = set[str]()
    waiting = [*roots]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [child for child in below.get(name, ()) if child not in reached]
    return reached
