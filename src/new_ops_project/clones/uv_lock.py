"""The pins in uv.lock that `uv sync` installs for the project in the same folder."""

from collections.abc import Iterator, Mapping
from typing import Any

from new_ops_project.clones.requirements import Pin
from new_ops_project.formats.document import Document

_LOCAL = ("editable", "virtual", "directory")


def pins(lock: Document, pyproject: Document, environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins of the project and its default groups, with their dependencies, in an environment (PEP 508's variables).

    The format is uv's own (docs.astral.sh/uv/concepts/projects/layout).
    """
    packages: list[Mapping[str, Any]] = [table for table in lock.get("package") or () if isinstance(table, dict)]
    project = next((package for package in packages if "." in _local_folder(package)), None)
    if project is None:
        return ()
    configured = pyproject.get("tool", "uv", "default-groups")
    groups = configured if isinstance(configured, list) else ["dev"]
    dependencies = [*_dependencies(project)]
    dependencies += [dependency for group in groups for dependency in _of_group(project, str(group))]
    pins_by_key: dict[tuple[str, str], Pin] = {}
    for package in _reached(dependencies, packages, environment):
        exact = "" if _local_folder(package) else f"=={package.get('version')}"
        pins_by_key[str(package["name"]), exact] = Pin(str(package["name"]), exact, is_hashed=True)
    return tuple(pins_by_key.values())


def _reached(
    dependencies: list[Mapping[str, Any]], packages: list[Mapping[str, Any]], environment: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    """Each package that the dependencies need, directly or not; of several versions, the one that is named."""
    seen = set[tuple[str, ...]]()
    while dependencies:
        dependency = dependencies.pop()
        if not Pin("", marker=str(dependency.get("marker", ""))).applies(environment):
            continue
        name, version, extras = dependency.get("name"), dependency.get("version"), dependency.get("extra", ())
        for package in packages:
            key = (str(package.get("name")), str(package.get("version")), *map(str, extras))
            is_named = name == package.get("name") and version in {None, package.get("version")}
            if is_named and key not in seen:  # with its extras: each of them brings more dependencies
                seen.add(key)
                yield package
                dependencies += _dependencies(package)
                dependencies += [more for extra in extras for more in _of_extra(package, str(extra))]


def _local_folder(package: Mapping[str, Any]) -> tuple[str, ...]:
    """The folder of a package that is in the repository; () for one from an index."""
    source = package.get("source")
    return tuple(str(source[kind]) for kind in _LOCAL if kind in source) if isinstance(source, dict) else ()


def _dependencies(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _tables(package, "dependencies")


def _of_group(package: Mapping[str, Any], group: str) -> list[Mapping[str, Any]]:
    return _tables(package.get("dev-dependencies") or {}, group)


def _of_extra(package: Mapping[str, Any], extra: str) -> list[Mapping[str, Any]]:
    return _tables(package.get("optional-dependencies") or {}, extra)


def _tables(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The list of tables under `key`; [] if it is anything else."""
    value = table.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
