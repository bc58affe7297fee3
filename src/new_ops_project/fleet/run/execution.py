"""The execution of a plan, or of one of its shards."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.fleet import history, store
from new_ops_project.fleet.inventory.mirrors import Deadline
from new_ops_project.fleet.model import FleetPlan, Result, ResultState, RunContext, Task, timestamp
from new_ops_project.fleet.run import limits, pool
from new_ops_project.fleet.run.pool import Assignment
from new_ops_project.fleet.run.task import recorded_template
from new_ops_project.fleet.store import Store
from new_ops_project.template import sources
from new_ops_project.template.releases import Releases, read_releases

OnResult = Callable[[Result, int, int], None]


@dataclass(frozen=True)
class RunOptions:
    """The options of a run: the results folder `out`, the shard (0: all), `jobs` at once (None: one per core).

    `seconds` is for each project; `force` ignores the limits of the wave; `checks_base` defers projects whose branch
    moved since the plan.
    """

    out: Path
    shard: int = 0
    jobs: int | None = None
    seconds: float = 120.0
    trust: bool = False
    force: bool = False
    offline: bool = False
    checks_base: bool = True

    def tasks(self, plan: FleetPlan) -> tuple[Task, ...]:
        """The tasks of this run."""
        return plan.of_shard(self.shard) if self.shard else plan.tasks

    def store(self, plan: FleetPlan) -> Store:
        """The store for the results."""
        return Store(self.out, shard=self.shard or 1, shards=plan.shards if self.shard else 1)


def run(plan: FleetPlan, options: RunOptions, on_result: OnResult) -> list[Result]:
    """Do the tasks that are not done yet, and return the result of every task of this run.

    Each result is on the disk as soon as it is known, so an interrupted run resumes. `on_result` is called with each
    new result, the number of results so far, and the number of tasks. Raises ToolError if results cannot be written or
    another run uses the folder.
    """
    tasks, results_store = options.tasks(plan), options.store(plan)
    # In memory, since removing files from a disk takes longer than all other work. But a template that runs code works
    # on whole projects, and memory may be too small for them.
    with results_store.locked(), temporary_folder(in_memory=not options.trust) as folder:
        earlier = results_store.results()
        results = _kept(tasks, plan, _store_plan(plan, options.out), earlier, options.out)
        for name in [name for name, result in earlier.items() if name in results and result.plan != plan.id]:
            results_store.add(results[name])
        todo = [task for task in tasks if task.name not in results]
        with closing(_results(plan, options, todo, results, folder)) as new_results:
            for number, new in enumerate(new_results, len(results) + 1):
                result = results[new.name] = replace(new, at=timestamp())
                results_store.add(result)
                on_result(result, number, len(tasks))
    history.remember(history.with_results(_past_runs(plan), results.values()))
    return [results[task.name] for task in tasks]


_FEW = 20  # results; with fewer, a wave is never stopped


def _results(
    plan: FleetPlan, options: RunOptions, todo: list[Task], before: Mapping[str, Result], folder: Path
) -> Generator[Result, None, None]:
    """The result of each task, in the order in which they come; when the wave is stopped, the rest is deferred.

    `folder` is for temporary files.
    """
    releases, failures = _templates(todo, options.seconds, offline=options.offline)
    for task in (task for task in todo if task.template in failures):
        error = failures[task.template]
        yield store.task_result(task, plan.id, state=ResultState.FAILED, reason=error.message, hint=error.hint)
    possible = [task for task in todo if task.template in releases]
    tally, names = limits.WaveTally(plan, before.values()), {*before}
    stopped = ""
    out = options.out.absolute()
    context = RunContext(plan.id, plan.author, plan.created, out, folder, options.trust, options.checks_base)
    work = Assignment("update", context, releases, options.seconds)
    with pool.results(possible, work, options.jobs or pool.cpu_count()) as new:
        for result in new:
            tally.add(result)
            names.add(result.name)
            yield replace(result, log=store.log(result.name))
            stopped = "" if options.force or len(names) < _FEW else tally.stop_reason
            if stopped:
                break
    for task in (task for task in possible if task.name not in names):
        yield store.task_result(task, plan.id, reason=f"The wave was stopped: {stopped}", hint="Fix that, or --force.")


def _templates(tasks: list[Task], seconds: float, *, offline: bool) -> tuple[dict[str, Releases], dict[str, ToolError]]:
    """The releases of each template, or the error that kept us from them, by location.

    Each template is fetched once, and each version unpacked once, before the workers start: otherwise all workers
    would do it at the same time.
    """
    by_location, failures = {}, {}
    for location in dict.fromkeys(task.template for task in tasks):
        projects = [task for task in tasks if task.template == location]
        try:
            address = location
            if private := [task for task in projects if task.has_credentials]:
                address = recorded_template(private[0], Deadline(seconds))
            source = sources.recorded(address, Path(projects[0].folder or "."))
            releases = read_releases(source, offline=offline)
            for version in {task.commit for task in projects}:
                releases.checkout(version)
        except (ToolError, ProcessError) as error:
            failures[location] = error if isinstance(error, ToolError) else ToolError(f"git failed: {error.reason}")
            continue
        by_location[location] = releases
        for version in {task.before for task in projects}:
            with suppress(ToolError):  # the result of each project that records it reports the error
                releases.checkout(version)
    return by_location, failures


def _kept(
    tasks: tuple[Task, ...], plan: FleetPlan, before: FleetPlan | None, earlier: Mapping[str, Result], out: Path
) -> dict[str, Result]:
    """The earlier results that still hold: `plan`, or the one `before` it, pinned the same, and the bundle is there."""
    plans = (plan, before) if before and before.author == plan.author else (plan,)
    pins = {(entry.id, task.name): task.pins for entry in plans for task in entry.tasks}
    kept = {}
    for task in tasks:
        result = earlier.get(task.name)
        if not result or not result.state.is_final or pins.get((result.plan, task.name)) != task.pins:
            continue
        if not result.bundle or (out / result.bundle).is_file():
            kept[task.name] = replace(result, plan=plan.id, shard=task.shard)
    return kept


def _store_plan(plan: FleetPlan, out: Path) -> FleetPlan | None:
    """Write the plan to the results folder; return the plan that was there before."""
    path = out / store.PLAN
    previous = store.read_plan(path) if path.is_file() else None
    before = previous.id if previous else ""
    if plan.parent and before == plan.parent:
        message = f"{out} has the results that this plan tries again, and a report needs both."
        raise ToolError(message, "Give another --out, then: new-ops-project fleet report DIR DIR.")
    if before != plan.id:
        store.write_plan(plan, path)
    return previous


def resumed_plan(plan: FleetPlan, out: Path) -> FleetPlan:
    """The plan that is in `out` already, if it pins the same; else `plan`.

    The earlier plan has an earlier date, and only with its date do the commits stay the same.
    """
    try:
        before = store.read_plan(out / store.PLAN)
    except ToolError:
        return plan
    return replace(before, limits=plan.limits) if before.id == plan.id else plan


def _past_runs(plan: FleetPlan) -> dict[str, history.PastRun]:
    """The last run of each project of the plan, with the project's new shard."""
    past = history.read()
    return {
        task.name: replace(past.get(task.name, history.PastRun()), shard=task.shard, shards=plan.shards)
        for task in plan.tasks
    }
