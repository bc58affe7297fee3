"""The steps of `adopt`: evidence in an existing repository becomes answers, and the template is added."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.git import worktree
from new_ops_project.plan import apply, delivery, summary
from new_ops_project.plan.destination import Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.project.adoption import planner
from new_ops_project.project.adoption.planner import Adoption
from new_ops_project.template import answers_file, render, sources
from new_ops_project.template.answers import Asker, assignment

BRANCH = "template/adopt"


@dataclass(frozen=True)
class AdoptRequest:
    """What was asked for on the command line, without the destination."""

    path: Path
    name: str | None = None
    tier: str | None = None
    python: str | None = None
    assignments: tuple[str, ...] = ()
    template: str | None = None
    offline: bool = False


def adopt(
    request: AdoptRequest,
    destination: Destination,
    *,
    ask: Asker | None = None,
    show: Callable[[Adoption, Plan], None] = lambda *_: None,
) -> Outcome:
    """Compute the adoption of one repository and deliver it.

    `show` sees what will happen before anything moves; whatever it raises stops the adoption.
    Raises ToolError, with nothing moved, for everything that a person can fix.
    """
    git.require_on_path()
    folder = paths.expanded(request.path)
    if not folder.is_dir():
        raise ToolError(f"{folder} is not a folder.", "Give the PATH of a repository.")
    repository, prefix = worktree.find_repository(folder)
    _require_committable(repository, destination)
    if files := [path for path in answers_file.answers_files(folder) if "/" not in path or path.startswith(".")]:
        return _generated(repository.root / prefix, files[0])
    with delivery.begun(repository, destination, to=None) as status:
        if isinstance(status, Outcome):
            return status
        delivery.require_room(destination, repository, status, prefix)
        location, source = planner.Location(repository, prefix, status.head), sources.find(request.template)
        adoption = planner.prepare(location, source, _given(request), offline=request.offline, ask=ask)
        with planner.planned(adoption) as plan:
            show(adoption, plan)
            return delivery.deliver(plan, destination, status, _purpose(adoption, plan, destination))


def _require_committable(repository: worktree.Repository, destination: Destination) -> None:
    """Raise ToolError where the commit that was asked for could not be made, before anybody is asked anything."""
    if destination.branch is not None:
        apply.require_branch(repository, destination.branch or BRANCH)
    if destination.branch is not None or destination.commit:
        apply.require_identity(repository)


def _generated(folder: Path, file: str) -> Outcome:
    """Nothing to do: it follows a template already; raises ToolError where `file` names none."""
    source = answers_file.source(folder / file)
    if not source:
        message = f"{file} exists and names no template (_src_path)."
        raise ToolError(message, f"Restore it from its history, or remove it (git rm {file}); then run this again.")
    details = {
        "path": str(folder),
        "files": [],
        "conflicts": [],
        "kept": [],
        "notes": [],
        "evidence": [],
    }
    return Outcome("current", details=details, next=("new-ops-project update",), template=source)


def _given(request: AdoptRequest) -> dict[str, Any]:
    """The answers of the command line."""
    flags = {"project_name": request.name, "tier": request.tier, "python_version": request.python}
    assigned = dict(assignment(text) for text in request.assignments)
    return {**assigned, **{key: value for key, value in flags.items() if value is not None}}


def _purpose(adoption: Adoption, plan: Plan, destination: Destination) -> Purpose:
    version, source = str(adoption.checkout.version), adoption.source
    facts: Mapping[str, Any] = {
        "path": str(adoption.place.folder),
        "template": {"source": source.location},
        "from": "",
        "to": adoption.checkout.version,
        "base": version if adoption.base else "",
        "evidence": [
            {"name": item.name, "value": item.value, "where": item.where} for item in adoption.inferred.evidence
        ],
        "kept": [asdict(file) for file in adoption.result.kept],
        "renderer": render.renderer_for(adoption.checkout),
    }
    message = f"Adopt {source.name} {version}\n\nBy new-ops-project adopt."
    return Purpose(message, BRANCH, {**facts, **summary.as_json(plan, texts=destination.texts)})
