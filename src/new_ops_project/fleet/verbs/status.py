"""`fleet status`: how far each project of a fleet is behind."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.base.progress import Progress, ProgressDisplay
from new_ops_project.fleet import history
from new_ops_project.fleet.engines import renovate
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.inventory import repositories, scan, templates
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.inventory.templates import FleetTemplate
from new_ops_project.fleet.model import PathNote, ResultState, RunContext, Task
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.run.pool import Assignment
from new_ops_project.project.update import outdated
from new_ops_project.template.pins import python_support
from new_ops_project.template.releases import Releases


@dataclass(frozen=True)
class StatusRow:
    """The status of one project.

    `state` is failed, behind, deferred or current; `behind` counts releases; `days` is the age of the recorded version
    (None: unknown). `drift` is None if it was not computed. `python_end` is ended, soon or ''. `open` lists its
    template branches; `renovate` is the reason why Renovate could not update it, '' if it could.
    """

    name: str
    state: str
    reason: str = ""
    hint: str = ""
    owner: str = ""
    group: str = ""
    tier: str = ""
    python: str = ""
    python_end: str = ""
    template: str = ""
    version: str = ""
    newest: str = ""
    behind: int = 0
    days: int | None = None
    drift: tuple[PathNote, ...] | None = None
    open: tuple[str, ...] = ()
    last: PastRun = field(default_factory=PastRun)
    renovate: str = ""
    url: str = ""
    folder: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON object for --json."""
        last = {key: getattr(self.last, key) for key in ("state", "reason", "version", "at")}
        return {**asdict(self), "last": last if self.last.state else None}


@dataclass(frozen=True)
class FleetStatus:
    """The row of each project, the most urgent first."""

    rows: tuple[StatusRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each state."""
        states = [row.state for row in self.rows]
        return {state: states.count(state) for state in _STATES}

    @property
    def exit_code(self) -> Exit:
        """2 if a project could not be read, else 1 if one is behind."""
        if self.counts["failed"]:
            return Exit.FAILED
        return Exit.FINDINGS if self.counts["behind"] else Exit.DONE


def status(
    sources: Iterable[str], progress: ProgressDisplay, *, drift: bool, jobs: int | None, offline: bool
) -> FleetStatus:
    """Read every project, and with `drift` also render each one's version; `progress` is opened for both.

    Failed projects come first, then the rows go by releases behind, by the end of Python's support, by age. `jobs`
    projects are rendered at the same time (None: one per core). Raises ToolError for sources that cannot be read or
    have no repository.
    """
    git.require_on_path()
    fleet = repositories.read(sources)
    with progress() as show:
        projects = scan.inspect(fleet.places, show)
    fleet_templates = templates.find(projects, offline=offline)
    past, now = history.read(), datetime.now(UTC)
    rows = [
        _row(project, fleet_templates.get(project.template, FleetTemplate()), past.get(project.name, PastRun()), now)
        for project in projects
    ]
    if drift:
        with progress() as show:
            rows = _with_drift(rows, projects, fleet_templates, jobs or pool.cpu_count(), show)
    return FleetStatus(tuple(sorted(rows, key=_urgency)))


_STATES = ("failed", "behind", "deferred", "current")
_ENDS = ("ended", "soon", "")


def _urgency(row: StatusRow) -> tuple[int, int, int, int, str]:
    return _STATES.index(row.state), -row.behind, _ENDS.index(row.python_end), -(row.days or 0), row.name


def _row(project: Inspection, template: FleetTemplate, last: PastRun, now: datetime) -> StatusRow:
    released = template.dates.get(project.before)
    row = StatusRow(
        project.name,
        "current",
        owner=project.owner,
        group=project.group,
        tier=project.tier,
        python=project.python,
        python_end=end_of_life(project.python, now.date()),
        template=project.template,
        version=project.before,
        newest=str(template.after.version) if template.after else "",
        days=(now - released).days if released else None,
        open=project.open,
        last=last,
        url=project.url,
        folder=project.folder,
        renovate=renovate.readiness(project.template, project.before) if project.template else "",
    )
    if project.state == ResultState.FAILED or not project.template:
        state = str(project.state or ResultState.FAILED)
        return replace(row, state=state, reason=project.reason, hint=project.hint)
    try:
        is_behind = templates.is_behind(template, project.before, to=None)
    except ToolError as error:
        return replace(row, state="failed", reason=error.message, hint=error.hint)
    behind = max(templates.releases_behind(template, project.before), 1) if is_behind else 0
    note = outdated.renaming(template.releases, project.before) if template.releases else ""
    # A clone that somebody works in keeps its reason, but still shows how far behind it is.
    reason, state = " ".join(filter(None, (project.reason, note))), "behind" if is_behind else "current"
    return replace(row, state=state, behind=behind, reason=reason, hint=project.hint)


def end_of_life(python: str, today: date) -> str:
    """`ended` or `soon` (within half a year) for the support of a Python version; '' if it lasts or is unknown."""
    ends = {python_support.Support.ENDED: "ended", python_support.Support.SOON: "soon"}
    return ends.get(python_support.version_use(python, today).support, "")


def _with_drift(
    rows: Iterable[StatusRow],
    projects: Iterable[Inspection],
    fleet_templates: Mapping[str, FleetTemplate],
    jobs: int,
    progress: Progress,
) -> list[StatusRow]:
    """The rows, each with the template's files that the project has edited or deleted."""
    releases = {location: template.releases for location, template in fleet_templates.items() if template.releases}
    tasks = [task for project in projects if (task := _task(project, releases.get(project.template)))]
    work = Assignment("drift", RunContext("", "", "", Path()), releases, 120.0)
    by_name = {row.name: row for row in rows}
    with pool.results(tasks, work, jobs) as results:
        for number, result in enumerate(results, 1):
            row = by_name[result.name]
            if result.state == ResultState.FAILED:
                by_name[row.name] = replace(row, state="failed", reason=result.reason, hint=result.hint)
            else:
                reason = " ".join(filter(None, (row.reason, *result.notes)))
                by_name[row.name] = replace(row, drift=result.drift, reason=reason)
            progress(row.name, number, len(tasks))
    return [*by_name.values()]


def _task(project: Inspection, releases: Releases | None) -> Task | None:
    """The task for a worker that compares a project with its recorded version; None if that is impossible."""
    commit = templates.commit_of(releases, project.before) if releases else None
    if project.state == ResultState.FAILED or commit is None:
        return None
    return Task(
        project.name,
        project.url,
        project.folder,
        project.prefix,
        project.answers_file,
        project.owner,
        project.group,
        project.branch,
        project.base,
        project.template,
        project.before,
        project.before,
        commit,
        project.tier,
        project.python,
    )
