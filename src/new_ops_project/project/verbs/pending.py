"""The end of a pending change: `--continue` concludes it, `--abort` undoes it."""

from pathlib import Path

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.plan import delivery
from new_ops_project.plan.destination import Destination
from new_ops_project.plan.outcome import Outcome
from new_ops_project.project import generated


def conclude(path: Path, destination: Destination) -> Outcome:
    """Conclude the pending change of the project at `path`; raises ToolError when that is not possible yet."""
    git.require_on_path()
    repository, _, _ = generated.find(paths.expanded(path))
    return delivery.conclude(repository, destination)


def take_back(path: Path, destination: Destination) -> Outcome:
    """Undo the pending change of the project at `path`; raises ToolError when there is none."""
    git.require_on_path()
    repository, _, _ = generated.find(paths.expanded(path))
    return delivery.take_back(repository, destination)
