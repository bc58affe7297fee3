"""The pins in uv.lock that `uv sync` installs for the project in the same folder."""

from collections.abc import Iterator, Mapping

from new_ops_project.clones.requirements import Pin
from new_ops_project.formats.document import Document
from new_ops_project.formats.locks import Lock, LockedPackage, Need


def pins(lock: Lock, pyproject: Document, environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins of the project and its default groups, with their dependencies, in an environment (PEP 508's variables).

    The format is uv's own (docs.astral.sh/uv/concepts/projects/layout).
    """
    project = next((package for package in lock.packages if package.folder == "."), None)
    if project is None:
        return ()
    configured = pyproject.get("tool", "uv", "default-groups")
    groups = configured if isinstance(configured, list) else [*project.groups] if configured == "all" else ["dev"]
    needs = [*project.needs, *(need for name in groups for need in project.groups.get(str(name), ()))]
    exact = {(each.name, "" if each.folder else f"=={each.version}") for each in _reached(needs, lock, environment)}
    return tuple(Pin(name, version, is_hashed=True) for name, version in sorted(exact))


def _reached(needs: list[Need], lock: Lock, environment: Mapping[str, str]) -> Iterator[LockedPackage]:
    """Each package that is needed, directly or not; of several versions, the one that is named."""
    seen = set[tuple[str, str, tuple[str, ...]]]()
    while needs:
        need = needs.pop()
        if not Pin("", marker=need.marker).applies(environment):
            continue
        for package in lock.named(need.name):
            key = (package.name, package.version, need.extras)
            if need.version in {"", package.version} and key not in seen:  # with its extras: each brings more
                seen.add(key)
                yield package
                needs += [*package.needs, *(more for extra in need.extras for more in package.extras.get(extra, ()))]
