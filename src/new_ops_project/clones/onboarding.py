"""How a clone becomes ready for work, in steps that leave alone what is there already."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.clones import check, cloning, variables, venv_marker
from new_ops_project.clones.clone import Clone, read_clone
from new_ops_project.clones.run import Run
from new_ops_project.clones.step import Act, Step
from new_ops_project.clones.steps import CHECK, ENVIRONMENT, HOOKS, LOCK, PACKAGES, PROJECT, STEPS
from new_ops_project.clones.venv import VenvState
from new_ops_project.git import journal

READY, NOTHING, FAILED = "ready", "nothing to do", "check failed"


@dataclass(frozen=True)
class OnboardRequest:
    """The options of a run. `installer`: uv or pip, None for uv if it is there; `hooks`, `check`: whether to."""

    target: str = "."
    into: Path | None = None
    recreate: bool = False
    installer: str | None = None
    hooks: bool = True
    check: bool = True


@dataclass(frozen=True)
class StepResult:
    """The result of one step. `state`: done, there (nothing to do), left out or failed; `commands`: those it ran."""

    name: str
    state: str
    message: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Onboarding:
    """The result of a run in `path`. `variables`: those without a value; `next`: the command to run first.

    `output`: of the check, if it failed.
    """

    path: Path
    python: str
    installer: str
    steps: tuple[StepResult, ...]
    notes: tuple[str, ...]
    variables: tuple[str, ...]
    next: str
    output: str = ""

    @property
    def state(self) -> str:
        """Ready, nothing to do or check failed."""
        states = {step.state for step in self.steps}
        return FAILED if "failed" in states else READY if "done" in states else NOTHING

    @property
    def exit_code(self) -> Exit:
        """2 if the check failed."""
        return Exit.FAILED if self.state == FAILED else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        return {**asdict(self), "path": str(self.path), "state": self.state}


def onboard(request: OnboardRequest, progress: Progress, *, can_ask: bool) -> Onboarding:
    """Clone, if there is something to clone, then set up; `can_ask`: git may ask for a password.

    What an earlier run has done is not repeated. When something is in the way, what was done until then stays, and the
    next run continues there. Raises ToolError for everything that a person can fix.
    """
    git.require_on_path()
    try:
        folder = cloning.ensure_clone(request.target, request.into, progress, can_ask=can_ask)
        clone = read_clone(folder, request.installer)
        with journal.locked(clone.repository.git_dir) if clone.repository else nullcontext():
            return _set_up(clone, request, progress)
    except OSError as error:
        message = f"{error.filename or request.target} cannot be read or written: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again to resume.") from error


def _set_up(clone: Clone, request: OnboardRequest, progress: Progress) -> Onboarding:
    if clone.venv.state is VenvState.UNFINISHED:
        with venv_marker.locked(clone.venv.path):  # wait for the installer that a killed run may have left
            clone = replace(clone)
    run = Run(clone, progress, recreate=request.recreate)
    with run.in_environment():
        packages = [PACKAGES] if clone.needs.has_lock or clone.needs.loose else []  # otherwise with the project
        results = [*_take([ENVIRONMENT, *packages, PROJECT], run)]
    results += _take([*([HOOKS] if request.hooks else []), *([CHECK] if request.check else [])], run)
    done = {result.name for result in results if result.state == "done"}
    clone = run.clone
    notes = [f"{seen.message}." for seen in LOCK.look(clone) if seen.severity]
    problems = ((step, seen) for step in STEPS if step.name in done for seen in step.look(clone) if seen.is_problem)
    notes += [f"{step.name} is done, but: {seen.message}." for step, seen in problems]
    notes += [clone.check.doubt] if request.check and clone.check.doubt else []
    outcome = Onboarding(
        clone.folder,
        clone.venv.version,
        "uv" if clone.uv else "pip",
        tuple(results),
        tuple(notes),
        variables.missing_variables(clone.folder),
        check.first_command(clone.folder),
        run.output,
    )
    if outcome.state == READY:
        run.end("the environment is ready")
    return outcome


def _take(steps: Iterable[Step], run: Run) -> Iterator[StepResult]:
    """Take the steps that concern the clone: each acts unless it finds its work done."""
    for step in steps:
        look = [*step.look(run.clone)]
        is_needed = any(seen.is_problem for seen in look) or (run.recreate and step is ENVIRONMENT)
        if look and step.act and is_needed:
            yield _acted(step, step.act, run)
        elif look:
            state = "left out" if look[0].severity else "there"
            yield StepResult(step.name, state, look[0].message)


def _acted(step: Step, act: Act, run: Run) -> StepResult:
    before = len(run.commands)
    state = "done"
    try:
        message = act(run)
    except ToolError as error:
        if not step.failed:
            raise
        state, message = step.failed, error.message
    run.clone = replace(run.clone)
    return StepResult(step.name, state, message, tuple(run.commands[before:]))
