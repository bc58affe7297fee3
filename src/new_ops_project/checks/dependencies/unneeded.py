"""The rule about locked packages that nothing needs."""

from collections.abc import Iterable, Iterator, Mapping

from new_ops_project.base.text import list_first
from new_ops_project.checks import declared_requirements
from new_ops_project.checks.dependencies import lock_inputs, unpinned
from new_ops_project.checks.dependencies.lock_inputs import LockInputs
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.locks import UV, Lock
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.requirements.reader import RequirementEntry, RequirementsFile
from new_ops_project.template.pins import locks_yml

_MOST = 5  # packages that a message names


def superfluous(repo: Repo) -> Iterator[Breach]:
    """The entries of a lock that certainly nothing needs: one finding for each lock, as they are one thing to do."""
    for file in repo.requirements:
        wanted = lock_inputs.of_requirements_file(repo, file)
        if wanted and wanted.is_all:
            left = (_left_by_comments if file.is_annotated else _left_by_closures)(file, wanted)
            lines = {entry.name: entry.line for entry in left}
            yield from _superfluous(file.path, lines, unpinned.update_remedy(repo, file))
    for lock in repo.locks:
        yield from _superfluous(
            lock.path, {name: lock.line(name) for name in _left_in(repo, lock)}, f"Update it: {lock.format.command}"
        )


def _superfluous(path: str, left: Mapping[str, int], remedy: str) -> Iterator[Breach]:
    if left:
        message = f"Nothing needs {list_first([*left], _MOST)}."
        declare = "If your code needs it, add it to the dependencies."
        yield Breach(message, path, next(iter(left.values())), 1, remedy=f"{declare} {remedy}")


def _left_by_comments(file: RequirementsFile, wanted: LockInputs) -> list[RequirementEntry]:
    """Entries that no declared dependency leads to, by their `# via` comments; not those without one."""
    above = {entry.name: {_parent(text) for text in entry.via} for entry in file.entries}
    needed = _reached(wanted.names, {name: {child for child in above if name in above[child]} for name in above})
    annotated = [entry for entry in file.entries if entry.via and entry.version]
    # A comment that names a package which is not here shows that the file is a part of a lock: then nothing is certain.
    is_whole = all(above[entry.name] - {""} <= above.keys() for entry in annotated)
    return [entry for entry in annotated if entry.name not in needed] if is_whole else []


def _parent(text: str) -> str:
    """The package that a comment names; '' for the project itself and for files."""
    return "" if text.startswith("-") or "(" in text else canonical_name(text.partition("[")[0].strip())


def _left_by_closures(file: RequirementsFile, wanted: LockInputs) -> list[RequirementEntry]:
    """The same by the template's locks, if the entries have exactly the versions that those know."""
    known = locks_yml.shipped()
    if not all(each.name in known.closures and each.parsed and not each.parsed.extras for each in wanted.listed):
        return []
    needed = {name for each in wanted.listed for name in known.closures[each.name]}
    if any(known.versions.get(entry.name) != entry.version for entry in file.entries if entry.name in needed):
        return []
    return [entry for entry in file.entries if entry.name not in needed and entry.kind == "name"]


def _left_in(repo: Repo, lock: Lock) -> list[str]:
    """The packages in uv's or poetry's lock that no dependency leads to."""
    roots = _roots(repo, lock)
    below = {package.name: set[str]() for package in lock.packages}
    for package in lock.packages:
        below[package.name] |= package.may_need
    local = {package.name for package in lock.packages if package.folder}
    own = {canonical_name(repo.pyproject.string(*keys)) for keys in (("project", "name"), ("tool", "poetry", "name"))}
    needed = _reached(roots | (local - own), below)
    return [name for name in below if name not in needed | local] if roots else []


def _roots(repo: Repo, lock: Lock) -> frozenset[str]:
    """What the lock was made from; empty where that is not known in full."""
    tool = repo.pyproject.table("tool", "uv")
    unknown = {*lock_inputs.OVERRIDES, "dev-dependencies", "workspace"} & tool.keys()
    if lock.format == UV and lock_inputs.is_static(repo) and not unknown:
        return lock_inputs.of_lock(repo, lock).names | {
            canonical_name(name) for name in repo.pyproject.table("tool", "uv", "sources")
        }
    if lock.path == "poetry.lock" and repo.pyproject.table("tool", "poetry"):
        listed = (*declared_requirements.required(repo), *declared_requirements.optional(repo))
        return frozenset({each.name for each in listed} | {each.name for each in declared_requirements.of_poetry(repo)})
    return frozenset()


def _reached(roots: Iterable[str], below: Mapping[str, Iterable[str]]) -> set[str]:
    """Every name that `roots` lead to, themselves included."""
    reached, waiting = set[str](), [*roots]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += below.get(name, ())
    return reached
