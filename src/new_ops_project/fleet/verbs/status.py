"""`fleet status`: how far each project of a fleet is behind."""

from dataclasses import dataclass
from datetime import UTC, datetime

from new_ops_project import git
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.progress import ProgressDisplay
from new_ops_project.fleet.inventory import repositories, scan, templates
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.run import status as status_rows
from new_ops_project.fleet.run.status import StatusRow


@dataclass(frozen=True)
class StatusRequest:
    """What was asked for on the command line; `jobs` projects are rendered at the same time (None: one per core)."""

    sources: tuple[str, ...] = ()
    drift: bool = False
    jobs: int | None = None
    offline: bool = False


@dataclass(frozen=True)
class FleetStatus:
    """The row of each project, the most urgent first, and the number of rows of each state."""

    rows: tuple[StatusRow, ...]
    counts: dict[str, int]

    @property
    def exit_code(self) -> Exit:
        """2 if a project could not be read, else 1 if one is behind."""
        if self.counts["failed"]:
            return Exit.FAILED
        return Exit.FINDINGS if self.counts["behind"] else Exit.DONE


def status(request: StatusRequest, progress: ProgressDisplay) -> FleetStatus:
    """Read every project, and with `drift` also render each one's version; `progress` is opened for both.

    Raises ToolError for sources that cannot be read or have no repository.
    """
    git.require_on_path()
    fleet = repositories.read(request.sources)
    with progress() as show:
        projects = scan.inspect(fleet.places, show)
    if not projects:
        raise ToolError("There is no repository in these sources.", "Give a folder of clones, a list, or a URL.")
    fleet_templates = templates.find(projects, offline=request.offline)
    rows = status_rows.rows(projects, fleet_templates, datetime.now(UTC))
    if request.drift:
        jobs = request.jobs or pool.cpu_count()
        with progress() as show:
            rows = status_rows.with_drift(rows, projects, fleet_templates, jobs, show)
    return FleetStatus(tuple(rows), status_rows.counts(rows))
