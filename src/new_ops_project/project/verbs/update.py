"""The steps of `update`: a project moves to another version of its template."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.plan import branch_names, delivery, summary
from new_ops_project.plan.destination import Destination, Purpose
from new_ops_project.plan.model import Plan
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.project import generated
from new_ops_project.project.update import planner, preparation
from new_ops_project.project.update.preparation import Update, UpdateTarget
from new_ops_project.project.verbs.outdated import version_facts
from new_ops_project.template import render
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import Asker


def update(
    path: Path,
    target: UpdateTarget,
    destination: Destination,
    *,
    accept: bool = False,
    ask: Asker | None = None,
    show: Callable[[Update, MigratedAnswers, Plan], None],
) -> Outcome:
    """Compute the update of one project and deliver it; `show` sees what will happen before anything moves.

    Unless `accept`, no recorded answer changes that nobody asked to change.
    Raises ToolError, with nothing moved, for everything that a person can fix.
    """
    repository, prefix, answers_file = generated.find(path, target.answers_file)
    place = ProjectPlace(repository.root, prefix, answers_file)
    with delivery.begun(repository, destination, place, to=target.to) as status:
        if isinstance(status, Outcome):
            return status
        project = generated.read(repository, prefix, answers_file, status)
        prepared = preparation.prepare(project, replace(target, destination=destination))
        if planner.migrates_first(prepared):
            delivery.require_room(destination, repository, status, prefix)
            prepared = planner.after_migrations(prepared)
        with planner.unseen_migrations_named(prepared):
            answers = prepared.migrate_answers(ask=ask)
        is_changed = prepared.versions.changes_version or _is_changed(answers) or planner.migrates(prepared, answers)
        if not (is_changed or planner.lacks_files(prepared, answers)):
            return _current(prepared, answers, destination)
        delivery.require_room(destination, repository, status, prefix)
        if not accept:
            with planner.unseen_migrations_named(prepared):
                _require_wanted(prepared, answers)
        with planner.planned(prepared, answers) as plan:
            if not plan.changes:
                return _current(prepared, answers, destination)
            show(prepared, answers, plan)
            return delivery.deliver(plan, destination, status, _purpose(prepared, answers, plan, destination, place))


def _is_changed(answers: MigratedAnswers) -> bool:
    """Whether an answer changes because somebody asked for it."""
    return any(change.is_wanted and change.after is not None for change in answers.changes)


def _facts(prepared: Update) -> dict[str, Any]:
    return version_facts(prepared.project, prepared.after.source, prepared.before.version, prepared.after.version)


def _current(prepared: Update, answers: MigratedAnswers, destination: Destination) -> Outcome:
    """Nothing to do; a preview notes where the project differs from its template."""
    drifted = planner.drifted(prepared, answers) if destination.preview else {}
    notes = [f"{path} is {state} here" for path, state in drifted.items()]
    notes += planner.not_shown(prepared, answers)
    nothing: Mapping[str, Any] = {key: [] for key in ("files", "conflicts", "answers", "ignored")}
    details = {**_facts(prepared), **nothing, "changelog": "", "renderer": "", "notes": notes}
    return Outcome("current", details=details, template=prepared.after.source.name)


def _require_wanted(prepared: Update, answers: MigratedAnswers) -> None:
    """Raise ToolError that names each answer which would change although nobody asked for it."""
    if changes := answers.unwanted:
        named = "".join(f"\n  {change.clause}" for change in changes)
        hint = "Add --accept-answer-changes to accept that, or give the answers you want: "
        hint += " ".join(f"--set {change.name}=VALUE" for change in changes)
        raise ToolError(f"Recorded answers do not fit {prepared.after.version} of the template:{named}", hint)


def _purpose(
    prepared: Update, answers: MigratedAnswers, plan: Plan, destination: Destination, place: ProjectPlace
) -> Purpose:
    details = {
        **_facts(prepared),
        "renderer": render.renderer_for(prepared.before, prepared.after),
        **summary.as_json(plan, texts=destination.texts),
        "changelog": prepared.news,
        "answers": summary.answers_as_json(answers.changes),
    }
    if message := prepared.message("after", answers):
        details["message"] = message
    left = planner.left_migrations(prepared, answers) if plan.conflicts else {}
    after = prepared.after
    what = f"to {after.version}" if prepared.versions.changes_version else "answers"
    message = (
        f"Update template {what}\n\nFrom {prepared.before.version} of {after.source.name}, by new-ops-project update."
    )
    branch = branch_names.usual(str(after.version), place.prefix, place.answers_file)
    return Purpose(message, branch, details, place, left)
