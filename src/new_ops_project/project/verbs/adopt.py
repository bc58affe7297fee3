"""The steps of `adopt`: evidence in an existing repository becomes answers, and the template is added."""

from collections.abc import Callable, Mapping
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
from new_ops_project.template.answers import Asker

BRANCH = "template/adopt"


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
    _require_committable(repository, destination)
    if files := [name for name in answers_file.answers_files(folder) if "/" not in name or name.startswith(".")]:
        return _generated(repository.root / prefix, files[0])
    with delivery.begun(repository, destination, to=None) as status:
        if isinstance(status, Outcome):
            return status
        delivery.require_room(destination, repository, status, prefix)
        location, source = planner.Location(repository, prefix, status.head), sources.find(template)
        adoption = planner.prepare(location, source, given, offline=offline, ask=ask)
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
    nothing = {key: list[Any]() for key in ("files", "conflicts", "kept", "notes", "evidence")}
    return Outcome(
        "current", details={"path": str(folder), **nothing}, next=("new-ops-project update",), template=source
    )


def _purpose(adoption: Adoption, plan: Plan, destination: Destination) -> Purpose:
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
    return Purpose(message, BRANCH, {**facts, **summary.as_json(plan, texts=destination.texts)})
