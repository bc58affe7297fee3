"""The Plan that takes a project to another version of its template."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.git import merge
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import ignore, requirements, toml
from new_ops_project.project import drift
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated, users_paths
from new_ops_project.project.update.outdated import VersionPair
from new_ops_project.project.update.running import Migrated, Renders, Running
from new_ops_project.template import changelog, copier_yml, messages, native, questions, render, tasks
from new_ops_project.template.answer_migration import MigratedAnswers, migrate, with_defaults
from new_ops_project.template.answers import Asker, file_table
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout, Releases
from new_ops_project.template.tasks import TemplateCommand


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
    preview: bool = False
    """Whether nothing of the template may run."""


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
        context = tasks.context(self._setting(answers), self.project.folder, self.after.root)
        return replace(answers, values={**answers.values, **context})

    def _setting(self, answers: Answers) -> tasks.Setting:
        return tasks.Setting(self.after, answers, self.project.answers_file)

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
    return Update(_placed(project, _questions(before)), target, versions, before, after)


def _questions(checkout: Checkout) -> Questionnaire:
    """The questions of a version, read once where it is a commit, which never changes."""
    return _read(checkout) if checkout.commit else copier_yml.read(checkout.root)


_read = cache(native.questionnaire)


def _placed(project: Project, questionnaire: Questionnaire) -> Project:
    """The project with the folder that its template assumes.

    A template can keep the answers file in a subfolder (`_answers_file`). Whoever gives that file as PATH means the
    folder above that subfolder, which only the template's configuration tells.
    """
    configured = str(questionnaire.config.get("answers_file", ""))
    whole = f"{project.prefix}{project.answers_file}"
    if "/" not in configured or not f"/{whole}".endswith(f"/{configured}"):
        return project
    return replace(project, prefix=whole.removesuffix(configured), answers_file=configured)


@contextmanager
def planned(update: Update, migrated: MigratedAnswers) -> Iterator[Plan]:
    """Render both versions and merge them with the project.

    Raises ToolError for a template that needs trust or cannot be rendered, and for a folder that is not the project's.
    """
    require_trust(update)
    renders = render_both(update, migrated)
    _require_place(update, renders.base)
    with planned_merge(update, migrated, renders) as plan:
        yield plan


def _require_place(update: Update, base: Tree) -> None:
    """Raise ToolError if the template's files are not beside the answers file, but in a folder above it.

    Whoever makes a project can put its answers file into a subfolder, and no record says so.
    """
    folder, file = update.project.folder, update.project.answers_file
    paths = base.keys() - {file}
    above = [parent for parent in folder.parents if parent.is_relative_to(update.project.repository.root)]
    tops = [top for top in (folder, *above) if any(os.path.lexists(top / path) for path in paths)]
    if tops and tops[0] != folder and not update.target.answers_file:
        top, verb = tops[0], "new-ops-project update"
        name = shlex.quote((folder / file).relative_to(top).as_posix())
        raise ToolError(
            f"{folder} has none of the template's files, and {top} has: which of the two is the project's folder?",
            f"Run `{verb} {shlex.quote(str(top))} --answers-file {name}`, "
            f"or `{verb} {shlex.quote(str(folder))} --answers-file {shlex.quote(file)}`.",
        )


def require_trust(update: Update) -> None:
    """Raise ToolError (exit code 4) if either version of the template could run code, and is not trusted."""
    name, target = update.after.source.name, update.target
    for questionnaire in (update.former, update.questionnaire):
        questions.require_trust(questionnaire, name, trusted=target.trust, skip_tasks=target.skip_tasks)


def migrates_first(update: Update) -> bool:
    """Whether `before` migrations of the template run; raises ToolError if they may not.

    Those without a version run in every update, even of a current project.
    """
    if update.target.preview or not tasks.migrations(update.questionnaire, "before", update.before, update.after):
        return False
    require_trust(update)
    return bool(update.running.first)


def migrates(update: Update, migrated: MigratedAnswers) -> bool:
    """Whether migrations of the template have changed the project, or are still to run."""
    has_changed = bool(update.migrated and update.migrated.changed)
    return has_changed or (not update.target.preview and bool(_last_migrations(update, migrated)))


def after_migrations(update: Update) -> Update:
    """The update once the `before` migrations of the template have run; raises ToolError when one fails.

    As in copier, the old version is rendered before them.
    """
    base = render_version(update, update.recorded, update.project.answers, renewed=_renewed(update))
    return replace(update, migrated=update.running.migrate(base))


def left_migrations(update: Update, migrated: MigratedAnswers) -> dict[str, Any]:
    """The `after` migrations as `--continue` finds them in the journal; {} if there are none."""
    return update.running.left(migrated.given) if _last_migrations(update, migrated) else {}


def _renewed(update: Update) -> dict[str, str] | None:
    """Where to note which locks the tasks write; None if no task may run."""
    return None if update.target.preview or update.target.skip_tasks else {}


def render_both(update: Update, migrated: MigratedAnswers) -> Renders:
    """Render the version that the project has with the recorded answers, and the new one with the migrated answers."""
    renewed = _renewed(update)
    if update.migrated:
        base = update.migrated.base
    else:
        base = render_version(update, update.recorded, update.project.answers, renewed=renewed)
    theirs = render_version(update, update.after, migrated.given, renewed=renewed)
    return Renders(without_excluded(update, migrated, base, theirs), theirs, renewed or {})


def without_excluded(update: Update, migrated: MigratedAnswers, base: Tree, theirs: Tree) -> Tree:
    """The base without what the new version excludes by the recorded answers, and without what the project keeps.

    An answer that the update changes does not count: a file that it switches off is removed from the project.
    """
    recorded = update.in_context(with_defaults(update.questionnaire, update.project.answers))
    keep = migrated.answers.values.get("keep") or [] if update.questionnaire.keeps_files else []
    excluded = users_paths.newly_excluded(recorded, update.operation, keep, base.keys() - theirs.keys())
    return {path: entry for path, entry in base.items() if path not in excluded}


@contextmanager
def planned_merge(update: Update, migrated: MigratedAnswers, renders: Renders) -> Iterator[Plan]:
    """Merge the two renders with the project; raises ToolError when an `after` migration of the template fails."""
    project, base, theirs = update.project, renders.base, renders.theirs
    tier_change = tier_moves(update.questionnaire, migrated.answers.values, project.answers.get("tier"))
    paths, answers = {*base, *theirs}, update.in_context(migrated.answers)
    sides = Sides(
        base,
        theirs,
        commit=project.commit,
        prefix=project.prefix,
        template_only=frozenset({project.answers_file}),
        written_once=users_paths.written_once(answers, paths) - tier_change.keys(),
        skipped_if_exist=users_paths.skipped_if_exist(answers, paths),
        moves=tier_change,
        if_edited=frozenset(tier_change),
        migrated=update.migrated.changed if update.migrated else {},
    )
    last = [] if update.target.preview else _last_migrations(update, migrated)

    def resolve(draft: Draft) -> Draft:
        draft = requirements.from_locks(ignore.by_line(toml.by_key(draft)), base, theirs, migrated.answers)
        stale = [
            f"{path} is in conflict, and a task of the template writes it: renew it by `{renders.renewed[path]}`."
            for path in draft.conflicts
            if path in renders.renewed
        ]
        notes = [*stale, *not_shown(update, migrated)]
        if draft.conflicts and last:
            how = "--continue runs them; on a branch, run them yourself once it is resolved"
            notes.append(f"The template's migrations wait for the conflicts: {tasks.listed(last)}; {how}.")
        return draft.settle({}, *filter(None, [update.versions.renaming]), *notes)

    migrate_after = partial(update.running.migrate_after, migrated.given) if last else None
    with three_way.plan_from_sides(project.repository, sides, resolve, migrate_after) as plan:
        yield plan


def _last_migrations(update: Update, migrated: MigratedAnswers) -> list[TemplateCommand]:
    if not update.questionnaire.config.get("migrations"):
        return []
    return update.running.last(migrated.given)


def not_shown(update: Update, migrated: MigratedAnswers) -> tuple[str, ...]:
    """In a preview, a note with what would run of the template, since its effect is not shown."""
    if not update.target.preview or not update.questionnaire.runs_commands:
        return ()
    listed = [] if update.target.skip_tasks else update.running.new_tasks(migrated.given)
    listed += [*update.running.first, *_last_migrations(update, migrated)]
    sentence = tasks.announced(listed)
    return (sentence,) if sentence else ()


def render_version(
    update: Update, checkout: Checkout, answers: Mapping[str, Any], *, renewed: dict[str, str] | None = None
) -> Tree:
    """Render one version of the template with these answers.

    Its tasks run only with `renewed`, which gets the command of the task that wrote a lock, by the lock's path.
    """
    project = update.project
    questionnaire = update.former if checkout.commit == update.before.commit else update.questionnaire
    answers = _as_written(questionnaire, answers)
    run = None if renewed is None else update.running.tasks(checkout, questionnaire, answers, renewed)
    return render.tree(
        checkout,
        answers,
        project.folder,
        answers_file=project.answers_file,
        trusted=update.target.trust,
        beside=_external(update),
        operation=update.operation,
        run=run,
    )


def _as_written(questionnaire: Questionnaire, recorded: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answers, with the word None for each null that the question does not take.

    Older versions of copier recorded null where nobody answered, and wrote that word.
    """
    answers, nulls = Answers(questionnaire), [name for name, value in recorded.items() if value is None]
    asked = [question for question in questionnaire.asked if question.name in nulls]
    refused = [question for question in asked if answers.refusal(question, None)]
    return {**recorded, **{question.name: "None" for question in refused if not answers.refusal(question, "None")}}


def _external(update: Update) -> dict[str, bytes]:
    """The project's files that the template reads answers from (`_external_data`), such as another answers file."""
    named = {**update.former.config.get("external_data", {}), **update.questionnaire.config.get("external_data", {})}
    answers = Answers(update.former, dict(update.project.answers))
    rendered = [users_paths.rendered(answers, str(path)) for path in named.values()]
    files = {path: update.project.folder / path for path in rendered if path}
    return {path: file.read_bytes() for path, file in files.items() if file.is_file() and ".." not in file.parts}


def tier_moves(questionnaire: Questionnaire, answers: Mapping[str, Any], old: Any) -> dict[str, str]:
    """The new path of each file that moves between the tier `old` and that of `answers`, by its old path.

    The column `moves_to` in the template's table of files says so.
    """
    new = answers.get("tier")
    if old == new or not questionnaire.asks_our_questions:
        return {}
    rows = [row for row in file_table(answers) if old in row["tiers"] and new not in row["tiers"] and "moves_to" in row]
    return {row["path"]: row["moves_to"] for row in rows}


def managed_files(update: Update, migrated: MigratedAnswers) -> dict[str, Entry]:
    """The files that the template manages in the project, as its recorded version renders them.

    Files that the template writes only once are not among them, and neither is the answers file.
    """
    project = update.project
    rendered = render_version(update, update.recorded, project.answers)
    answers = update.in_context(migrated.answers)
    once = users_paths.written_once(answers, rendered) | users_paths.skipped_if_exist(answers, rendered)
    return {path: entry for path, entry in rendered.items() if path not in once and path != project.answers_file}


def drifted(update: Update, migrated: MigratedAnswers) -> dict[str, str]:
    """The managed files that the project has changed: by path, "edited" or "deleted"."""
    project, managed = update.project, managed_files(update, migrated)
    with merge.scratch_repository(project.repository.objects, project.repository.object_format) as scratch:
        return drift.committed(scratch, project.commit, project.prefix, managed, project.folder)


def lacks_files(update: Update, migrated: MigratedAnswers) -> bool:
    """Whether the project lacks a file of `_skip_if_exists`: an update writes it, even where nothing else is new."""
    is_untrusted = update.questionnaire.distrust and not update.target.trust
    if is_untrusted or not update.questionnaire.config.get("skip_if_exists"):
        return False
    project, rendered = update.project, render_version(update, update.recorded, update.project.answers)
    paths = users_paths.skipped_if_exist(update.in_context(migrated.answers), rendered)
    files = {path: rendered[path] for path in paths}
    with merge.scratch_repository(project.repository.objects, project.repository.object_format) as scratch:
        return "deleted" in drift.committed(scratch, project.commit, project.prefix, files, project.folder).values()
