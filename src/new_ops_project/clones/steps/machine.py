"""The steps of the machine around a clone: variables, disk space, and whether the project's own check passes."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from new_ops_project.base import reading
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.base.process import stream
from new_ops_project.base.scratch import system_folder, temporary_folder
from new_ops_project.clones import venv_marker
from new_ops_project.clones.clone import Clone
from new_ops_project.clones.run import Run
from new_ops_project.clones.step import Seen
from new_ops_project.clones.text_file import text_of

_EXAMPLE = ".env.example"
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$", re.MULTILINE | re.ASCII)
_MIB = 1024**2
_TIGHT, _FULL = 1024, 200  # MiB; the environment of a generated project takes about 200


def look_variables(clone: Clone) -> Iterator[Seen]:
    """Each variable that the repository lists has a value."""
    try:
        reading.require_regular((clone.folder / ".env", clone.folder / _EXAMPLE))
    except ToolError as error:
        yield Seen(error.message.rstrip("."), Severity.WARNING, error.hint)
        return
    if names := missing_variables(clone.folder):
        remedy = f"Copy {_EXAMPLE} to .env, fill it in, and load it: set -a; . ./.env; set +a"
        yield Seen(f"not set, here or in .env: {', '.join(names)}", Severity.WARNING, remedy, _EXAMPLE)
    elif _assignments(clone.folder / _EXAMPLE):
        yield Seen(f"all of {_EXAMPLE} are set")


def missing_variables(folder: Path) -> tuple[str, ...]:
    """The names of the variables in `.env.example` that have no value, neither in the environment nor in `.env`."""
    assigned = {name for name, value in _assignments(folder / ".env") if value.strip(" \t\r'\"")}
    needed = dict.fromkeys(name for name, _ in _assignments(folder / _EXAMPLE))
    return tuple(name for name in needed if name not in assigned and not os.environ.get(name))


def _assignments(file: Path) -> list[tuple[str, str]]:
    """Each variable in the file with its value; [] if it cannot be read, such as the pipe of a secrets manager."""
    with suppress(ToolError):
        return _ASSIGNMENT.findall(text_of(file))
    return []


def look_disk(clone: Clone) -> Iterator[Seen]:
    """There is room, on each file system that an installation writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = min((clone.folder, cache, system_folder()), key=free)
    least = free(place)
    if least >= _TIGHT:
        yield Seen(f"{least / 1024:.1f} GiB free at {place}")
    else:
        severity = Severity.ERROR if least < _FULL else Severity.WARNING
        remedy = "Free some space: an environment takes about 200 MiB, and its downloads as much"
        yield Seen(f"{least} MiB free at {place}", severity, remedy)


def free(place: Path) -> int:
    """The free space, in MiB, of the file system where `place` is or would be."""
    existing = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(existing).free // _MIB


def look_check(clone: Clone) -> Iterator[Seen]:
    """The project's own check has passed, in exactly this state."""
    if not clone.check.commands:
        yield Seen("there is no code to check", Severity.INFO)
    elif venv_marker.is_stamped(clone.venv.path, clone.stamp):
        yield Seen(f"passed: {clone.check.text}")
    else:
        yield Seen(f"not run in this state: {clone.check.text}", Severity.WARNING, clone.onboard)


def run_check(run: Run) -> str:
    """Run the project's own check until a command fails, and note in .venv that it passed."""
    clone, stamp, verb = run.clone, run.clone.stamp, "passed"
    for command in clone.check.commands:
        text = shlex.join(command)
        run.start(text)
        try:
            _run(clone, *command)
        except ProcessError as error:
            if not error.exit_code or error.exit_code != clone.check.empty:
                run.output = error.stderr or str(error)
                raise ToolError(f"{text} failed: {_reason(error)}") from error
            verb = "found nothing to check"
    venv_marker.write_stamp(clone.venv.path, stamp)
    return f"{verb}: {clone.check.text}"


def _reason(error: ProcessError) -> str:
    if error.exit_code is None:
        return "it did not start"
    return f"exit code {error.exit_code}" if error.exit_code > 0 else f"signal {-error.exit_code}"


def _run(clone: Clone, program: str, *arguments: str) -> None:
    """Run one command as in the activated environment, in the user's language instead of English."""
    python = clone.venv.python
    if program.startswith((".venv", "./")):
        program = str(python if program == ".venv/bin/python" else clone.folder / program)
    path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {"PATH": path, "VIRTUAL_ENV": str(clone.venv.path), "PYTHONHOME": "", "LC_ALL": os.environ.get("LC_ALL", "")}
    with temporary_folder() as cache:
        env |= {"PYTHONPYCACHEPREFIX": str(cache)} if "compileall" in arguments else {}
        for _ in stream(program, *arguments, cwd=clone.folder, env=env):
            pass
