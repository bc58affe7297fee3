"""The steps of the machine around a clone: variables, disk space, and whether the project's own check passes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from new_ops_project.base.finding import Severity
from new_ops_project.clones import check, variables, venv_marker
from new_ops_project.clones.clone import Clone
from new_ops_project.clones.step import Run, Seen

_MIB = 1024**2
_TIGHT, _FULL = 1024, 200  # MiB; the environment of a generated project takes about 200


def look_variables(clone: Clone) -> Iterator[Seen]:
    """Each variable that the repository lists has a value."""
    if not variables.has_example(clone.folder):
        return
    if names := variables.missing_variables(clone.folder):
        remedy = f"Copy {variables.EXAMPLE} to .env, fill it in, and load it: set -a; . ./.env; set +a"
        yield Seen(f"not set, here or in .env: {', '.join(names)}", Severity.WARNING, remedy, variables.EXAMPLE)
    else:
        yield Seen(f"all of {variables.EXAMPLE} are set")


def look_disk(clone: Clone) -> Iterator[Seen]:
    """There is room, on each file system that an installation writes to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    least, place = min((free(place), place) for place in (clone.folder, cache, Path(tempfile.gettempdir())))
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
    elif venv_marker.read_stamp(clone.venv.path) == clone.stamp:
        yield Seen(f"passed: {clone.check.text}")
    else:
        yield Seen(f"not run in this state: {clone.check.text}", Severity.WARNING, clone.onboard)


def run_check(run: Run) -> str:
    """Run the project's own check, and note in .venv that it passed."""
    clone = run.clone
    stamp = clone.stamp  # as it is before the check
    try:
        message = check.run_check(clone.folder, clone.venv, clone.check, run.progress.start)
    except check.CheckFailedError as error:
        run.output = error.output
        raise
    venv_marker.write_stamp(clone.venv.path, stamp)
    return message
