"""The rule about what nothing needs and a lock still holds, as far as that is certain."""

from collections.abc import Iterable, Iterator, Mapping

from new_ops_project.checks import declared_requirements, lock_files
from new_ops_project.checks.dependencies import lock_inputs, locked_packages, unpinned
from new_ops_project.checks.dependencies.lock_inputs import LockInputs
from new_ops_project.checks.dependencies.locked_packages import Lock
from new_ops_project.checks.lock_files import PinnedRequirement, RequirementsFile
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.template.pins import locks_yml
from new_ops_project.template.pins.pins_yml import normalise

_MOST = 5  # packages that a message names


def superfluous(repo: Repo) -> Iterator[Breach]:
    """The entries of a lock that nothing needs, as far as that is certain."""
    for listing in lock_files.listings(repo):
        wanted = lock_inputs.of_listing(repo, listing)
        if wanted and wanted.is_all:
            left = _left_by_comments(listing, wanted) if listing.is_annotated else _left_by_closures(listing, wanted)
            yield from _superfluous(listing.path, {one.name: one.line for one in left}, unpinned.renew(repo, listing))
    for lock in locked_packages.locks(repo):
        left_over = {name: lock.line(name) for name in _left_in(repo, lock)}
        yield from _superfluous(lock.path, left_over, lock.command)


def _superfluous(path: str, left: Mapping[str, int], command: str) -> Iterator[Breach]:
    """One finding a lock: what one dependency left behind is one thing to do."""
    if not left:
        return
    names = [*left]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    message = f"Nothing needs {', '.join(names[:_MOST])}{more}."
    yield Breach(message, path, left[names[0]], 1, remedy=f"Write it anew: {command}")


def _left_by_comments(listing: RequirementsFile, wanted: LockInputs) -> list[PinnedRequirement]:
    """Entries that no declared dependency leads to, by what `# via` says; not those without such a comment."""
    above = {entry.name: {_parent(text) for text in entry.via} for entry in listing.entries}
    needed = _reached(wanted.names, {name: {child for child in above if name in above[child]} for name in above})
    known = {entry.name for entry in listing.entries}
    told = [entry for entry in listing.entries if entry.via and entry.version]
    is_whole = all(above[entry.name] - {""} <= known for entry in told)
    return [entry for entry in told if entry.name not in needed] if is_whole else []


def _parent(text: str) -> str:
    """The package that a comment names; '' for the project itself and for files."""
    return "" if text.startswith("-") or "(" in text else normalise(text.partition("[")[0].strip())


def _left_by_closures(listing: RequirementsFile, wanted: LockInputs) -> list[PinnedRequirement]:
    """The same by what the template's locks know, where the entries are of the very versions that they know."""
    known = locks_yml.shipped()
    if not all(one.name in known.closures and one.parsed and not one.parsed.extras for one in wanted.listed):
        return []
    needed = {name for one in wanted.listed for name in known.closures[one.name]}
    if any(known.versions.get(entry.name) != entry.version for entry in listing.entries if entry.name in needed):
        return []
    return [entry for entry in listing.entries if entry.name not in needed and entry.kind == "name"]


def _left_in(repo: Repo, lock: Lock) -> list[str]:
    """The packages of uv's and poetry's locks that no dependency leads to."""
    roots = _roots(repo, lock)
    if not roots:
        return []
    below = {one.name: set[str]() for one in lock.packages}
    for one in lock.packages:
        below[one.name] |= one.needs
    local = {one.name for one in lock.packages if one.is_local}
    needed = _reached({*roots, *(name for name in local if name not in _own_name(repo))}, below)
    return [name for name in below if name not in needed and name not in local]


def _own_name(repo: Repo) -> set[str]:
    return {normalise(repo.pyproject.string(*keys)) for keys in (("project", "name"), ("tool", "poetry", "name"))}


def _roots(repo: Repo, lock: Lock) -> set[str]:
    """What the lock was asked for; empty where that cannot be told in full."""
    tool = repo.pyproject.table("tool", "uv")
    if (
        lock.path == "uv.lock"
        and lock_inputs.is_static(repo)
        and not {*lock_inputs.OVERRIDES, "dev-dependencies", "workspace"} & tool.keys()
    ):
        return {one.name for one in lock_inputs.of_lock(repo, lock).listed} | _sourced(repo)
    if lock.path == "poetry.lock" and repo.pyproject.table("tool", "poetry"):
        listed = [
            *declared_requirements.required(repo),
            *(one for many in declared_requirements.extras(repo).values() for one in many),
        ]
        listed += [one for many in declared_requirements.groups(repo).values() for one in many]
        return {one.name for one in listed} | {one.name for one in declared_requirements.poetry(repo)}
    return set()


def _sourced(repo: Repo) -> set[str]:
    return {normalise(name) for name in repo.pyproject.table("tool", "uv", "sources")}


def _reached(roots: Iterable[str], below: Mapping[str, Iterable[str]]) -> set[str]:
    """What can be come to from `roots`."""
    found = set[str]()
    waiting = [*roots]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [child for child in below.get(name, ()) if child not in found]
    return found
