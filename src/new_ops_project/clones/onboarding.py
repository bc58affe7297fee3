"""How a clone becomes ready for work, in steps that leave alone what is there already."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.clones import cloning, venv_marker
from new_ops_project.clones.check import first_command
from new_ops_project.clones.clone import Clone, read_clone
from new_ops_project.clones.run import Run
from new_ops_project.clones.step import SetupStep
from new_ops_project.clones.steps import CHECK, ENVIRONMENT, HOOKS, LOCK, PACKAGES, PROJECT, STEPS, machine
from new_ops_project.clones.venv import VenvState
from new_ops_project.git import journal


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
        return "check failed" if "failed" in states else "ready" if "done" in states else "nothing to do"

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        return {**asdict(self), "path": str(self.path), "state": self.state}


def onboard(
    target: str,
    progress: Progress,
    *,
    into: Path | None = None,
    recreate: bool = False,
    installer: str | None = None,
    hooks: bool = True,
    check: bool = True,
    can_ask: bool = False,
) -> Onboarding:
    """Clone, if there is something to clone, then set up, with pre-commit's `hooks` and the project's own `check`.

    `into`: where to clone to; `recreate`: any .venv may be replaced; `installer`: uv or pip, None for uv if it is
    there; `can_ask`: git may ask for a password. What an earlier run has done is not repeated. When something is in the
    way, what was done until then stays, and the next run continues there. Raises ToolError for everything that a person
    can fix.
    """
    git.require_on_path()
    last = [*([HOOKS] if hooks else []), *([CHECK] if check else [])]
    try:
        clone = read_clone(cloning.ensure_clone(target, into, progress, can_ask=can_ask), installer)
        with journal.locked(clone.repository.git_dir) if clone.repository else nullcontext():
            return _set_up(clone, last, progress, recreate=recreate)
    except OSError as error:
        message = f"{error.filename or target} cannot be read or written: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again to resume.") from error


def _set_up(clone: Clone, last: Sequence[SetupStep], progress: Progress, *, recreate: bool) -> Onboarding:
    """Take the steps of the environment, then the `last` ones."""
    if clone.venv.state is VenvState.UNFINISHED:
        with venv_marker.locked(clone.venv.path):  # wait for the installer that a killed run may have left
            clone = replace(clone)
    run = Run(clone, progress, recreate=recreate)
    with run.in_environment():
        packages = [PACKAGES] if clone.needs.has_lock or clone.needs.loose else []  # otherwise with the project
        results = [*_take([ENVIRONMENT, *packages, PROJECT], run)]
    results += _take(last, run)
    done = {result.name for result in results if result.state == "done"}
    clone = run.clone
    notes = [f"{seen.message}." for seen in LOCK.look(clone) if seen.severity]
    problems = ((step, seen) for step in STEPS if step.name in done for seen in step.look(clone) if seen.is_problem)
    notes += [f"{step.name} is done, but: {seen.message}." for step, seen in problems]
    notes += [clone.check.doubt] if CHECK in last and clone.check.doubt else []
    if done and not run.output:
        run.end("the environment is ready")
    return Onboarding(
        clone.folder,
        clone.venv.version,
        "uv" if clone.uv else "pip",
        tuple(results),
        tuple(notes),
        machine.missing_variables(clone.folder),
        first_command(clone.folder),
        run.output,
    )


def _take(steps: Iterable[SetupStep], run: Run) -> Iterator[StepResult]:
    """Take the steps that concern the clone: each acts unless it finds its work done."""
    for step in steps:
        look = [*step.look(run.clone)]
        is_needed = any(seen.is_problem for seen in look) or (run.recreate and step is ENVIRONMENT)
        if look and step.act and is_needed:
            before, state = len(run.commands), "done"
            try:
                message = step.act(run)
            except ToolError as error:
                if not step.failed:
                    raise
                state, message = step.failed, error.message
            run.clone = replace(run.clone)
            yield StepResult(step.name, state, message, tuple(run.commands[before:]))
        elif look:
            yield StepResult(step.name, "left out" if look[0].severity else "there", look[0].message)
