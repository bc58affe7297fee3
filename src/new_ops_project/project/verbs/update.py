"""The steps of `update`: a project moves to another version of its template."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.plan import delivery, summary
from new_ops_project.plan.destination import Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import planner
from new_ops_project.project.update.planner import Update, UpdateTarget
from new_ops_project.project.verbs.outdated import version_facts
from new_ops_project.template import render
from new_ops_project.template.answer_migration import AnswerChange, MigratedAnswers
from new_ops_project.template.answers import Asker
from new_ops_project.template.sources import Source


@dataclass(frozen=True)
class UpdateRequest:
    """What was asked for on the command line, without the destination."""

    path: Path
    to: str | None = None
    assignments: tuple[str, ...] = ()
    accept: bool = False
    template: str | None = None
    trust: bool = False
    offline: bool = False


@dataclass(frozen=True)
class UpdateProposal:
    """What an update is about to do; the plan can be read while the proposal is shown."""

    project: Project
    source: Source
    before: str | None
    after: str | None
    is_older: bool
    changelog: str
    answers: tuple[AnswerChange, ...]
    plan: Plan


def update(
    request: UpdateRequest,
    destination: Destination,
    *,
    ask: Asker | None = None,
    show: Callable[[UpdateProposal], None] = lambda _: None,
) -> Outcome:
    """Compute the update of one project and deliver it; `show` sees what will happen before anything moves.

    Raises ToolError, with nothing moved, for everything that a person can fix.
    """
    repository, prefix, answers_file = generated.find(request.path)
    with delivery.begun(repository, destination, to=request.to) as status:
        if isinstance(status, Outcome):
            return status
        project = generated.read(repository, prefix, answers_file, status)
        target = UpdateTarget(request.to, request.assignments, request.template, request.trust, request.offline)
        prepared = planner.prepare(project, target)
        answers = prepared.migrate_answers(ask=ask)
        if not (prepared.versions.changes_version or _is_changed(answers)):
            return _current(prepared, answers, destination)
        delivery.require_room(destination, repository, status, prefix)
        _require_accepted(request, prepared, answers)
        with planner.planned(prepared, answers) as plan:
            if not plan.changes:
                return _current(prepared, answers, destination)
            proposal = _proposal(prepared, answers, plan)
            show(proposal)
            return delivery.deliver(plan, destination, status, _purpose(prepared, proposal, destination))


def _is_changed(answers: MigratedAnswers) -> bool:
    """Whether an answer changes because somebody asked for it."""
    return any(change.is_wanted and change.after is not None for change in answers.changes)


def _facts(prepared: Update) -> dict[str, Any]:
    return version_facts(prepared.project, prepared.after.source, prepared.before.version, prepared.after.version)


def _current(prepared: Update, answers: MigratedAnswers, destination: Destination) -> Outcome:
    """Nothing to do; a preview notes where the project differs from its template."""
    notes = [f"{path} is {state}" for path, state in planner.drifted(prepared, answers).items()] if destination.preview else []
    nothing: Mapping[str, Any] = {
        "files": [],
        "conflicts": [],
        "answers": [],
        "ignored": [],
        "changelog": "",
        "renderer": "",
    }
    details = {**_facts(prepared), **nothing, "notes": notes}
    return Outcome("current", details=details, template=prepared.after.source.name)


def _require_accepted(request: UpdateRequest, prepared: Update, answers: MigratedAnswers) -> None:
    """Raise ToolError that names each answer which would change although nobody asked for it."""
    changes = answers.unwanted
    if changes and not request.accept:
        named = "".join(f"\n  {change.clause}" for change in changes)
        hint = "Add --accept-answer-changes to accept that, or give the answers you want: "
        hint += " ".join(f"--set {change.name}=VALUE" for change in changes)
        raise ToolError(f"Recorded answers do not fit {prepared.after.version} of the template:{named}", hint)


def _proposal(prepared: Update, answers: MigratedAnswers, plan: Plan) -> UpdateProposal:
    before, after = prepared.before, prepared.after
    is_older = prepared.versions.changes_version and prepared.releases.includes(before, after)
    span = (before.version if prepared.versions.changes_version else None, after.version)
    return UpdateProposal(
        prepared.project, after.source, *span, is_older, prepared.news(), tuple(answers.changes), plan
    )


def _purpose(prepared: Update, proposal: UpdateProposal, destination: Destination) -> Purpose:
    details = {
        **_facts(prepared),
        "renderer": render.renderer_for(prepared.before, prepared.after),
        **summary.as_json(proposal.plan, texts=destination.texts),
        "changelog": proposal.changelog,
        "answers": summary.answers_as_json(proposal.answers),
    }
    return Purpose(_message(prepared), f"template/{prepared.after.version}", details)


def _message(prepared: Update) -> str:
    subject = (
        f"Update template to {prepared.after.version}"
        if prepared.versions.changes_version
        else "Update template answers"
    )
    return f"{subject}\n\nFrom {prepared.before.version} of {prepared.after.source.name}, by new-ops-project update."
