"""What a clone lacks on this machine, found out without changing anything."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from new_ops_project.base import process
from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.clones.clone import read_clone
from new_ops_project.clones.step import Seen, SetupStep
from new_ops_project.clones.steps import STEPS


def diagnose(folder: Path) -> tuple[tuple[SetupStep, Seen], ...]:
    """What each step sees in the clone in `folder`, in the order in which a person would fix it.

    Every step looks at the same time, for the remotes take their time. Raises ToolError if the folder is not a Python
    project or its pyproject.toml cannot be read.
    """
    steps = [step for step in STEPS if step.code]
    try:
        clone = read_clone(folder)
        with ThreadPoolExecutor(len(steps)) as pool, process.stopped_together():
            looks = [*pool.map(lambda step: [*step.look(clone)], steps)]
    except OSError as error:
        message = f"{error.filename or folder} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error
    return tuple((step, seen) for step, look in zip(steps, looks, strict=True) for seen in look)


def as_json(folder: Path, diagnosis: Iterable[tuple[SetupStep, Seen]]) -> dict[str, Any]:
    """The object that --json prints."""
    checks = [
        {"name": step.name, "state": seen.state, "message": seen.message, "remedy": seen.remedy}
        for step, seen in diagnosis
    ]
    findings = [
        Finding(step.code, seen.severity, seen.path, 0, 0, seen.message, seen.remedy).as_json()
        for step, seen in diagnosis
        if seen.severity
    ]
    return {"path": str(folder), "checks": checks, "findings": findings}
