"""The steps of `adopt`: evidence in an existing repository becomes answers, and the template is added."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project import git
from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.git import worktree
from new_ops_project.plan import apply, branch_names, delivery, summary
from new_ops_project.plan.destination import Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.project.adoption import planner
from new_ops_project.project.adoption.planner import Adoption
from new_ops_project.template import answers_file, render, sources
from new_ops_project.template.answers import Asker
from new_ops_project.template.answers_file import ANSWERS_FILE
from new_ops_project.template.sources import Source

_WHAT = "adopt"  # that its branch is named after


def adopt(
    path: Path,
    given: Mapping[str, Any],
    destination: Destination,
    *,
    template: str | None,
    offline: bool,
    ask: Asker | None,
    show: Callable[[Adoption, Plan], None],
) -> Outcome:
    """Compute the adoption of one repository and deliver it; `given` are answers that need no evidence.

    `show` sees what will happen before anything moves; whatever it raises stops the adoption.
    Raises ToolError, with nothing moved, for everything that a person can fix.
    """
    git.require_on_path()
    folder = paths.expanded(path)
    if not folder.is_dir():
        raise ToolError(f"{folder} is not a folder.", "Give the PATH of a repository.")
    repository, prefix = worktree.find_repository(folder)
    place = ProjectPlace(repository.root, prefix)
    _require_committable(repository, destination, prefix)
    with delivery.begun(repository, destination, place, to=None) as status:
        if isinstance(status, Outcome):
            return status
        source = sources.find(template)
        if file := _followed(folder, source):
            return _generated(replace(place, answers_file=file), file)
        delivery.require_room(destination, repository, status, prefix)
        location = planner.Location(repository, prefix, status.head)
        adoption = planner.prepare(location, source, given, offline=offline, ask=ask)
        with planner.planned(adoption) as plan:
            show(adoption, plan)
            return delivery.deliver(plan, destination, status, _purpose(adoption, plan, destination, place))


def usual_branch(prefix: str) -> str:
    """The branch for a project in the folder `prefix` of its repository, unless another one is given."""
    return branch_names.usual(_WHAT, prefix)


def _require_committable(repository: worktree.Repository, destination: Destination, prefix: str) -> None:
    """Raise ToolError where the commit that was asked for could not be made, before anybody is asked anything."""
    if destination.branch is not None:
        apply.require_branch(repository, destination.branch or usual_branch(prefix))
    if destination.branch is not None or destination.commit:
        apply.require_identity(repository)


def _followed(folder: Path, source: Source) -> str:
    """The answers file of the template that the project follows already; '' if it follows none, or others beside it."""
    files = [name for name in answers_file.answers_files(folder) if answers_file.is_answers_path(name)]
    same = (name for name in files if answers_file.source(folder / name) == source.location)
    return ANSWERS_FILE if ANSWERS_FILE in files else next(same, "")


def _generated(place: ProjectPlace, file: str) -> Outcome:
    """Nothing to do: it follows a template already; raises ToolError where `file` names none."""
    source = answers_file.source(place.folder / file)
    if not source:
        message = f"{file} exists and names no template (_src_path)."
        raise ToolError(message, f"Restore it from its history, or remove it (git rm {file}); then run this again.")
    nothing = {key: list[Any]() for key in ("files", "conflicts", "kept", "notes", "evidence")}
    details = {"path": str(place.folder), **nothing}
    return Outcome("current", details=details, next=(place.command("update"),), template=source)


def _purpose(adoption: Adoption, plan: Plan, destination: Destination, place: ProjectPlace) -> Purpose:
    version, source = str(adoption.checkout.version), adoption.checkout.source
    facts: Mapping[str, Any] = {
        "path": str(adoption.place.folder),
        "template": {"source": source.location},
        "from": "",
        "to": adoption.checkout.version,
        "base": version if adoption.base else "",
        "evidence": [
            {"name": item.name, "value": item.value, "where": item.where} for item in adoption.inferred.evidence
        ],
        "kept": [{"path": path, "reason": reason} for path, reason in adoption.result.kept.items()],
        "renderer": render.renderer_for(adoption.checkout),
    }
    message = f"Adopt {source.name} {version}\n\nBy new-ops-project adopt."
    details = {**facts, **summary.as_json(plan, texts=destination.texts)}
    return Purpose(message, usual_branch(place.prefix), details, place)
