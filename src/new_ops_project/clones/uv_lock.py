"""uv.lock: which of its packages `uv sync` installs for the project in its folder."""

from collections.abc import Iterator, Mapping
from typing import Any

from new_ops_project.clones.requirements import Pin
from new_ops_project.formats.document import Document

_LOCAL = ("editable", "virtual", "directory")


def pins(lock: Document, pyproject: Document, environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins that the project and its default groups lead to in an environment (the variables of PEP 508).

    The format is uv's own (docs.astral.sh/uv/concepts/projects/layout).
    """
    packages: list[Mapping[str, Any]] = [one for one in lock.get("package") or () if isinstance(one, dict)]
    root = next((one for one in packages if "." in _place(one)), None)
    if root is None:
        return ()
    groups = pyproject.get("tool", "uv", "default-groups")
    chosen = groups if isinstance(groups, list) else ["dev"]
    ways = [*_edges(root, "dependencies"), *(way for group in chosen for way in _group(root, str(group)))]
    found: dict[tuple[str, str], Pin] = {}
    for package in _reached(ways, packages, environment):
        exact = "" if _place(package) else f"=={package.get('version')}"
        found[str(package["name"]), exact] = Pin(str(package["name"]), exact, is_hashed=True)
    return tuple(found.values())


def _reached(
    ways: list[Mapping[str, Any]], packages: list[Mapping[str, Any]], environment: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    """Each package that the ways lead to, one of several versions by the version that the way names."""
    seen = set[tuple[str, ...]]()
    while ways:
        way = ways.pop()
        if not Pin("", marker=str(way.get("marker", ""))).applies(environment):
            continue
        for package in packages:
            key = (str(package.get("name")), str(package.get("version")), *map(str, way.get("extra", ())))
            is_meant = way.get("name") == package.get("name") and way.get("version") in {None, package.get("version")}
            if is_meant and key not in seen:
                seen.add(key)
                yield package
                ways += _edges(package, "dependencies")
                ways += [more for extra in way.get("extra", ()) for more in _extra(package, str(extra))]


def _place(package: Mapping[str, Any]) -> tuple[str, ...]:
    """The folder of a package that lies in the repository; () for one from an index."""
    source = package.get("source")
    return tuple(str(source[kind]) for kind in _LOCAL if kind in source) if isinstance(source, dict) else ()


def _edges(package: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    listed = package.get(key)
    return [edge for edge in listed if isinstance(edge, dict)] if isinstance(listed, list) else []


def _group(package: Mapping[str, Any], group: str) -> Iterator[Mapping[str, Any]]:
    yield from _edges(package.get("dev-dependencies") or {}, group)


def _extra(package: Mapping[str, Any], extra: str) -> Iterator[Mapping[str, Any]]:
    yield from _edges(package.get("optional-dependencies") or {}, extra)
