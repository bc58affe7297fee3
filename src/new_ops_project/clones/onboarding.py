"""A clone becomes ready for work: what is not there yet is made, step by step, and what is there is left alone."""

import shutil
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.process import ProcessError, output_lines
from new_ops_project.base.progress import Progress
from new_ops_project.clones import (
    check_command,
    check_run,
    environment,
    hooks,
    installed_packages,
    interpreters,
    variables,
    venv,
    venv_marker,
)
from new_ops_project.clones.needs import Needs, read_needs
from new_ops_project.clones.venv import Venv, VenvState
from new_ops_project.git import journal, resolve
from new_ops_project.git.worktree import Repository, find_repository

READY, NOTHING, FAILED = "ready", "nothing to do", "check failed"


@dataclass(frozen=True)
class OnboardRequest:
    """How to do it. `installer`: uv or pip, None for uv where it is; `check`: whether to run the project's check."""

    recreate: bool = False
    installer: str | None = None
    check: bool = True


@dataclass(frozen=True)
class StepResult:
    """One step. `state`: done, there (nothing to do), left out, or failed; `commands`: what was run for it."""

    name: str
    state: str
    message: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Onboarding:
    """What was done in `path`, what a person should know of it, and what to run first.

    `output`: what the check wrote, where it failed.
    """

    path: Path
    state: str
    python: str
    installer: str
    steps: tuple[StepResult, ...]
    notes: tuple[str, ...]
    variables: tuple[str, ...]
    next: str
    output: str = ""

    @property
    def code(self) -> Exit:
        """The exit code for it."""
        return Exit.FAILED if self.state == FAILED else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        steps = [
            {"name": step.name, "state": step.state, "message": step.message, "commands": list(step.commands)}
            for step in self.steps
        ]
        return {
            "path": str(self.path),
            "state": self.state,
            "python": self.python,
            "installer": self.installer,
            "steps": steps,
            "notes": list(self.notes),
            "variables": list(self.variables),
            "next": self.next,
            "output": self.output,
        }


@dataclass
class _Work:
    """One run over one folder: what is asked for, and what was done so far."""

    needs: Needs
    request: OnboardRequest
    by: environment.Installer
    root: bool
    head: str
    tell: environment.Steps
    steps: list[StepResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    output: str = ""

    @property
    def folder(self) -> Path:
        return self.needs.folder

    def note(self, name: str, state: str, message: str, *commands: str) -> None:
        self.steps.append(StepResult(name, state, message, commands))


def onboard(folder: Path, request: OnboardRequest, progress: Progress) -> Onboarding:
    """Set up the clone in `folder` and run its check; whatever an earlier run has done is not done again.

    Raises ToolError when something is in the way; what was done until then stays, and the next run goes on from it.
    """
    by = environment.choose_installer(request.installer)
    try:
        needs = read_needs(folder, reads_uv=bool(by.uv))
        where = _repository(folder)
        with journal.locked(where.git_dir) if where else nullcontext():
            root = where is not None and where.root.resolve() == folder.resolve()
            head = (resolve(folder, "HEAD") or "") if where else ""
            expected = len(needs.pins(venv.read_venv(folder).environment)) + 8
            return _worked(_Work(needs, request, by, root, head, environment.Steps(progress, expected)))
    except OSError as error:
        message = f"{error.filename or folder} cannot be read or written: {error.strerror or error}."
        raise ToolError(message, "Mend that, then run this again; it goes on from there.") from error


def _repository(folder: Path) -> Repository | None:
    try:
        return find_repository(folder)[0]
    except ToolError:
        return None


def _worked(work: _Work) -> Onboarding:
    _say_lock(work)
    if venv.read_venv(work.folder).state is VenvState.UNFINISHED:
        with venv_marker.locked(work.folder / venv.NAME):  # what a killed run has started may be at work still
            pass
    with ExitStack() as stack:
        filling = _Begun(work, stack)
        _make(work, filling)
        _install(work, filling)
        _install_project(work, filling)
        if venv.read_venv(work.folder).state is VenvState.UNFINISHED:
            filling()
    _hooks(work)
    passed = _check(work) if work.request.check else True
    is_same = all(step.state != "done" for step in work.steps)
    state = FAILED if not passed else NOTHING if is_same else READY
    if state is READY:
        work.tell.end("ready")
    listed = variables.missing_variables(work.folder)
    return Onboarding(
        work.folder,
        state,
        venv.read_venv(work.folder).version,
        work.by.name,
        tuple(work.steps),
        tuple(work.notes),
        listed,
        check_command.first_command(work.folder),
        work.output,
    )


def _say_lock(work: _Work) -> None:
    """Note what is not pinned as it could be."""
    needs = work.needs
    if needs.foreign_lock:
        why = "uv is not on this machine" if needs.foreign_lock == "uv.lock" else "that tool is not used here"
        work.notes.append(
            f"{needs.foreign_lock} pins the packages, but {why}: they are installed from {needs.lock}, unpinned."
        )
    elif not needs.has_lock:
        work.notes.append(f"Nothing pins the packages: they are installed from {needs.lock}.")
    elif not needs.is_hashed:
        work.notes.append(f"{needs.lock} has no hash for every package, so nothing proves what was downloaded.")


class _Begun:
    """What makes and fills the environment, begun when it is first called for, concluded when `stack` is."""

    def __init__(self, work: _Work, stack: ExitStack) -> None:
        self._work, self._stack = work, stack
        self._filling: environment.EnvironmentBuilder | None = None

    def __call__(self) -> environment.EnvironmentBuilder:
        if self._filling is None:
            self._filling = environment.EnvironmentBuilder(self._work.needs, self._work.by, self._work.tell)
            self._stack.enter_context(self._filling.begun())
        return self._filling


def _make(work: _Work, filling: _Begun) -> None:
    """The environment, with the right Python; one that somebody made is not replaced unasked."""
    here, python = venv.read_venv(work.folder), work.needs.python
    is_right = bool(here.version) and python.is_met_by(here.version)
    if not work.request.recreate and is_right and _is_usable(here):
        work.note("environment", "there", f".venv has Python {here.version}")
        if here.state is VenvState.UNFINISHED:
            venv.remove_interrupted(here)
        return
    base = _base(work)
    is_half = here.state is VenvState.UNFINISHED and not _is_usable(here) and venv_marker.is_ours(here.path)
    if here.state is not VenvState.ABSENT and not is_half:
        _require_leave(work, here)
    if here.state is not VenvState.ABSENT:
        if here.path.resolve() == Path(sys.prefix).resolve():
            message = f"{here.path} cannot be replaced by a new-ops-project that is installed in it."
            raise ToolError(message, "Run one that is installed elsewhere.")
        venv_marker.empty(here.path)
    step = filling()
    step.make(base)
    asked = f", as {python.where} asks" if python.where else ", the newest here; nothing names one"
    work.note("environment", "done", f".venv made with Python {base.version}{asked}", *step.commands)


def _is_usable(here: Venv) -> bool:
    """Whether it can be gone on with: an unfinished one must have come to its pip."""
    if here.state is VenvState.UNFINISHED:
        return not here.why and "pip" in here.packages and here.packages["pip"].is_whole
    return here.state is VenvState.READY


def _require_leave(work: _Work, here: Venv) -> None:
    """Raise ToolError unless what is there may be replaced."""
    if here.state is VenvState.FILE:
        raise ToolError(f"{here.path} is a file, where the environment belongs.", "Move it away, then run this again.")
    if work.request.recreate:
        return
    python = work.needs.python
    is_sound = here.state in {VenvState.READY, VenvState.UNFINISHED} and here.version
    why = f"it has Python {here.version}, and {python.where} asks for {python.name}" if is_sound else here.why
    message = f"{here.path} cannot be used: {why or 'it is not finished'}."
    raise ToolError(message, "Run this with --recreate to replace it.")


def _base(work: _Work) -> interpreters.Interpreter:
    """The Python to make it with; raises ToolError with how to get one."""
    python = work.needs.python
    found = interpreters.first_available([python.minor] if python.minor else interpreters.minors_within(python.specifier))
    if found is None:
        minor = python.minor or next(iter(interpreters.minors_within(python.specifier)), "3")
        where = f" {python.where} asks for it." if python.where else ""
        raise ToolError(
            f"{python.name} was not found on PATH, in pyenv, in uv or in the system's places.{where}",
            f"{interpreters.install_hint(minor)} Then run this again.",
        )
    return found


def _install(work: _Work, filling: _Begun) -> None:
    """The packages, unless all of them are there; without a lock those of the package come with it."""
    needs = work.needs
    found = installed_packages.compare(needs, venv.read_venv(work.folder))
    if not needs.has_lock and not needs.loose:
        return
    hashes = ", by their hashes" if needs.requirements and needs.is_hashed else ""
    if found.is_same:
        work.note("packages", "there", f"{found.right} from {needs.lock}")
        return
    step = filling()
    before = len(step.commands)
    step.install()
    after = installed_packages.compare(needs, venv.read_venv(work.folder))
    work.note("packages", "done", f"{after.right} from {needs.lock}{hashes}", *step.commands[before:])
    if needs.has_lock and not after.is_same:
        left = ", ".join((*after.missing, *after.different))
        work.notes.append(f"The installation ended well, and yet is not as {needs.lock} has it: {left}.")


def _install_project(work: _Work, filling: _Begun) -> None:
    """The project itself, in place, with what it needs where there is no lock."""
    if not work.needs.is_package:
        return
    here = venv.read_venv(work.folder)
    is_filled = work.needs.has_lock or installed_packages.compare(work.needs, here).is_same
    if is_filled and installed_packages.is_project_installed(work.needs, here):
        work.note("project", "there", "installed in place")
        return
    step = filling()
    before = len(step.commands)
    step.install_project()
    work.note("project", "done", "installed in place", *step.commands[before:])


def _hooks(work: _Work) -> None:
    """pre-commit's hooks, where they are configured; what stands in the way is said, and does not stop the rest."""
    found = hooks.read_hooks(work.folder) if work.root else hooks.Hooks(is_configured=False)
    if not found.is_configured:
        return
    if not found.missing:
        work.note("hooks", "there", "pre-commit runs before each commit")
        return
    here = venv.read_venv(work.folder)
    program = here.command("pre-commit")
    if found.path:
        work.note("hooks", "left out", f"core.hooksPath is {found.path}, and pre-commit installs nothing there")
        return
    if program is None and not shutil.which("pre-commit"):
        work.note("hooks", "left out", f"pre-commit is neither in .venv nor on PATH; {hooks.CONFIG} asks for it")
        return
    shown = f"{'.venv/bin/' if program else ''}pre-commit install"
    work.tell.say(shown)
    try:
        for _ in output_lines(str(program or "pre-commit"), "install", cwd=work.folder):
            pass
    except ProcessError as error:
        work.note("hooks", "left out", f"{shown} failed: {error.reason}", shown)
        return
    kept = f"; the hook that was there, {', '.join(found.others)}, still runs" if found.others else ""
    work.note("hooks", "done", f"pre-commit runs before each commit{kept}", shown)


def _check(work: _Work) -> bool:
    """The project's own check, unless it passed in this very state; whether it passes."""
    here = venv.read_venv(work.folder)
    what = check_command.find_check(work.needs, here)
    if what.doubt:
        work.notes.append(what.doubt)
    if not what.commands:
        work.note("check", "left out", "there is no code to check")
        return True
    state = check_run.check_stamp(work.needs, here, what, work.head)
    if venv_marker.read_stamp(here.path) == state:
        work.note("check", "there", f"passed: {what.text}")
        return True
    verdict = check_run.run_check(work.folder, here, what, work.tell.say)
    if verdict.passed:
        venv_marker.write_stamp(here.path, state)
    work.output = verdict.output
    work.note("check", "done" if verdict.passed else "failed", verdict.message, *verdict.commands)
    return verdict.passed
