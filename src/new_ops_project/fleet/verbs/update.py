"""`fleet update`: the commit of each project, in a folder of results."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.progress import ProgressDisplay
from new_ops_project.fleet import store
from new_ops_project.fleet.inventory import repositories
from new_ops_project.fleet.model import FleetPlan, Result, counts
from new_ops_project.fleet.run import execution, limits, planning, waves
from new_ops_project.fleet.run.execution import OnResult, RunOptions
from new_ops_project.fleet.run.planning import PlanRequest

ResultsDisplay = Callable[[int], AbstractContextManager[OnResult]]
"""Opens a display of the results of that many tasks, and closes it at the end of the block."""


@dataclass(frozen=True)
class FleetUpdateRequest:
    """What was asked for on the command line.

    `plan_file` takes the place of `sources`, and of version and wave in `pins`; `shards` is how many it must have (0:
    any). `max_failed` and `max_conflicts` are limits in percent, None for those of the plan.
    """

    sources: tuple[str, ...]
    pins: PlanRequest
    options: RunOptions
    plan_file: Path | None = None
    shards: int = 0
    max_failed: float | None = None
    max_conflicts: float | None = None


@dataclass(frozen=True)
class FleetUpdate:
    """A plan with the results of a run, those of projects for which the plan has no task included."""

    plan: FleetPlan
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of results of each state."""
        return {str(state): count for state, count in counts(self.results).items()}

    @property
    def exit_code(self) -> Exit:
        """2 if a project failed, else 3 if one is in conflict."""
        if self.counts["failed"]:
            return Exit.FAILED
        return Exit.CONFLICTS if self.counts["conflict"] else Exit.DONE


def update(request: FleetUpdateRequest, inspection: ProgressDisplay, run: ResultsDisplay) -> FleetUpdate:
    """Plan unless there is a plan, then do every task that is not done; each result is on the disk at once.

    `inspection` shows the making of a plan, `run` its execution. Raises ToolError for options that contradict each
    other, for what keeps a plan from being made, and when a person interrupts the run.
    """
    git.require_on_path()
    options = request.options
    plan = _read_plan(request.plan_file, request) if request.plan_file else _new_plan(request, inspection)
    plan = limits.with_limits(plan, request.max_failed, request.max_conflicts)
    plan = execution.resumed_plan(plan, options.out)
    with run(len(options.tasks(plan))) as show:
        try:
            results = execution.run(plan, options, show)
        except KeyboardInterrupt as error:
            message = f"Interrupted; what is done is in {options.out}."
            raise ToolError(message, "Run the same command again to continue.", Exit.INTERRUPTED) from error
    settled = plan.settled if options.shard in {0, 1} else ()  # of all the shards, the first one reports them
    return FleetUpdate(plan, (*settled, *results))


def _read_plan(file: Path, request: FleetUpdateRequest) -> FleetPlan:
    """The plan in a file; raises ToolError for options that contradict it."""
    options = {"SOURCE": bool(request.sources), "--to": bool(request.pins.to), "--wave": request.pins.wave != waves.ALL}
    if useless := [name for name, is_given in options.items() if is_given]:
        raise ToolError(f"--plan and {' and '.join(useless)} do not go together.", "The plan says that already.")
    plan = store.read_plan(file)
    if request.shards not in {0, plan.shards}:
        raise ToolError(f"{file} has {plan.shards} shards, not {request.shards}.", f"Give --shard I/{plan.shards}.")
    return plan


def _new_plan(request: FleetUpdateRequest, inspection: ProgressDisplay) -> FleetPlan:
    """A plan of the current commits."""
    if request.options.shard:
        raise ToolError("--shard is a part of a plan.", "new-ops-project fleet plan --shards N, then --plan.")
    fleet = repositories.read(request.sources)
    with inspection() as show:
        return planning.plan(fleet, request.pins, show)
