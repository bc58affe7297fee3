"""The rule about locks that do not match what they were made from."""

import re
from collections.abc import Iterator

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.dependencies import lock_inputs, unpinned
from new_ops_project.checks.dependencies.lock_inputs import LockInputs
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.locks import Lock
from new_ops_project.formats.requirements.reader import RequirementsFile
from new_ops_project.formats.toml.places import TomlPlace

_PROJECT = re.compile(r"\./?(?:\[.*\])?")


def uncovered(repo: Repo) -> Iterator[Breach]:
    """Each dependency that a lock lacks or has in a version that is not allowed; each pin that contradicts another."""
    wanted = {file.path: lock_inputs.of_requirements_file(repo, file) or LockInputs(()) for file in repo.requirements}
    of_locks = {lock.path: [*_of_lock(repo, lock)] for lock in repo.locks}
    stale = {file.path for file in repo.requirements if any(_mismatches(file, wanted[file.path], ""))}
    stale |= {path for path, breaches in of_locks.items() if breaches}
    for file in repo.requirements:
        remedy = unpinned.update_remedy(repo, file, first=sorted(stale & lock_inputs.read_by(repo, file)))
        yield from _mismatches(file, wanted[file.path], remedy)
        yield from _contradicting(repo, file, remedy)
    yield from (breach for breaches in of_locks.values() for breach in breaches)


def _of_lock(repo: Repo, lock: Lock) -> Iterator[Breach]:
    yield from _mismatches(lock, lock_inputs.of_lock(repo, lock), f"Update it: {lock.format.command}")
    yield from _missing_for_poetry(repo, lock)


def _mismatches(lock: Lock | RequirementsFile, wanted: LockInputs, remedy: str) -> Iterator[Breach]:
    for requirement in wanted.listed:
        entries = lock.named(requirement.name)
        if not entries and not (requirement.parsed and requirement.parsed.marker) and not _has_nameless(lock):
            yield _missing(lock, requirement.name, requirement.path, requirement.place, remedy)
        versions = [entry.version for entry in entries if entry.version]
        if versions and not any(_allows(requirement, version) for version in versions):
            message = f"{requirement.name} {versions[0]} does not match {requirement.text} in {requirement.path}."
            yield Breach(message, lock.path, lock.line(requirement.name), 1, remedy=remedy)


def _missing(lock: Lock | RequirementsFile, name: str, path: str, place: TomlPlace, remedy: str) -> Breach:
    message = f"{name} is not in {lock.path}, which is the lock of this list."
    return Breach(message, path, place.line, place.column, remedy=remedy)


def _has_nameless(lock: Lock | RequirementsFile) -> bool:
    """Whether some entry does not name its package: a path or a URL, except that of the project itself."""
    entries = lock.entries if isinstance(lock, RequirementsFile) else ()
    return any(not entry.name and not _PROJECT.fullmatch(entry.text) for entry in entries)


def _allows(requirement: DeclaredRequirement, version: str) -> bool:
    """Whether the requirement allows that version; one that cannot be compared counts as allowed."""
    if requirement.parsed is None or requirement.parsed.url:
        return True
    try:
        return requirement.parsed.specifier.contains(version, prereleases=True)
    except ValueError:
        return True


def _missing_for_poetry(repo: Repo, lock: Lock) -> Iterator[Breach]:
    others = {each.name for each in declared_requirements.required(repo)}
    for requirement in declared_requirements.of_poetry(repo) if lock.path == "poetry.lock" else ():
        if not lock.named(requirement.name) and not requirement.has_marker and requirement.name not in others:
            yield _missing(lock, requirement.name, PYPROJECT, requirement.place, f"Update it: {lock.format.command}")


def _contradicting(repo: Repo, file: RequirementsFile, remedy: str) -> Iterator[Breach]:
    """Pins that differ from those of a file that this one includes, or was constrained by."""
    used = file.command.values("--constraint", "-c") if file.command else ()
    above = {*file.includes, *file.constraints, *used} - {file.path}
    for other in (each for each in repo.requirements if each.path in above):
        for entry in file.entries:
            theirs = {each.version for each in other.named(entry.name)} if entry.version else set()
            mine = {each.version for each in file.named(entry.name)}
            if theirs and "" not in theirs and not mine & theirs:
                versions = ", ".join(sorted(theirs))
                message = f"{entry.name} is {entry.version} here, but {versions} in {other.path}."
                yield Breach(message, file.path, entry.line, 1, remedy=remedy)
