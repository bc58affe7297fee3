"""Which part of a fleet is done now: a wave by name, a percentage, or all of it."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from new_ops_project.base.errors import ToolError, nearest, sentence
from new_ops_project.fleet.inventory import fleet_toml
from new_ops_project.fleet.inventory.scan import Inspection

ALL, CANARY = "all", "canary"


def chosen(looks: Iterable[Inspection], wave: str, waves: Mapping[str, Any]) -> list[Inspection]:
    """The projects of a wave; a later one includes an earlier one, so that who was in 10 % is in 20 %, too.

    Raises ToolError for a wave that nobody has defined, and for a member that the fleet does not have.
    """
    found = [*looks]
    meaning = waves.get(wave, wave)
    if meaning == ALL:
        return found
    if isinstance(meaning, list):
        return _members(found, wave, [str(one) for one in meaning])
    if isinstance(meaning, str) and fleet_toml.is_share(meaning):
        return _share(found, float(meaning.rstrip("% ")))
    if wave == CANARY and wave not in waves:
        return _one_of_each(found)
    known = [*waves, CANARY, "10%", ALL]
    hint = nearest(wave, known) or f"Give one of {', '.join(dict.fromkeys(known))}."
    raise ToolError(f"There is no wave {wave!r}.", sentence(hint))


def _members(looks: list[Inspection], wave: str, members: list[str]) -> list[Inspection]:
    """Those whose group, name, or end of name is one of `members`."""
    found = {one.name for one in looks for member in members if is_called(one, member)}
    for member in members:
        if not any(is_called(one, member) for one in looks):
            message = f"The wave {wave!r} names {member!r}, which is no group and no repository of this fleet."
            raise ToolError(message, "Mend it in fleet.toml.")
    return [one for one in looks if one.name in found]


def is_called(one: Inspection, member: str) -> bool:
    """Whether a person who says `member` means this project: its group, its name, or the last parts of its name.

    A repository's name means all projects in it.
    """
    whole, end = one.name.partition("//")[0], f"/{member.strip('/')}"
    return member in {one.group, one.name, whole} or one.name.endswith(end) or whole.endswith(end)


def _share(looks: list[Inspection], percent: float) -> list[Inspection]:
    """The first `percent` of them in an order that only depends on their names; at least one."""
    order = sorted(looks, key=_place)
    count = max(1, -int(-len(order) * percent // 100)) if order else 0
    chosen = {one.name for one in order[:count]}
    return [one for one in looks if one.name in chosen]


def _one_of_each(looks: list[Inspection]) -> list[Inspection]:
    """One of each tier, so that every kind of project is tried; which one only depends on the names."""
    first: dict[str, Inspection] = {}
    for one in sorted(looks, key=_place):
        if not one.state:
            first.setdefault(one.tier, one)
    chosen = {one.name for one in first.values()}
    return [one for one in looks if one.name in chosen]


def _place(one: Inspection) -> bytes:
    return hashlib.sha256(os.fsencode(one.name)).digest()
