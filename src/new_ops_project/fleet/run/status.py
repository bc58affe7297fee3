"""The rows of `fleet status`, most urgent first."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.progress import Progress
from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet import history
from new_ops_project.fleet.engines import renovate
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.inventory import templates
from new_ops_project.fleet.inventory.scan import Inspection
from new_ops_project.fleet.inventory.templates import FleetTemplate
from new_ops_project.fleet.model import PathNote, ResultState, RunContext, Task
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.run.pool import Assignment
from new_ops_project.template.pins import python_support


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


def rows(
    projects: Iterable[Inspection], fleet_templates: Mapping[str, FleetTemplate], now: datetime
) -> list[StatusRow]:
    """The row of every project: failed first, then by releases behind, by the end of Python's support, by age."""
    past = history.read()
    return sorted(
        (
            _row(
                project, fleet_templates.get(project.template, FleetTemplate()), past.get(project.name, PastRun()), now
            )
            for project in projects
        ),
        key=_urgency,
    )


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
    # A clone that somebody works in keeps its reason, but still shows how far behind it is.
    state = "behind" if is_behind else "current"
    return replace(row, state=state, behind=behind, reason=project.reason, hint=project.hint)


def end_of_life(python: str, today: date) -> str:
    """`ended` or `soon` (within half a year) for the support of a Python version; '' if it lasts or is unknown."""
    ends = {python_support.Support.ENDED: "ended", python_support.Support.SOON: "soon"}
    return ends.get(python_support.version_use(python, today).support, "")


def with_drift(
    status_rows: list[StatusRow],
    projects: Iterable[Inspection],
    fleet_templates: Mapping[str, FleetTemplate],
    jobs: int,
    progress: Progress,
) -> list[StatusRow]:
    """The rows, each with the template's files that the project has edited or deleted."""
    tasks = [
        task for project in projects if (task := _task(project, fleet_templates.get(project.template, FleetTemplate())))
    ]
    releases = {location: template.releases for location, template in fleet_templates.items() if template.releases}
    work = Assignment("drift", RunContext("", "", "", Path()), releases, 120.0)
    drift: dict[str, tuple[PathNote, ...]] = {}
    failures: dict[str, tuple[str, str]] = {}
    with pool.replies(tasks, work, jobs) as replies:
        for number, reply in enumerate(replies, 1):
            answer = reply.answer or {"reason": reply.reason}
            if answer.get("reason"):
                failures[reply.task.name] = str(answer["reason"]), str(answer.get("hint", ""))
            else:
                drift[reply.task.name] = tuple(PathNote(**note) for note in answer["drift"])
            progress(escape_invisible(reply.task.name), number, len(tasks))
    with_notes = [replace(row, drift=drift.get(row.name)) for row in status_rows]
    return sorted(
        (_failed(row, *failures[row.name]) if row.name in failures else row for row in with_notes), key=_urgency
    )


def _failed(row: StatusRow, reason: str, hint: str) -> StatusRow:
    return replace(row, state="failed", reason=reason, hint=hint)


def _task(project: Inspection, template: FleetTemplate) -> Task | None:
    """The task for a worker that compares a project with its recorded version; None if that is impossible."""
    commit = templates.commit_of(template.releases, project.before) if template.releases else None
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


def counts(status_rows: Iterable[StatusRow]) -> dict[str, int]:
    """The number of rows of each state."""
    totals = dict.fromkeys(_STATES, 0)
    for row in status_rows:
        totals[row.state] += 1
    return totals
