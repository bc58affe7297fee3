"""`update --check`: whether a project is behind its template."""

from pathlib import Path
from typing import Any

from new_ops_project.base.errors import Exit
from new_ops_project.git import worktree
from new_ops_project.plan.outcome import Outcome
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated
from new_ops_project.project.update.outdated import VersionPair
from new_ops_project.template import copier_yml, tasks
from new_ops_project.template.answer_migration import with_defaults
from new_ops_project.template.sources import Source


def check(
    path: Path, *, to: str | None, template: str | None, offline: bool, answers_file: str | None = None
) -> Outcome:
    """Compare the version that the project at `path` records with the newest one, or with `to`; render nothing.

    Raises ToolError where no generated project is, and for a template that cannot be reached.
    """
    repository, prefix, name = generated.find(path, answers_file)
    project = generated.read(repository, prefix, name, worktree.status(repository))
    versions = outdated.find_versions(project, to=to, place=template, offline=offline)
    source = versions.releases.source
    details = version_facts(project, source, versions.before.version, versions.after.version)
    if not versions.changes_version:
        return Outcome("current", details=details, template=source.name)
    if notes := _not_shown(versions):
        details["notes"] = notes
    return Outcome("behind", Exit.FINDINGS, details, ("new-ops-project update --preview",), template=source.name)


def _not_shown(versions: VersionPair) -> list[str]:
    """A note with the commands of the new version that may run in an update, since none of them does here."""
    after = versions.releases.checkout_of(versions.after)
    questionnaire = copier_yml.read(after.root)
    if not questionnaire.runs_commands:
        return []
    before = versions.origin.checkout_of(versions.before)
    stages = [tasks.migrations(questionnaire, stage, before, after) for stage in ("before", "after")]
    answers = with_defaults(questionnaire, versions.project.answers)
    setting = tasks.Setting(after, answers, versions.project.answers_file)
    commands = [*tasks.tasks(questionnaire), *stages[0], *stages[1]]
    return list(filter(None, [tasks.announced(tasks.may_run(commands, setting, versions.project.folder))]))


def version_facts(project: Project, source: Source, before: str | None, after: str | None) -> dict[str, Any]:
    """What --json says of any update: the project, its template and both versions."""
    return {"path": str(project.folder), "template": {"source": source.location}, "from": before, "to": after}
