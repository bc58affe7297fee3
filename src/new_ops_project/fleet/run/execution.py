"""A plan, or a shard of it, is worked off: every result is on the disk the moment it is known."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.fleet import history, store
from new_ops_project.fleet.model import FleetPlan, Result, ResultState, Task, counts
from new_ops_project.fleet.run import limits, pool
from new_ops_project.fleet.run import task as one
from new_ops_project.fleet.run.pool import Assignment
from new_ops_project.fleet.run.task import RunContext
from new_ops_project.fleet.store import Store
from new_ops_project.template import releases as template
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases

TIMEOUT = 120.0  # seconds for one repository, unless told

Told = Callable[[Result, int, int], None]


@dataclass(frozen=True)
class Run:
    """How a plan is worked off: where results go, which shard (0: all), how many at once, the limit for each."""

    out: Path
    shard: int = 0
    jobs: int = 1
    seconds: float = TIMEOUT
    trust: bool = False
    force: bool = False
    checks_base: bool = True
    offline: bool = False

    def tasks(self, plan: FleetPlan) -> tuple[Task, ...]:
        """The tasks of this run."""
        return plan.of_shard(self.shard) if self.shard else plan.tasks

    def store(self, plan: FleetPlan) -> Store:
        """Where its results go."""
        return Store(self.out, shard=self.shard or 1, shards=plan.shards if self.shard else 1)


def run(plan: FleetPlan, how: Run, told: Told) -> list[Result]:
    """Do what is not done yet, and return the result of every task of this run; `told` hears each as it comes.

    Raises ToolError when results cannot be written, or another run is at it.
    """
    tasks, where = how.tasks(plan), how.store(plan)
    with where.opened():
        known, same = where.results(), _same(plan, _lay(plan, how.out))
        found = {task.name: done for task in tasks if (done := _done(task, plan, known, same, how.out))}
        for name in [name for name, one in known.items() if name in found and one.plan != plan.id]:
            where.add(found[name])
        todo = [task for task in tasks if task.name not in found]
        for number, result in enumerate(_results(plan, how, todo, found), len(found) + 1):
            where.add(result)
            found[result.name] = result
            told(result, number, len(tasks))
    history.remember(history.of_results(_shards(plan), found.values()))
    return [found[task.name] for task in tasks]


_FEW = 20  # results; before there are as many, a wave is never stopped


def _results(plan: FleetPlan, how: Run, todo: list[Task], before: Mapping[str, Result]) -> Iterator[Result]:
    """The result of each task, as they come; all that is left is deferred once the wave is stopped."""
    known, failures = _templates(todo, offline=how.offline)
    for task in (task for task in todo if task.template in failures):
        error = failures[task.template]
        yield replace(one.failed(task, plan.id, error.message, error.hint), at=one.now())
    doable = [task for task in todo if task.template in known]
    # A template that runs code works on whole projects, which memory may be too small for.
    work = None if how.trust else how.store(plan).work.absolute()
    job = RunContext(plan.id, plan.author, plan.created, how.out.absolute(), work, how.trust, how.checks_base)
    found, came = [*before.values()], set[str]()
    stopped = ""
    with pool.answers(doable, Assignment("update", job, known, how.seconds), how.jobs) as answers:
        for answer in answers:
            found.append(_result(answer, plan))
            came.add(answer.task.name)
            yield found[-1]
            stopped = "" if how.force or len(found) < _FEW else limits.stopped(plan, found)
            if stopped:
                break
    for task in (task for task in doable if task.name not in came):
        reason = f"The wave was stopped: {stopped}"
        yield replace(store.outcome(task, plan.id, reason=reason, hint="Mend that, or --force."), at=one.now())


def _result(answer: pool.WorkerReply, plan: FleetPlan) -> Result:
    """What a worker said; of one that died, that the project failed."""
    if answer.said is not None:
        return Result.read(answer.said)
    name = f"logs/{store.slug(answer.task.name)}.log"
    failed = one.failed(answer.task, plan.id, answer.reason, "Run this again; its log says how far it came.")
    return replace(failed, log=name, at=one.now())


def _templates(tasks: list[Task], *, offline: bool) -> tuple[dict[str, Releases], dict[str, ToolError]]:
    """Each template, fetched once and unpacked once per version before any worker starts; or why it cannot be had."""
    found, failures = {}, {}
    for location in dict.fromkeys(task.template for task in tasks):
        of_it = [task for task in tasks if task.template == location]
        try:
            source = sources.recorded(location, Path(of_it[0].folder or "."))
            releases = template.releases(source, offline=offline)
            for version in {task.commit for task in of_it}:
                releases.checkout(version)
        except ToolError as error:
            failures[location] = error
            continue
        found[location] = releases
        for version in {task.before for task in of_it}:
            with suppress(ToolError):  # the projects that record it say so
                releases.checkout(version)
    return found, failures


def _done(
    task: Task, plan: FleetPlan, known: Mapping[str, Result], same: frozenset[tuple[str, str]], out: Path
) -> Result | None:
    """The result of a task that was done before with the same pins, by this plan or by one that asked the `same`."""
    result = known.get(task.name)
    if result is None or not result.state.is_final or (result.plan, task.name) not in same:
        return None
    if result.bundle and not (out / result.bundle).is_file():
        return None
    return replace(result, plan=plan.id, shard=task.shard)


def _same(plan: FleetPlan, before: FleetPlan | None) -> frozenset[tuple[str, str]]:
    """Each plan's id with each project of which it asks what `plan` does: a tag that was moved makes another commit."""
    pins = {task.name: _pins(task) for task in plan.tasks}
    plans = (plan, before) if before and before.author == plan.author else (plan,)
    return frozenset((one.id, task.name) for one in plans for task in one.tasks if pins.get(task.name) == _pins(task))


def _pins(task: Task) -> tuple[str, ...]:
    return task.base, task.template, task.before, task.version, task.commit


def _lay(plan: FleetPlan, out: Path) -> FleetPlan | None:
    """Have the plan beside its results; return the one that was there."""
    path = out / store.PLAN
    there = store.read_plan(path) if path.is_file() else None
    before = there.id if there else ""
    if plan.parent and before == plan.parent:
        message = f"{out} has the results that this plan tries again, and a report wants both."
        raise ToolError(message, "Give another --out, then: new-ops-project fleet report DIR DIR.")
    if before != plan.id:
        store.write_plan(plan, path)
    return there


def resumed(plan: FleetPlan, out: Path) -> FleetPlan:
    """The plan that lies in `out` already, if it pins the same: then its commits are the same, too."""
    try:
        before = store.read_plan(out / store.PLAN)
    except ToolError:
        return plan
    return replace(before, limits=plan.limits) if before.id == plan.id else plan


def _shards(plan: FleetPlan) -> dict[str, history.PastRun]:
    """What was remembered of the plan's projects, with the shards that they are in now."""
    past = history.read()
    known = {task.name: past.get(task.name, history.PastRun()) for task in plan.tasks}
    where = {task.name: task.shard for task in plan.tasks}
    return {name: replace(one, shard=where[name], shards=plan.shards) for name, one in known.items()}


def everything(results: list[Result], plan: FleetPlan, how: Run) -> list[Result]:
    """The results of a run, and what was settled when the plan was made: with the whole, or with the first shard."""
    return [*(plan.settled if how.shard in {0, 1} else ()), *results]


def counted(results: list[Result], plan: FleetPlan, how: Run) -> dict[str, int]:
    """How many there are of each state, the settled ones included."""
    return {str(state): count for state, count in counts(everything(results, plan, how)).items()}


def code(results: list[Result]) -> Exit:
    """The exit code: 2 when any failed, else 3 when any is in conflict."""
    states = {one.state for one in results}
    if ResultState.FAILED in states:
        return Exit.FAILED
    return Exit.CONFLICTS if ResultState.CONFLICT in states else Exit.DONE


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
