"""A project's .venv: made, and filled from its lock, with uv where it is on the machine, else with venv and pip."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, output_lines
from new_ops_project.clones import venv as venvs
from new_ops_project.clones import venv_marker
from new_ops_project.clones.interpreters import Interpreter, find_working, install_hint
from new_ops_project.clones.needs import Needs
from new_ops_project.clones.venv import python_of
from new_ops_project.git import urls

LOCK = "requirements-dev.txt"

Progress = Callable[[str, int, int], None]

# No download of a Python that nobody asked for, no installation into a home, no question.
_QUIET = {
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_PROGRESS": "1",
    "PIP_USER": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "NO_COLOR": "1",
}
# What pip says of a connection, among the lines that say that it tries again.
_CONNECTION = re.compile(r"after connection broken by '(?:\w+\()*(?:.*?: )?(.*?)[\"')]*: /")
_FULL = 50  # MiB; pip alone takes 15
# What they print of each package: by name, or a file of it that is on this machine.
_PACKAGE = re.compile(r"(?:Collecting | \+ )([\w.-]+)|Processing \S*[/\\]([\w.]+?)-\d")


@dataclass(frozen=True)
class Installer:
    """What makes environments here. `uv`: where uv is; '' for venv and pip."""

    uv: str = ""

    @property
    def name(self) -> str:
        """Its name, as --installer takes it."""
        return "uv" if self.uv else "pip"


def choose_installer(name: str | None = None) -> Installer:
    """The one that is asked for, else uv where it is on PATH, else pip; raises ToolError where uv is not there."""
    uv = shutil.which("uv") if name != "pip" else None
    if name == "uv" and not uv:
        raise ToolError("uv was not found on PATH.", "Install it, or leave --installer out.")
    return Installer(uv or "")


def create_environment(project: Path, minor: str, progress: Progress) -> Path:
    """Make `project`/.venv with CPython `minor`, install the lock into it and the project itself without its deps.

    `progress` is told what is done, the number of steps done and of all steps. Returns the interpreter.
    Raises ToolError when there is no such Python or when the installation fails.
    """
    if not (project / LOCK).is_file():
        raise ToolError(f"{project.name} has no {LOCK} to make an environment from.", "Leave --venv out.")
    base = find_working(minor)
    if base is None:
        message = f"Python {minor} was not found on PATH, in pyenv or in uv."
        raise ToolError(message, f"{install_hint(minor)} Then make .venv.")
    needs = Needs(project)
    steps = Steps(progress, len(needs.pins(venvs.read_venv(project).environment)) + 3)
    filling = EnvironmentBuilder(needs, choose_installer(), steps)
    try:
        with filling.begun():
            filling.make(base)
            filling.install()
            filling.install_project()
    except ToolError as error:
        raise ToolError(
            f"The environment of {project.name} could not be made: {error.message}",
            f"Mend that, then run `new-ops-project onboard {project.name}`; it goes on from there.",
        ) from error
    steps.end("the environment is ready")
    return python_of(project / venvs.NAME)


class Steps:
    """Tells of each step, and counts them: `total` is what is expected."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def say(self, text: str) -> None:
        """Tell of the next step."""
        self._done = min(self._done + 1, self._total - 1)
        self._progress(text, self._done, self._total)

    def end(self, text: str) -> None:
        """Tell that all is done."""
        self._progress(text, self._total, self._total)


class EnvironmentBuilder:
    """What leads from nothing to a filled .venv; each part can be repeated. `commands`: those that were run.

    Each raises ToolError with the installer's own reason.
    """

    def __init__(self, needs: Needs, by: Installer, steps: Steps) -> None:
        self.needs, self.by = needs, by
        self.commands: list[str] = []
        self._steps = steps
        self._keep: tuple[int, ...] = ()

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Note that .venv is unfinished until the block is left without an error, which is what the next run sees."""
        folder = self.needs.folder / venvs.NAME
        try:
            venv_marker.begin(folder)
            with venv_marker.locked(folder) as note:
                self._keep = () if note is None else (note,)
                yield
                venv_marker.end(folder)
        except OSError as error:
            message = f"{error.filename or folder} cannot be written: {error.strerror or error}."
            raise ToolError(message, "Mend that, then run this again; it goes on from there.") from error

    def make(self, base: Interpreter) -> None:
        """Make .venv with the Python `base`, beginning or going on."""
        folder = self.needs.folder / venvs.NAME
        if not self.by.uv and not base.makes_environments:
            message = f"{base.path} cannot make environments: it has no venv module with ensurepip."
            raise ToolError(message, f"On Debian and Ubuntu: `apt install python{base.minor}-venv`. Or install uv.")
        if self.by.uv:
            options = ("--quiet", "--allow-existing", "--seed", "--python", str(base.path))
            self._run(self.by.uv, "venv", *options, str(folder))
        else:
            self._run(str(base.path), "-m", "venv", str(folder))

    def install(self) -> None:
        """Install what the lock has; where there is none, what pyproject.toml asks for."""
        needs = self.needs
        if needs.uv_lock.path and self.by.uv:
            more = () if needs.is_package else ("--no-install-project",)
            self._run(self.by.uv, "sync", "--locked", "--inexact", *more, env={"UV_PROJECT_ENVIRONMENT": venvs.NAME})
            return
        hashed = ("--require-hashes",) if needs.is_hashed and needs.requirements else ()
        listed = [part for one in needs.requirements for part in ("-r", one.path)]
        if listed or needs.loose:
            self._install(*hashed, *(listed or needs.loose))

    def install_project(self) -> None:
        """Install the project in place, if it is a package: what the lock holds already is not looked for again."""
        needs = self.needs
        if not needs.is_package:
            return
        here = venvs.read_venv(needs.folder)
        known = {pin.name for pin in needs.pins(here.environment)}
        declared = {pin.name for pin in needs.declared if pin.applies(here.environment)}
        covered = needs.has_lock and needs.pyproject.get("project") is not None and declared <= known
        built = {pin.name for pin in needs.backend if pin.applies(here.environment)} <= here.packages.keys()
        options = [*(["--no-deps"] if covered else []), *(["--no-build-isolation"] if built else [])]
        extras = f"[{','.join(needs.extras)}]" if needs.extras and not needs.has_lock else ""
        self._install(*options, "--editable", f".{extras}")

    def _install(self, *arguments: str) -> None:
        python = str(python_of(self.needs.folder / venvs.NAME))
        if self.by.uv:
            self._run(self.by.uv, "pip", "install", "--python", python, *arguments)
        else:
            if "pip" not in venvs.read_venv(self.needs.folder).packages:  # uv makes environments without it
                self._run(python, "-m", "ensurepip")
            self._run(python, "-m", "pip", "install", "--progress-bar=off", *arguments)

    def _run(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Say the command, run it, and tell of each package as it comes."""
        shown = _shown(command, self.needs.folder)
        self.commands.append(shown)
        self._steps.say(shown)
        try:
            variables = {**_QUIET, **(env or {})}
            with closing(output_lines(*command, cwd=self.needs.folder, env=variables, keep=self._keep)) as said:
                for line in said:
                    self._tell(line)
        except ProcessError as error:
            why = f"{urls.without_secrets(reason(error))}{_fullness(self.needs.folder / venvs.NAME)}"
            hint = "Mend that, then run this again; it goes on from there."
            raise ToolError(f"{shown} failed: {why}", hint) from error

    def _tell(self, line: str) -> None:
        """Tell of a package that pip or uv has come to."""
        if found := _PACKAGE.match(line):
            self._steps.say(found[1] or found[2])
        elif line.startswith("Installing collected packages"):
            self._steps.say("writing them to .venv")


def _shown(command: tuple[str, ...], folder: Path) -> str:
    """The command as one would type it in the project's folder."""
    inside = f"{folder}{os.sep}"
    return " ".join(part.removeprefix(inside) for part in (_program(command[0], inside), *command[1:]))


def _program(path: str, inside: str) -> str:
    return Path(path).name if Path(path).name == "uv" else path.removeprefix(inside)


def _fullness(venv: Path) -> str:
    """What to add to a failure where the disk is full: venv hides why pip could not be unpacked."""
    free = shutil.disk_usage(venv).free // 1024**2
    return f"\nThere are {free} MiB free at {venv}." if free < _FULL else ""


def reason(error: ProcessError) -> str:
    """Why pip, uv or venv failed, in its own words."""
    said = [line.rstrip() for line in error.stderr.splitlines() if line.strip()]
    if connection := next((found[1] for line in said if (found := _CONNECTION.search(line))), ""):
        errors = [line for line in said if line.startswith("ERROR")]
        return f"{connection} ({errors[-1].removeprefix('ERROR: ')})" if errors else connection
    start = next((at for at, line in enumerate(said) if re.match(r"ERROR|error:|Error:|\s*\xd7", line)), len(said))
    told = said[start:] or said[-1:]
    if told and told[0].startswith("ERROR: THESE PACKAGES DO NOT MATCH"):
        told = ["the hashes of the lock do not match what was downloaded:", *told[1:]]
    text = "\n".join(line.removeprefix("ERROR: ").removeprefix("error: ") for line in told[:12])
    return text.strip() or f"exit code {error.code}"
