"""How a project's .venv is made: with uv if it is on this machine, otherwise with pip."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import stream
from new_ops_project.base.progress import Progress
from new_ops_project.clones import venv, venv_marker
from new_ops_project.clones.interpreters import Interpreter
from new_ops_project.clones.needs import Needs
from new_ops_project.git import urls

# No download of a Python, no installation into the user's home, no prompt.
_QUIET = {
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_PROGRESS": "1",
    "PIP_USER": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "NO_COLOR": "1",
}
# How pip, uv and venv report a problem; pip has the reason of a failed connection only where it tries again.
_PROBLEM = re.compile(r"ERROR|error:|Error:|\s*\xd7|.*connection broken by")
_FULL = 50  # MiB; with less, the disk counts as full, since pip alone takes 15
# What pip or uv prints when it comes to a package: its name, or the path of a file of it on this machine.
_PACKAGE = re.compile(r"(?:Collecting | \+ )([\w.-]+)|Processing \S*[/\\]([\w.]+?)-\d")


def find_uv(installer: str | None = None) -> str:
    """The path of uv, '' to do without it; `installer`: uv or pip, None for uv if it is on PATH.

    Raises ToolError if uv is wanted and not on PATH.
    """
    uv = shutil.which("uv") if installer != "pip" else None
    if installer == "uv" and not uv:
        raise ToolError("uv was not found on PATH.", "Install it, or leave --installer out.")
    return uv or ""


class Steps:
    """Reports steps as progress, and counts them. `total`: how many are expected; `commands`: those that were run."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.commands: list[str] = []
        self._progress, self._total, self._done = progress, total, 0

    def start(self, command: str) -> None:
        """Report a command that is run next, and keep it."""
        self.commands.append(command)
        self.say(command)

    def say(self, text: str) -> None:
        """Report the next step."""
        self._done = min(self._done + 1, self._total - 1)
        self._progress(text, self._done, self._total)

    def end(self, text: str) -> None:
        """Report that everything is done."""
        self._progress(text, self._total, self._total)


@contextmanager
def open_builder(needs: Needs, uv: str, steps: Steps) -> Iterator["EnvironmentBuilder"]:
    """Yield a builder, which works with uv if given.

    From its first command until the block ends without an error, .venv is marked as unfinished.
    """
    folder = needs.folder / venv.NAME
    try:
        with ExitStack() as stack:
            yield EnvironmentBuilder(needs, uv, steps, stack)
            if venv_marker.is_unfinished(folder):
                venv_marker.end(folder)
    except OSError as error:
        message = f"{error.filename or folder} cannot be written: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again to resume.") from error


class EnvironmentBuilder:
    """The steps from nothing to a complete .venv; each can be repeated.

    Each step raises ToolError with the installer's own reason.
    """

    def __init__(self, needs: Needs, uv: str, steps: Steps, stack: ExitStack) -> None:
        self.needs, self.uv = needs, uv
        self._steps, self._stack = steps, stack
        self._lock: tuple[int, ...] | None = None  # file descriptors for child processes to inherit

    def make_venv(self, base: Interpreter) -> None:
        """Make .venv with the Python `base`, or complete one that was begun."""
        folder = self.needs.folder / venv.NAME
        if self.uv:
            options = ("--quiet", "--allow-existing", "--seed", "--python", str(base.path))
            self._run(self.uv, "venv", *options, str(folder))
        else:
            self._run(str(base.path), "-m", "venv", str(folder))

    def install_packages(self) -> None:
        """Install what the lock pins; without a lock, what pyproject.toml requires."""
        needs = self.needs
        if needs.uv_lock and self.uv:
            options = ("--locked", "--inexact", *(() if needs.is_package else ("--no-install-project",)))
            self._run(self.uv, "sync", *options, env={"UV_PROJECT_ENVIRONMENT": venv.NAME})
            return
        hashes = ("--require-hashes",) if needs.is_hashed and needs.requirements else ()
        files = [part for file in needs.requirements for part in ("-r", file.path)]
        if files or needs.loose:
            self._install(*hashes, *(files or needs.loose))

    def install_project(self) -> None:
        """Install the project in place, if it is a package."""
        needs = self.needs
        if not needs.is_package:
            return
        present = venv.read_venv(needs.folder)
        locked = {pin.name for pin in needs.pins(present.environment)}
        declared = {pin.name for pin in needs.declared if pin.applies(present.environment)}
        # If the lock covers every dependency, the installer must not resolve them again: it could take other versions,
        # and would need an index. The same holds for the build backend if it is installed.
        is_covered = needs.has_lock and needs.pyproject.get("project") is not None and declared <= locked
        has_backend = {pin.name for pin in needs.backend if pin.applies(present.environment)} <= present.packages.keys()
        options = [*(["--no-deps"] if is_covered else []), *(["--no-build-isolation"] if has_backend else [])]
        extras = f"[{','.join(needs.extras)}]" if needs.extras and not needs.has_lock else ""
        self._install(*options, "--editable", f".{extras}")

    def _install(self, *arguments: str) -> None:
        python = str(venv.read_venv(self.needs.folder).python)
        if self.uv:
            self._run(self.uv, "pip", "install", "--python", python, *arguments)
        else:
            if "pip" not in venv.read_venv(self.needs.folder).packages:  # uv makes environments without it
                self._run(python, "-m", "ensurepip")
            self._run(python, "-m", "pip", "install", "--progress-bar=off", *arguments)

    def _run(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Report the command, run it, and report each package that it comes to."""
        folder = self.needs.folder
        text = _shown(command, folder)
        self._steps.start(text)
        if self._lock is None:
            venv_marker.begin(folder / venv.NAME)
            self._lock = self._stack.enter_context(venv_marker.locked(folder / venv.NAME))
        try:
            with closing(stream(*command, cwd=folder, env={**_QUIET, **(env or {})}, keep=self._lock)) as lines:
                for line in lines:
                    self._report(line)
        except ProcessError as error:
            cause = f"{urls.without_secrets(_reason(error))}{_disk_note(folder / venv.NAME)}"
            raise ToolError(f"{text} failed: {cause}", "Fix that, then run this again to resume.") from error

    def _report(self, line: str) -> None:
        """Report the package that pip or uv has come to, if the line of its output says so."""
        if match := _PACKAGE.match(line):
            self._steps.say(match[1] or match[2])
        elif line.startswith("Installing collected packages"):
            self._steps.say("writing them to .venv")


def _shown(command: tuple[str, ...], folder: Path) -> str:
    """The command as a person would type it in the project's folder."""
    inside = f"{folder}{os.sep}"
    program = "uv" if Path(command[0]).name == "uv" else command[0]
    return " ".join(part.removeprefix(inside) for part in (program, *command[1:]))


def _disk_note(folder: Path) -> str:
    """A sentence to add to a failure if the disk is full, which the error of venv does not mention."""
    free = shutil.disk_usage(folder).free // 1024**2
    return f"\nThere are {free} MiB free at {folder}." if free < _FULL else ""


def _reason(error: ProcessError) -> str:
    """Why pip, uv or venv failed, in its own words: its output from the first line that reports a problem."""
    lines = [line.rstrip() for line in error.stderr.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if _PROBLEM.match(line)), -1)
    return "\n".join(lines[start:][:12]) or f"exit code {error.exit_code}"
