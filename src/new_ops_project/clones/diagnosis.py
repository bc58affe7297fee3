"""What a clone lacks on this machine, found out without changing anything."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base import process
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.clones.clone import read_clone
from new_ops_project.clones.step import Seen, Step
from new_ops_project.clones.steps import STEPS


@dataclass(frozen=True)
class Diagnosis:
    """What each step sees, in the order in which a person would fix it."""

    path: Path
    seen: tuple[tuple[Step, Seen], ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(finding for step, seen in self.seen if (finding := step.finding(seen)))

    @property
    def exit_code(self) -> Exit:
        """1 if a finding counts."""
        return Exit.FINDINGS if any(finding.counts for finding in self.findings) else Exit.DONE

    def as_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        checks = [
            {"name": step.name, "state": seen.state, "message": seen.message, "remedy": seen.remedy}
            for step, seen in self.seen
        ]
        return {"path": str(self.path), "checks": checks, "findings": [finding.as_json() for finding in self.findings]}


def diagnose(folder: Path) -> Diagnosis:
    """Diagnose the clone in `folder`: every step looks at the same time, for the remotes take their time.

    Raises ToolError if the folder is not a Python project or its pyproject.toml cannot be read.
    """
    steps = [step for step in STEPS if step.code]
    try:
        clone = read_clone(folder)
        with ThreadPoolExecutor(len(steps)) as pool, process.stopped_together():
            looks = [*pool.map(lambda step: [*step.look(clone)], steps)]
    except OSError as error:
        message = f"{error.filename or folder} cannot be read: {error.strerror or error}."
        raise ToolError(message, "Fix that, then run this again.") from error
    return Diagnosis(folder, tuple((step, seen) for step, look in zip(steps, looks, strict=True) for seen in look))
