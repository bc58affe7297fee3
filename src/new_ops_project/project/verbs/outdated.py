"""`update --check`: whether a project is behind its templates."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.git import worktree
from new_ops_project.plan.outcome import Outcome
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated
from new_ops_project.project.update.outdated import VersionPair
from new_ops_project.template import command_setting, copier_yml, tasks
from new_ops_project.template.answer_migration import with_defaults
from new_ops_project.template.sources import Source


def check(
    path: Path, *, to: str | None, template: str | None, offline: bool, answers_file: str | None = None
) -> Outcome:
    """Compare the version that the project at `path` records with the newest one, or with `to`; render nothing.

    Without any choice, all templates of a project that follows several are compared: the outcome is that of the worst,
    its `details` have `templates` with one object for each, and its `parts` have all of them. Raises ToolError where no
    generated project is, and for the one template that cannot be reached.
    """
    names = [] if to or template or answers_file else generated.templates_of(path)
    if not names:
        return _check(path, answers_file, to=to, template=template, offline=offline)
    parts = tuple(_checked(path, name, offline=offline) for name in names)
    worst = max(parts, key=lambda part: _STATES.index(part.state))
    rows = [
        {"state": part.state, "answers_file": name, **part.details} for name, part in zip(names, parts, strict=True)
    ]
    steps = dict.fromkeys(step for part in parts for step in part.next)
    return replace(worst, details={**worst.details, "templates": rows}, next=tuple(steps), parts=parts)


_STATES = ("current", "behind", "failed")


def _checked(path: Path, name: str, *, offline: bool) -> Outcome:
    """The outcome for one of several templates; a fault of one does not hide the others."""
    try:
        return _check(path, name, to=None, template=None, offline=offline)
    except ToolError as error:
        details = {"path": str(path), "reason": error.message, "hint": error.hint}
        return Outcome("failed", Exit.FAILED, details, template=name)


def _check(path: Path, answers_file: str | None, *, to: str | None, template: str | None, offline: bool) -> Outcome:
    repository, prefix, name = generated.find(path, answers_file)
    project = generated.read(repository, prefix, name, worktree.status(repository))
    versions = outdated.find_versions(project, to=to, place=template, offline=offline)
    source = versions.releases.source
    details = version_facts(project, source, versions.before.version, versions.after.version)
    if not versions.changes_version:
        return Outcome("current", details=details, template=source.name)
    if notes := [*filter(None, [versions.renaming]), *_not_shown(versions)]:
        details["notes"] = notes
    step = ProjectPlace(repository.root, prefix, name).command("update", "--preview")
    return Outcome("behind", Exit.FINDINGS, details, (step,), template=source.name)


def _not_shown(versions: VersionPair) -> list[str]:
    """A note with the commands of the new version that may run in an update, since none of them does here."""
    after = versions.releases.checkout_of(versions.after)
    questionnaire = replace(copier_yml.read(after.root), is_ours=after.is_ours)
    if not questionnaire.runs_commands:
        return []
    before = versions.origin.checkout_of(versions.before)
    stages = [tasks.migrations(questionnaire, stage, before, after) for stage in ("before", "after")]
    answers = with_defaults(questionnaire, versions.project.answers)
    setting = command_setting.Setting(after, answers, versions.project.answers_file)
    commands = [*tasks.tasks(questionnaire), *stages[0], *stages[1]]
    return list(filter(None, [tasks.announced(command_setting.may_run(commands, setting, versions.project.folder))]))


def version_facts(project: Project, source: Source, before: str | None, after: str | None) -> dict[str, Any]:
    """What --json says of any update: the project and its template, both versions, and other templates."""
    facts = {"path": str(project.folder), "template": {"source": source.location}, "from": before, "to": after}
    others = generated.others(project)
    return {**facts, "other_templates": others} if others else facts
