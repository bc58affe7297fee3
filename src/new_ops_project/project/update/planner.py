"""The Plan that takes a project to another version of its template."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any

from new_ops_project.base import reading
from new_ops_project.base.errors import ToolError
from new_ops_project.git import merge
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import ignore, requirements, toml
from new_ops_project.project import drift
from new_ops_project.project.update import users_paths
from new_ops_project.project.update.preparation import Update
from new_ops_project.project.update.running import Renders
from new_ops_project.template import command_setting, questions, render, tasks
from new_ops_project.template.answer_migration import MigratedAnswers, with_defaults
from new_ops_project.template.answers import file_table
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout
from new_ops_project.template.tasks import TemplateCommand


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
    """Raise ToolError if as many of the template's files are below the project's folder, or more above it.

    Whoever makes a project can put its answers file into a subfolder, and no record says so.
    """
    folder, file, root = update.project.folder, update.project.answers_file, update.project.repository.root
    below = [folder / parent for parent in PurePath(file).parents[:-1]]
    above = [parent for parent in folder.parents if parent.is_relative_to(root)]
    counts = {
        place: sum(os.path.lexists(place / path) for path in base if path != file) for place in (*below, folder, *above)
    }
    top = max(counts, key=lambda place: counts[place])
    if top != folder and counts[top] and not update.target.answers_file:
        commands = [
            f"`new-ops-project update {shlex.quote(str(place))} --answers-file "
            f"{shlex.quote((folder / file).relative_to(place).as_posix())}`"
            for place in (top, folder)
        ]
        raise ToolError(
            f"{folder} has no more of the template's files than {top}: which of the two is the project's folder?",
            f"Run {commands[0]}, or {commands[1]}.",
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


@contextmanager
def unseen_migrations_named(update: Update) -> Iterator[None]:
    """In a preview, name the `before` migrations in errors about answers, which those may change."""
    try:
        yield
    except ToolError as error:
        first = update.running.first if update.target.preview and update.questionnaire.runs_commands else []
        if not first:
            raise
        unseen = f"A preview does not run the template's migrations {tasks.listed(first)}, which may change answers."
        raise ToolError(error.message, f"{error.hint} {unseen}", error.exit_code) from error


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
            notes += _waiting(update, last)
        if project.answers_file not in theirs:
            notes.append(f"{project.answers_file} goes, since the new version writes none: it cannot be updated again.")
        return draft.settle({}, *filter(None, [update.versions.renaming]), *notes)

    migrate_after = partial(update.running.migrate_after, migrated.given) if last else None
    with three_way.plan_from_sides(project.repository, sides, resolve, migrate_after) as plan:
        yield plan


def _waiting(update: Update, last: list[TemplateCommand]) -> list[str]:
    """A note on the `after` migrations where there are conflicts; none where nothing is written then."""
    destination = update.target.destination
    if destination and destination.branch is not None:
        return []
    waits = destination and destination.writes_work_tree
    how = "--continue runs them" if waits else "run them yourself once the conflicts are resolved"
    return [f"The template's migrations wait for the conflicts: {tasks.listed(last)}; {how}."]


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


def unrun_tasks(update: Update) -> str:
    """A sentence that names the tasks of the recorded version where its files are compared without them, or ''."""
    answers = with_defaults(update.former, update.project.answers)
    setting = command_setting.Setting(update.before, answers, update.project.answers_file)
    return tasks.announced(command_setting.may_run(tasks.tasks(update.former), setting, update.project.folder))


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
    return {path: reading.read(file) for path, file in files.items() if file.is_file() and ".." not in file.parts}


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
