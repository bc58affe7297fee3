"""The update of one project before anything is rendered: what is asked for, and both versions of the template."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from new_ops_project.plan.destination import Destination
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated
from new_ops_project.project.update.outdated import VersionPair
from new_ops_project.project.update.running import Migrated, Running
from new_ops_project.template import changelog, command_setting, copier_yml, messages, native, questions
from new_ops_project.template.answer_migration import MigratedAnswers, migrate
from new_ops_project.template.answers import Asker
from new_ops_project.template.answers_file import ANSWERS_FILE
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases


@dataclass(frozen=True)
class UpdateTarget:
    """What an update is asked for: a version, other answers, another source of the template."""

    to: str | None = None
    assignments: tuple[str, ...] = ()
    template: str | None = None
    trust: bool = False
    offline: bool = False
    skip_tasks: bool = False
    answers_file: str | None = None
    """The answers file as the user gave it, relative to the project's folder."""
    destination: Destination | None = None
    """Where the result goes, if that is the project's repository: in a preview, nothing of the template runs."""

    @property
    def preview(self) -> bool:
        """Whether nothing of the template may run."""
        return bool(self.destination and self.destination.preview)


@dataclass(frozen=True)
class Update:
    """The update of one project before anything is rendered: both versions of the template as files."""

    project: Project
    target: UpdateTarget
    versions: VersionPair
    before: Checkout
    after: Checkout
    migrated: Migrated | None = None
    """What the `before` migrations of the template made of the project, where some have run."""

    @property
    def recorded(self) -> Checkout:
        """The version that the project has, by the name that it records: a text of the template may repeat it."""
        return replace(self.before, version=self.project.version)

    @property
    def releases(self) -> Releases:
        """The releases of the template to update to."""
        return self.versions.releases

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questions of the version to update to."""
        return self._trusted(_questions(self.after))

    @cached_property
    def former(self) -> Questionnaire:
        """The questions of the version that the project has."""
        return self._trusted(_questions(self.before))

    def _trusted(self, questionnaire: Questionnaire) -> Questionnaire:
        return questions.load_extensions(questionnaire) if self.target.trust else questionnaire

    @cached_property
    def running(self) -> Running:
        """What the update runs of the template."""
        return Running(self.project, self.before, self.after, self.questionnaire)

    @property
    def operation(self) -> str:
        """What a template that is rendered for this update takes it for.

        Ours excludes a file in updates so that plain copier keeps it, but this tool has to know it: it moves with the
        tier.
        """
        return "copy" if self.questionnaire.asks_our_questions else "update"

    @property
    def answers(self) -> Mapping[str, Any]:
        """The answers to migrate: those that the project records, or what a migration of the template made of them."""
        return self.migrated.answers if self.migrated else self.project.answers

    def migrate_answers(self, *, ask: Asker | None) -> MigratedAnswers:
        """The project's answers for the new version; raises ToolError for a new question that nobody answers."""
        if self.questionnaire.config.get("jinja_extensions"):  # nothing can be evaluated without them
            questions.require_trust(self.questionnaire, self.after.source.name, trusted=self.target.trust)
        return migrate(self.questionnaire, self.answers, self.target.assignments, ask=ask)

    def message(self, when: str, migrated: MigratedAnswers) -> str:
        """What the new version says to people "before" or "after" an update; '' for nothing."""
        return messages.message(when, self._setting(migrated.answers), self.project.folder)

    def in_context(self, answers: Answers) -> Answers:
        """The answers together with the variables that copier adds to them for the texts of the new version."""
        context = command_setting.context(self._setting(answers), self.project.folder, self.after.root)
        return replace(answers, values={**answers.values, **context})

    def _setting(self, answers: Answers) -> command_setting.Setting:
        return command_setting.Setting(self.after, answers, self.project.answers_file)

    @cached_property
    def news(self) -> str:
        """The template's changelog between the two versions, or a list of its commits' subjects where it has none."""
        if text := changelog.between(self.after.root, self.before.version, self.after.version):
            return text
        subjects = self.releases.subjects(self.before, self.after)
        return "\n".join(f"- {subject}" for subject in subjects if subject not in self.releases.tags)


def prepare(project: Project, target: UpdateTarget, releases: Releases | None = None) -> Update:
    """Find and unpack both versions, among `releases` if these are known already.

    Raises ToolError when the template cannot be reached or lacks one of them.
    """
    versions = outdated.find_versions(
        project, to=target.to, place=target.template, offline=target.offline, releases=releases
    )
    before = versions.origin.checkout_of(versions.before)
    is_same = versions.after == versions.before  # the project is current, or ahead of the newest release
    after = (
        replace(before, source=versions.releases.source) if is_same else versions.releases.checkout_of(versions.after)
    )
    placed = project if target.answers_file else _placed(project, _questions(before))
    return Update(placed, target, versions, before, after)


def _questions(checkout: Checkout) -> Questionnaire:
    """The questions of a version, read once where it is a commit, which never changes."""
    return _read(checkout) if checkout.commit else copier_yml.read(checkout.root)


_read = cache(native.questionnaire)


def _placed(project: Project, questionnaire: Questionnaire) -> Project:
    """The project with the folder that its template assumes.

    An answers file can be in a subfolder of the project, where the template has it (`_answers_file`), or be that of a
    project in a subfolder of PATH. Only the template's configuration tells.
    """
    configured = str(questionnaire.config.get("answers_file") or ANSWERS_FILE)
    if not f"/{project.name}".endswith(f"/{configured}"):
        return project
    return replace(project, prefix=project.name.removesuffix(configured), answers_file=configured)
