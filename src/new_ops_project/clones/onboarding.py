"""How a clone becomes ready for work, in steps that leave alone what is there already."""

import shutil
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import Exit, ProcessError, ToolError
from new_ops_project.base.process import stream
from new_ops_project.base.progress import Progress
from new_ops_project.clones import (
    check_command,
    check_run,
    cloning,
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
from new_ops_project.git import journal
from new_ops_project.git.worktree import Repository, find_repository

READY, NOTHING, FAILED = "ready", "nothing to do", "check failed"


@dataclass(frozen=True)
class OnboardRequest:
    """The options of a run. `installer`: uv or pip, None for uv if it is there; `check`: whether to run the check."""

    target: str = "."
    into: Path | None = None
    recreate: bool = False
    installer: str | None = None
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
    state: str
    python: str
    installer: str
    steps: tuple[StepResult, ...]
    notes: tuple[str, ...]
    variables: tuple[str, ...]
    next: str
    output: str = ""

    @property
    def exit_code(self) -> Exit:
        """2 if the check failed."""
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
class _Run:
    """One run in one folder, with its results so far. `is_root`: whether the folder is the root of a repository.

    `head`: the commit that is checked out, or ''.
    """

    needs: Needs
    request: OnboardRequest
    installer: environment.Installer
    is_root: bool
    head: str
    progress: environment.Steps
    steps: list[StepResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    output: str = ""

    @property
    def folder(self) -> Path:
        return self.needs.folder

    def record(self, name: str, state: str, message: str, *commands: str) -> None:
        self.steps.append(StepResult(name, state, message, commands))


def onboard(request: OnboardRequest, progress: Progress, *, can_ask: bool) -> Onboarding:
    """Clone, if there is something to clone, then set up; `can_ask`: git may ask for a password.

    Raises ToolError for everything that a person can fix.
    """
    git.require_on_path()
    try:
        folder = cloning.ensure_clone(request.target, request.into, progress, can_ask=can_ask)
    except OSError as error:
        message = f"The clone cannot be created: {error.strerror or error}."
        raise ToolError(message, "Choose another with --into DIR.") from error
    return _onboard_clone(folder, request, progress)


def _onboard_clone(folder: Path, request: OnboardRequest, progress: Progress) -> Onboarding:
    """Set up the clone in `folder` and run its check, without repeating what an earlier run has done.

    Raises ToolError when something is in the way. What was done until then stays, and the next run continues there.
    """
    installer = environment.choose_installer(request.installer)
    try:
        needs = read_needs(folder, reads_uv=bool(installer.uv))
        repository = _repository(folder)
        with journal.locked(repository.git_dir) if repository else nullcontext():
            is_root = repository is not None and repository.root.resolve() == folder.resolve()
            head = (git.resolve(folder, "HEAD") or "") if repository else ""
            expected = len(needs.pins(venv.read_venv(folder).environment)) + 8
            return _set_up(_Run(needs, request, installer, is_root, head, environment.Steps(progress, expected)))
    except OSError as error:
        message = f"{error.filename or folder} cannot be read or written: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again to resume.") from error


def _repository(folder: Path) -> Repository | None:
    try:
        return find_repository(folder)[0]
    except ToolError:
        return None


def _set_up(run: _Run) -> Onboarding:
    _note_lock(run)
    if venv.read_venv(run.folder).state is VenvState.UNFINISHED:
        with venv_marker.locked(run.folder / venv.NAME):  # wait for the installer that a killed run may have left
            pass
    with ExitStack() as stack:
        builder = _LazyBuilder(run, stack)
        _make_venv(run, builder)
        _install_packages(run, builder)
        _install_project(run, builder)
        if venv.read_venv(run.folder).state is VenvState.UNFINISHED:
            builder()  # nothing was left to do, so that only the mark of the killed run has to go
    _install_hooks(run)
    passed = _check(run) if run.request.check else True
    is_unchanged = all(step.state != "done" for step in run.steps)
    state = FAILED if not passed else NOTHING if is_unchanged else READY
    if state is READY:
        run.progress.end("ready")
    return Onboarding(
        run.folder,
        state,
        venv.read_venv(run.folder).version,
        run.installer.name,
        tuple(run.steps),
        tuple(run.notes),
        variables.missing_variables(run.folder),
        check_command.first_command(run.folder),
        run.output,
    )


def _note_lock(run: _Run) -> None:
    """Note what is not pinned, or not hashed."""
    needs = run.needs
    if needs.foreign_lock:
        why = "uv is not on this machine" if needs.foreign_lock == "uv.lock" else "that tool is not used here"
        run.notes.append(
            f"{needs.foreign_lock} pins the packages, but {why}: they are installed from {needs.lock}, unpinned."
        )
    elif not needs.has_lock:
        run.notes.append(f"Nothing pins the packages: they are installed from {needs.lock}.")
    elif not needs.is_hashed:
        run.notes.append(f"{needs.lock} has no hash for every package, so nothing verifies the downloads.")


class _LazyBuilder:
    """Makes the builder of the environment when it is first called, and ends its work with `stack`.

    A run that finds everything in place must not mark the environment as unfinished.
    """

    def __init__(self, run: _Run, stack: ExitStack) -> None:
        self._run, self._stack = run, stack
        self._builder: environment.EnvironmentBuilder | None = None

    def __call__(self) -> environment.EnvironmentBuilder:
        if self._builder is None:
            self._builder = environment.EnvironmentBuilder(self._run.needs, self._run.installer, self._run.progress)
            self._stack.enter_context(self._builder.marked_unfinished())
        return self._builder


def _make_venv(run: _Run, builder: _LazyBuilder) -> None:
    """Make .venv with the right Python; one that somebody else made is replaced only with --recreate."""
    present, python = venv.read_venv(run.folder), run.needs.python
    is_right = bool(present.version) and python.is_met_by(present.version)
    if not run.request.recreate and is_right and _is_usable(present):
        run.record("environment", "there", f".venv has Python {present.version}")
        if present.state is VenvState.UNFINISHED:
            venv.remove_interrupted(present)
        return
    base = _base(run)
    is_our_rest = (
        present.state is VenvState.UNFINISHED and not _is_usable(present) and venv_marker.is_ours(present.path)
    )
    if present.state is not VenvState.ABSENT and not is_our_rest:
        _require_replaceable(run, present)
    if present.state is not VenvState.ABSENT:
        if present.path.resolve() == Path(sys.prefix).resolve():
            message = f"{present.path} cannot be replaced by a new-ops-project that is installed in it."
            raise ToolError(message, "Run one that is installed elsewhere.")
        venv_marker.empty(present.path)
    step = builder()
    step.make_venv(base)
    cause = f", as {python.where} asks" if python.where else ", the newest here; no version is configured"
    run.record("environment", "done", f".venv created with Python {base.version}{cause}", *step.commands)


def _is_usable(present: Venv) -> bool:
    """Whether the environment can be used, or completed: an unfinished one must at least have pip."""
    if present.state is VenvState.UNFINISHED:
        return not present.why and "pip" in present.packages and present.packages["pip"].is_whole
    return present.state is VenvState.READY


def _require_replaceable(run: _Run, present: Venv) -> None:
    """Raise ToolError unless what is there may be replaced."""
    if present.state is VenvState.FILE:
        message = f"{present.path} is a file, but the environment belongs there."
        raise ToolError(message, "Move it away, then run this again.")
    if run.request.recreate:
        return
    python = run.needs.python
    is_sound = present.state in {VenvState.READY, VenvState.UNFINISHED} and present.version
    why = f"it has Python {present.version}, and {python.where} asks for {python.name}" if is_sound else present.why
    message = f"{present.path} cannot be used: {why or 'it is not finished'}."
    raise ToolError(message, "Run this with --recreate to replace it.")


def _base(run: _Run) -> interpreters.Interpreter:
    """The Python to make the environment with; raises ToolError, with how to get one, if there is none."""
    python = run.needs.python
    interpreter = interpreters.first_available(
        [python.minor] if python.minor else interpreters.minors_within(python.specifier)
    )
    if interpreter is None:
        minor = python.minor or next(iter(interpreters.minors_within(python.specifier)), "3")
        where = f" {python.where} asks for it." if python.where else ""
        raise ToolError(
            f"{python.name} was not found on PATH, in pyenv, in uv or in the system's places.{where}",
            f"{interpreters.install_hint(minor)} Then run this again.",
        )
    return interpreter


def _install_packages(run: _Run, builder: _LazyBuilder) -> None:
    """Install the packages unless all of them are there; without a lock, those of a package come with the project."""
    needs = run.needs
    before = installed_packages.compare(needs, venv.read_venv(run.folder))
    if not needs.has_lock and not needs.loose:
        return
    hashes = ", by their hashes" if needs.requirements and needs.is_hashed else ""
    if before.is_same:
        run.record("packages", "there", f"{before.right} from {needs.lock}")
        return
    step = builder()
    count = len(step.commands)
    step.install_packages()
    after = installed_packages.compare(needs, venv.read_venv(run.folder))
    run.record("packages", "done", f"{after.right} from {needs.lock}{hashes}", *step.commands[count:])
    if needs.has_lock and not after.is_same:
        differences = ", ".join((*after.missing, *after.different))
        run.notes.append(f"The installation succeeded, but differs from {needs.lock}: {differences}.")


def _install_project(run: _Run, builder: _LazyBuilder) -> None:
    """Install the project itself in place; without a lock, with its dependencies."""
    if not run.needs.is_package:
        return
    present = venv.read_venv(run.folder)
    has_packages = run.needs.has_lock or installed_packages.compare(run.needs, present).is_same
    if has_packages and installed_packages.is_project_installed(run.needs, present):
        run.record("project", "there", "installed in place")
        return
    step = builder()
    count = len(step.commands)
    step.install_project()
    run.record("project", "done", "installed in place", *step.commands[count:])


def _install_hooks(run: _Run) -> None:
    """Install pre-commit's hooks if they are configured; a problem is recorded and does not stop the run."""
    present = hooks.read_hooks(run.folder) if run.is_root else hooks.Hooks(is_configured=False)
    if not present.is_configured:
        return
    if not present.missing:
        run.record("hooks", "there", "pre-commit runs before each commit")
        return
    program = venv.read_venv(run.folder).command("pre-commit")
    if present.path:
        run.record("hooks", "left out", f"core.hooksPath is {present.path}, and pre-commit installs nothing there")
        return
    if program is None and not shutil.which("pre-commit"):
        run.record("hooks", "left out", f"pre-commit is neither in .venv nor on PATH; {hooks.CONFIG} needs it")
        return
    command = f"{'.venv/bin/' if program else ''}pre-commit install"
    run.progress.say(command)
    try:
        for _ in stream(str(program or "pre-commit"), "install", cwd=run.folder):
            pass
    except ProcessError as error:
        run.record("hooks", "left out", f"{command} failed: {error.reason}", command)
        return
    others = f"; the hook that was there, {', '.join(present.others)}, still runs" if present.others else ""
    run.record("hooks", "done", f"pre-commit runs before each commit{others}", command)


def _check(run: _Run) -> bool:
    """Run the project's own check unless it has passed in exactly this state; return whether it passes."""
    present = venv.read_venv(run.folder)
    check = check_command.find_check(run.needs, present)
    if check.doubt:
        run.notes.append(check.doubt)
    if not check.commands:
        run.record("check", "left out", "there is no code to check")
        return True
    stamp = check_run.check_stamp(run.needs, present, check, run.head)
    if venv_marker.read_stamp(present.path) == stamp:
        run.record("check", "there", f"passed: {check.text}")
        return True
    verdict = check_run.run_check(run.folder, present, check, run.progress.say)
    if verdict.passed:
        venv_marker.write_stamp(present.path, stamp)
    run.output = verdict.output
    run.record("check", "done" if verdict.passed else "failed", verdict.message, *verdict.commands)
    return verdict.passed
