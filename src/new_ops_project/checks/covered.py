"""Rules about locks and what they were made from: each dependency is in them, and each entry has one that needs it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.checks import declared, locked, pinned, unpinned
from new_ops_project.checks.declared import Wanted
from new_ops_project.checks.locked import Lock
from new_ops_project.checks.pinned import Entry, Listing
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.pins import locks
from new_ops_project.pins.table import normalise
from new_ops_project.reading import pep508

_MOST = 5  # packages that a message names
# Settings of uv that take packages out of a resolution, or change what it asks for.
_OVERRIDES = ("override-dependencies", "exclude-dependencies", "constraint-dependencies")


@dataclass(frozen=True)
class Wants:
    """What a lock must hold. `is_all`: nothing else can be needed."""

    listed: tuple[Wanted, ...]
    is_all: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The packages, by name."""
        return frozenset(one.name for one in self.listed)


# ---- what must be there ----------------------------------------------------------------------------------------


def uncovered(repo: Repo) -> Iterator[Breach]:
    """Each dependency that a lock lacks, or holds in a version that is not allowed; and pins that contradict others."""
    for listing in pinned.listings(repo):
        if wants := _of_listing(repo, listing):
            yield from _lacking(listing, wants, unpinned.renew(repo, listing))
        yield from _contradicting(repo, listing)
    for lock in locked.locks(repo):
        yield from _lacking(lock, _of_lock(repo, lock), lock.command)
        yield from _lacking_for_poetry(repo, lock)


def _of_listing(repo: Repo, listing: Listing) -> Wants | None:
    """What the command in a file's head resolves; a file with hashes and no such head is what installs the project."""
    made = listing.made
    if made is None:
        is_lock = listing.path == "requirements.txt" and listing.is_hashed and "requirements.in" not in repo.paths
        return Wants(_own(repo, declared.required(repo)), is_all=False) if is_lock else None
    if not made.is_of_pyproject:
        return None
    extras = {normalise(name): found for name, found in declared.extras(repo).items()}
    groups = declared.groups(repo)
    chosen = [*extras] if "--all-extras" in made.flags else [normalise(name) for name in made.takes("extra")]
    listed = [*declared.required(repo), *(one for name in chosen for one in extras.get(name, ()))]
    listed += [one for name in made.takes("group") for one in groups.get(normalise(name.rpartition(":")[2]), ())]
    is_all = not made.text.startswith("uv export") and set(made.sources) == {PYPROJECT} and _is_static(repo)
    return Wants(_own(repo, listed), is_all)


def _is_static(repo: Repo) -> bool:
    """Whether pyproject.toml itself lists everything."""
    dynamic = repo.pyproject.strings("project", "dynamic")
    return bool(repo.pyproject.table("project")) and not {"dependencies", "optional-dependencies"} & set(dynamic)


def _own(repo: Repo, listed: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """Without what refers to the project itself, to get an extra of it, and what is no requirement."""
    own = normalise(repo.pyproject.string("project", "name"))
    return tuple(one for one in listed if one.name and one.name != own)


def _of_lock(repo: Repo, lock: Lock) -> Wants:
    """What a lock in TOML must hold of [project]; without certainty, nothing."""
    required = declared.required(repo)
    extras = [one for listed in declared.extras(repo).values() for one in listed]
    groups = [one for listed in declared.groups(repo).values() for one in listed]
    if lock.path == "uv.lock":
        changed = {pep508.name(text) for key in _OVERRIDES for text in repo.pyproject.strings("tool", "uv", key)}
        changed |= repo.pyproject.table("tool", "uv", "sources").keys()
        listed = [one for one in (*required, *extras, *groups) if one.name not in changed]
    elif lock.path == "pylock.toml":
        # It can be that of a group alone.
        listed = [*required] if any(lock.named(one.name) for one in required) else []
    elif lock.path == "pdm.lock" and "default" not in (lock.data.strings("metadata", "groups") or ["default"]):
        listed = []
    else:
        listed = [*required]
    return Wants(_own(repo, listed))


def _lacking(lock: Lock | Listing, wants: Wants, command: str) -> Iterator[Breach]:
    remedy = f"Write it anew: {command}"
    for one in wants.listed:
        found = lock.named(one.name)
        if not found and not (one.parsed and one.parsed.marker):
            message = f"{one.name} is not in {lock.path}, which is the lock of this list."
            yield Breach(message, one.path, one.place.line, one.place.column, remedy=remedy)
        versions = [entry.version for entry in found if entry.version]
        if versions and not any(_allows(one, version) for version in versions):
            line = found[0].line if isinstance(found[0], Entry) else _line(lock, one.name)
            message = f"{one.name} {versions[0]} is not what {one.path} allows: {one.text}"
            yield Breach(message, lock.path, line, 1, remedy=remedy)


def _line(lock: Lock | Listing, name: str) -> int:
    return lock.line(name) if isinstance(lock, Lock) else 0


def _allows(one: Wanted, version: str) -> bool:
    """Whether the requirement allows that version; one that cannot be compared counts as allowed."""
    from packaging.version import InvalidVersion

    if one.parsed is None or one.parsed.url:
        return True
    try:
        return one.parsed.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True


def _lacking_for_poetry(repo: Repo, lock: Lock) -> Iterator[Breach]:
    known = {one.name for one in declared.required(repo)}
    for one in declared.poetry(repo) if lock.path == "poetry.lock" else ():
        if not lock.named(one.name) and not one.has_marker and one.name not in known:
            message = f"{one.name} is not in {lock.path}, which is the lock of this list."
            yield Breach(message, PYPROJECT, one.place.line, one.place.column, remedy=f"Write it anew: {lock.command}")


def _contradicting(repo: Repo, listing: Listing) -> Iterator[Breach]:
    """Pins that differ from those of a file which this one includes, or was constrained by."""
    made = listing.made
    above = {*listing.includes, *listing.constraints, *(made.takes("constraint") if made else ())} - {listing.path}
    for path in sorted(above & set(repo.requirements)):
        other = pinned.listing(repo, path)
        for entry in listing.entries:
            theirs = {one.version for one in other.named(entry.name)} if entry.version else set()
            mine = {one.version for one in listing.named(entry.name)}
            if theirs and "" not in theirs and not mine & theirs:
                message = f"{entry.name} is {entry.version} here, and {', '.join(sorted(theirs))} in {path}."
                yield Breach(
                    message, listing.path, entry.line, 1, remedy=f"Write it anew: {unpinned.renew(repo, listing)}"
                )


# ---- what must not be there --------------------------------------------------------------------------------------


def superfluous(repo: Repo) -> Iterator[Breach]:
    """The entries of a lock that nothing needs, as far as that is certain."""
    for listing in pinned.listings(repo):
        wants = _of_listing(repo, listing)
        if wants and wants.is_all:
            left = _left_by_comments(listing, wants) if listing.is_annotated else _left_by_closures(listing, wants)
            yield from _superfluous(listing.path, {one.name: one.line for one in left}, unpinned.renew(repo, listing))
    for lock in locked.locks(repo):
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


def _left_by_comments(listing: Listing, wants: Wants) -> list[Entry]:
    """Entries that no declared dependency leads to, by what `# via` says; not those without such a comment."""
    above = {entry.name: {_parent(text) for text in entry.via} for entry in listing.entries}
    needed = _reached(wants.names, {name: {child for child in above if name in above[child]} for name in above})
    known = {entry.name for entry in listing.entries}
    told = [entry for entry in listing.entries if entry.via and entry.version]
    is_whole = all(above[entry.name] - {""} <= known for entry in told)
    return [entry for entry in told if entry.name not in needed] if is_whole else []


def _parent(text: str) -> str:
    """The package that a comment names; '' for the project itself and for files."""
    return "" if text.startswith("-") or "(" in text else normalise(text.partition("[")[0].strip())


def _left_by_closures(listing: Listing, wants: Wants) -> list[Entry]:
    """The same by what the template's locks know, where the entries are of the very versions that they know."""
    known = locks.shipped()
    if not all(one.name in known.closures and one.parsed and not one.parsed.extras for one in wants.listed):
        return []
    needed = {name for one in wants.listed for name in known.closures[one.name]}
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
    if lock.path == "uv.lock" and _is_static(repo) and not {*_OVERRIDES, "dev-dependencies", "workspace"} & tool.keys():
        return {one.name for one in _of_lock(repo, lock).listed} | _sourced(repo)
    if lock.path == "poetry.lock" and repo.pyproject.table("tool", "poetry"):
        listed = [*declared.required(repo), *(one for many in declared.extras(repo).values() for one in many)]
        listed += [one for many in declared.groups(repo).values() for one in many]
        return {one.name for one in listed} | {one.name for one in declared.poetry(repo)}
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
