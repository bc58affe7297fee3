"""The selection of a wave: the part of a fleet that a plan covers."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.fleet.inventory import fleet_toml
from new_ops_project.fleet.inventory.scan import Inspection

ALL, CANARY = "all", "canary"


def select(inspections: Iterable[Inspection], wave: str, waves: Mapping[str, Any]) -> list[Inspection]:
    """The projects of a wave: a name in `waves`, a percentage, `canary` or `all`.

    A larger percentage includes the smaller ones, so that 20 % contains all projects of 10 %. Raises ToolError for an
    unknown wave, and for a wave that names a member that the fleet does not have.
    """
    projects = [*inspections]
    meaning = waves.get(wave, wave)
    if meaning == ALL:
        return projects
    if isinstance(meaning, list):
        return _members(projects, wave, [str(member) for member in meaning])
    if isinstance(meaning, str) and fleet_toml.is_share(meaning):
        return _share(projects, float(meaning.rstrip("% ")))
    if wave == CANARY and wave not in waves:
        return _one_per_tier(projects)
    known = [*waves, CANARY, "10%", ALL]
    hint = nearest(wave, known) or f"Give one of {', '.join(dict.fromkeys(known))}."
    raise ToolError(f"There is no wave {wave!r}.", capitalize(hint))


def _members(projects: list[Inspection], wave: str, members: list[str]) -> list[Inspection]:
    for member in members:
        if not any(matches(project, member) for project in projects):
            message = f"The wave {wave!r} names {member!r}, which is not a group or a repository of this fleet."
            raise ToolError(message, "Fix it in fleet.toml.")
    return [project for project in projects if any(matches(project, member) for member in members)]


def matches(project: Inspection, member: str) -> bool:
    """Whether `member` of a wave means the project: it is its group, its name, or the last parts of its name.

    The name of a repository means all projects in it.
    """
    repository, end = project.name.partition("//")[0], f"/{member.strip('/')}"
    return member in {project.group, project.name, repository} or project.name.endswith(end) or repository.endswith(end)


def _share(projects: list[Inspection], percent: float) -> list[Inspection]:
    """At least one project, up to `percent` of all, in an order that depends only on their names."""
    count = max(1, -int(-len(projects) * percent // 100))
    chosen = {project.name for project in sorted(projects, key=_hash)[:count]}
    return [project for project in projects if project.name in chosen]


def _one_per_tier(projects: list[Inspection]) -> list[Inspection]:
    """One project of each tier, so that each kind is tried; the choice depends only on the names."""
    # The last one of each tier stays in the table, so the order is reversed.
    possible = (project for project in sorted(projects, key=_hash, reverse=True) if not project.state)
    chosen = {project.tier: project.name for project in possible}.values()
    return [project for project in projects if project.name in chosen]


def _hash(project: Inspection) -> bytes:
    return hashlib.sha256(os.fsencode(project.name)).digest()
