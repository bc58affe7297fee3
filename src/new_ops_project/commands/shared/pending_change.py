"""The options `--continue` and `--abort` of a verb whose change is pending in the work tree."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from new_ops_project.plan.destination import Destination
    from new_ops_project.plan.outcome import Outcome


def finish_or_undo(path: Path, destination: "Destination", *, resume: bool) -> "Outcome":
    """Finish the pending change of the project in `path` if `resume`; otherwise undo it."""
    from new_ops_project.project.verbs import pending

    return pending.conclude(path, destination) if resume else pending.take_back(path, destination)
