"""The rule about what a lock lacks, or has otherwise than what it was made from."""

import re
from collections.abc import Iterator

from new_ops_project.checks import declared_requirements, lock_files
from new_ops_project.checks.declared_requirements import DeclaredRequirement
from new_ops_project.checks.dependencies import lock_inputs, locked_packages, unpinned
from new_ops_project.checks.dependencies.lock_inputs import LockInputs
from new_ops_project.checks.dependencies.locked_packages import Lock
from new_ops_project.checks.lock_files import PinnedRequirement, RequirementsFile
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach

_PROJECT = re.compile(r"\./?(?:\[.*\])?")


def uncovered(repo: Repo) -> Iterator[Breach]:
    """Each dependency that a lock lacks, or holds in a version that is not allowed; and pins that contradict others."""
    for listing in lock_files.listings(repo):
        if wanted := lock_inputs.of_listing(repo, listing):
            yield from _lacking(listing, wanted, unpinned.renew(repo, listing))
        yield from _contradicting(repo, listing)
    for lock in locked_packages.locks(repo):
        yield from _lacking(lock, lock_inputs.of_lock(repo, lock), lock.command)
        yield from _lacking_for_poetry(repo, lock)


def _lacking(lock: Lock | RequirementsFile, wanted: LockInputs, command: str) -> Iterator[Breach]:
    remedy = f"Write it anew: {command}"
    for one in wanted.listed:
        found = lock.named(one.name)
        if not found and not (one.parsed and one.parsed.marker) and not _is_vague(lock):
            message = f"{one.name} is not in {lock.path}, which is the lock of this list."
            yield Breach(message, one.path, one.place.line, one.place.column, remedy=remedy)
        versions = [entry.version for entry in found if entry.version]
        if versions and not any(_allows(one, version) for version in versions):
            line = found[0].line if isinstance(found[0], PinnedRequirement) else _line(lock, one.name)
            message = f"{one.name} {versions[0]} is not what {one.path} allows: {one.text}"
            yield Breach(message, lock.path, line, 1, remedy=remedy)


def _is_vague(lock: Lock | RequirementsFile) -> bool:
    """Whether an entry does not say which package it is: a path, or a URL, other than that of the project itself."""
    entries = lock.entries if isinstance(lock, RequirementsFile) else ()
    return any(not entry.name and not _PROJECT.fullmatch(entry.text) for entry in entries)


def _line(lock: Lock | RequirementsFile, name: str) -> int:
    return lock.line(name) if isinstance(lock, Lock) else 0


def _allows(one: DeclaredRequirement, version: str) -> bool:
    """Whether the requirement allows that version; one that cannot be compared counts as allowed."""
    from packaging.version import InvalidVersion

    if one.parsed is None or one.parsed.url:
        return True
    try:
        return one.parsed.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True


def _lacking_for_poetry(repo: Repo, lock: Lock) -> Iterator[Breach]:
    known = {one.name for one in declared_requirements.required(repo)}
    for one in declared_requirements.poetry(repo) if lock.path == "poetry.lock" else ():
        if not lock.named(one.name) and not one.has_marker and one.name not in known:
            message = f"{one.name} is not in {lock.path}, which is the lock of this list."
            yield Breach(message, PYPROJECT, one.place.line, one.place.column, remedy=f"Write it anew: {lock.command}")


def _contradicting(repo: Repo, listing: RequirementsFile) -> Iterator[Breach]:
    """Pins that differ from those of a file which this one includes, or was constrained by."""
    made = listing.made
    above = {*listing.includes, *listing.constraints, *(made.takes("constraint") if made else ())} - {listing.path}
    for path in sorted(above & set(repo.requirements)):
        other = lock_files.listing(repo, path)
        for entry in listing.entries:
            theirs = {one.version for one in other.named(entry.name)} if entry.version else set()
            mine = {one.version for one in listing.named(entry.name)}
            if theirs and "" not in theirs and not mine & theirs:
                message = f"{entry.name} is {entry.version} here, and {', '.join(sorted(theirs))} in {path}."
                yield Breach(
                    message, listing.path, entry.line, 1, remedy=f"Write it anew: {unpinned.renew(repo, listing)}"
                )
