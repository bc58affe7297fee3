"""Results that are none become another plan: the same version of the template, the repositories as they are now."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from new_ops_project.errors import ToolError
from new_ops_project.fleet import history, looking, planning, store
from new_ops_project.fleet.listing import Fleet, Place
from new_ops_project.fleet.model import Delivered, Plan, Result, State


def plan(
    folders: Sequence[Path], only: Sequence[str], names: Sequence[str], told: Callable[[str, int, int], None]
) -> Plan | None:
    """A plan of the projects that ended in one of the states `only`, and are among `names` if there are any.

    What was computed and could not be delivered counts as that. None when there is no such project; raises ToolError
    for folders that are no results of one plan, and for a name that they do not have.
    """
    before, found = store.gathered(folders)
    delivered = {name: one for folder in folders for (name, of), one in
                 store.deliveries(folder / store.JOURNAL).items() if of == before.id}  # fmt: skip
    states = {name: _state(result, delivered[name].state if name in delivered else None)
              for name, (_, result) in found.items()}  # fmt: skip
    for name in names:
        if name not in states:
            raise ToolError(f"{name} is not in these results.", "See `new-ops-project fleet report DIR --json`.")
    wanted = frozenset(name for name, state in states.items() if state in only and (not names or name in names))
    if not wanted:
        return None
    results = [result for name, (_, result) in found.items() if name in wanted]
    places = tuple(dict.fromkeys(map(_place, results)))
    fleet = Fleet(places, {}, before.limits, before.author, before.forge)
    versions = {task.version for task in before.tasks}
    to = next(iter(versions)) if len(versions) == 1 else None
    looks = [one for one in looking.look(places, told) if one.name in wanted]
    groups = {result.name: (result.owner, result.group) for result in results}
    looks = [replace(one, owner=groups[one.name][0], group=groups[one.name][1]) for one in looks]
    return planning.of_looks(looks, fleet, planning.Wanted(to=to, wave=before.wave, shards=before.shards,
                                                           last=history.of_plan(before)))  # fmt: skip


def _place(result: Result) -> Place:
    """Where to look again: the clone, where there is one."""
    return Place(folder=result.folder) if result.folder else Place(url=result.url)


def _state(result: Result, delivered: Delivered | None) -> str:
    """The state that a retry goes by."""
    if result.state == State.UPDATED and delivered in {Delivered.FAILED, Delivered.DEFERRED}:
        return str(delivered)
    return str(result.state)
