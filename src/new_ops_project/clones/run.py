"""One run of the steps that act: what it runs, what it reports, how it marks `.venv` meanwhile."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from new_ops_project.base import masking
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.process import stream
from new_ops_project.base.progress import Progress
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.clones import venv_marker
from new_ops_project.clones.clone import Clone

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
_PACKAGE = re.compile(r"(?:Collecting | \+ )([\w.-]+)|Processing \S*[/\\]([\w.]+?)-\d|Installing collected packages")


class Run:
    """One run on `clone`, which is replaced by a copy, to look again, whenever something about it has changed.

    `recreate`: whether any environment may be replaced; `commands`: those that were run, as a person would type them;
    `output`: of the check, if it failed.
    """

    def __init__(self, clone: Clone, progress: Progress, *, recreate: bool) -> None:
        self.clone, self.recreate = clone, recreate
        self.commands: list[str] = []
        self.output = ""
        self._progress, self._done = progress, 0
        self._total = len(clone.needs.pins(clone.venv.environment)) + 8  # how many reports are expected
        self._stack = ExitStack()
        self._lock: tuple[int, ...] | None = None  # file descriptors for child processes to inherit

    def start(self, command: str) -> None:
        """Report a command that is run next, and keep it."""
        self.commands.append(command)
        self._say(command)

    def _say(self, text: str) -> None:
        self._done = min(self._done + 1, self._total - 1)
        self._progress(text, self._done, self._total)

    def end(self, text: str) -> None:
        """Report that everything is done."""
        self._progress(text, self._total, self._total)

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """From the first `install` until the block ends without an error, .venv is marked as unfinished."""
        with self._stack:
            yield
            if venv_marker.end(self.clone.venv.path):
                self.clone = replace(self.clone)

    def install(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Report the command of an installer, run it, and report each package that it comes to.

        Raises ToolError with the installer's own reason.
        """
        path = self.clone.venv.path
        text = _shown(command, path.parent)
        self.start(text)
        if self._lock is None:
            venv_marker.begin(path)
            self._lock = self._stack.enter_context(venv_marker.locked(path))
        try:
            with temporary_folder() as temporary:  # a killed pip leaves whole packages in it
                variables = {**_QUIET, "TMPDIR": str(temporary), **(env or {})}
                with closing(stream(*command, cwd=path.parent, env=variables, keep=self._lock)) as lines:
                    for line in lines:
                        if match := _PACKAGE.match(line):
                            self._say(match[1] or match[2] or "writing them to .venv")
        except ProcessError as error:
            cause = f"{masking.masked(_reason(error))}{_disk_note(path)}"
            raise ToolError(f"{text} failed: {cause}", "Fix that, then run this again to resume.") from error


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
