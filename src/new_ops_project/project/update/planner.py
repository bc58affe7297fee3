"""The Plan that takes a project to another version of its template."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from new_ops_project.git import merge
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.plan import three_way
from new_ops_project.plan.draft import Draft
from new_ops_project.plan.model import Plan, Sides
from new_ops_project.plan.resolvers import ignore, requirements, toml
from new_ops_project.project import drift
from new_ops_project.project.generated import Project
from new_ops_project.project.update import by_copier, outdated
from new_ops_project.project.update.outdated import VersionPair
from new_ops_project.template import changelog, copier_yml, native, questions, render
from new_ops_project.template.answer_migration import MigratedAnswers, merge_unchecked, migrate
from new_ops_project.template.answers import Asker, file_table
from new_ops_project.template.errors import EvaluationError
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


@dataclass(frozen=True)
class Update:
    """The update of one project before anything is rendered: both versions of the template as files."""

    project: Project
    target: UpdateTarget
    versions: VersionPair
    before: Checkout
    after: Checkout

    @property
    def releases(self) -> Releases:
        """The releases of the template to update to."""
        return self.versions.releases

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questions of the version to update to."""
        return _questions(self.after)

    @cached_property
    def former(self) -> Questionnaire:
        """The questions of the version that the project has."""
        return _questions(self.before)

    def migrate_answers(self, *, ask: Asker | None) -> MigratedAnswers:
        """The project's answers for the new version; raises ToolError for a new question that nobody answers."""
        if self.questionnaire.config.get("jinja_extensions"):  # only copier can evaluate it, with that code
            return merge_unchecked(self.questionnaire, self.project.answers, self.target.assignments)
        return migrate(self.questionnaire, self.project.answers, self.target.assignments, ask=ask)

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

    Raises ToolError for a template that needs trust or cannot be rendered.
    """
    if runs_commands(update) and update.releases.repository:
        wanted = {change.name: change.after for change in migrated.changes}
        step = by_copier.VersionStep(update.releases.repository, update.before, update.after, wanted)
        with by_copier.planned(update.project, step) as plan:
            yield plan
        return
    base, theirs = render_both(update, migrated)
    with planned_merge(update, migrated, base, theirs) as plan:
        yield plan


def runs_commands(update: Update) -> bool:
    """Whether either version of the template runs code; raises ToolError when it does and is not trusted."""
    for questionnaire in (update.former, update.questionnaire):
        questions.require_trust(questionnaire, update.after.source.name, trusted=update.target.trust)
    return update.former.runs_commands or update.questionnaire.runs_commands


def render_both(update: Update, migrated: MigratedAnswers) -> tuple[Tree, Tree]:
    """Render the version that the project has with the recorded answers, and the new one with the migrated answers."""
    base = render_version(update, update.before, update.project.answers)
    return base, render_version(update, update.after, migrated.given)


@contextmanager
def planned_merge(update: Update, migrated: MigratedAnswers, base: Tree, theirs: Tree) -> Iterator[Plan]:
    """Merge the two renders with the project."""
    project = update.project
    tier_change = tier_moves(update.questionnaire, migrated.answers.values, project.answers.get("tier"))
    sides = Sides(
        base,
        theirs,
        commit=project.commit,
        prefix=project.prefix,
        template_only=frozenset({project.answers_file}),
        written_once=_once(update, migrated.answers, {*base, *theirs}) - tier_change.keys(),
        moves=tier_change,
        if_edited=frozenset(tier_change),
    )

    def resolve(draft: Draft) -> Draft:
        return requirements.from_locks(ignore.by_line(toml.by_key(draft)), base, theirs, migrated.answers)

    with three_way.plan_from_sides(project.repository, sides, resolve) as plan:
        yield plan


def render_version(update: Update, checkout: Checkout, answers: Mapping[str, Any]) -> Tree:
    """Render one version of the template with these answers."""
    project = update.project
    return render.tree(
        checkout,
        answers,
        project.folder,
        answers_file=project.answers_file,
        trusted=update.target.trust,
        beside=_external(update),
    )


def _external(update: Update) -> dict[str, bytes]:
    """The project's files that the template reads answers from (`_external_data`), such as another answers file."""
    named = {**update.former.config.get("external_data", {}), **update.questionnaire.config.get("external_data", {})}
    answers = Answers(update.former, dict(update.project.answers))
    rendered = [_rendered(answers, str(path)) for path in named.values()]
    files = {path: update.project.folder / path for path in rendered if path}
    return {path: file.read_bytes() for path, file in files.items() if file.is_file() and ".." not in file.parts}


def _rendered(answers: Answers, text: str, **more: str) -> str:
    """`text` rendered with the answers; '' where it uses a variable that only copier sets."""
    try:
        return str(answers.render(text, **more))
    except EvaluationError:
        return ""


def _once(update: Update, answers: Answers, paths: set[str]) -> frozenset[str]:
    """The paths that the template writes once and then leaves alone.

    They match `_skip_if_exists`, or a pattern of `_exclude` that applies to updates only.
    """
    config = update.questionnaire.config
    patterns = [_rendered(answers, str(text)) for text in config.get("skip_if_exists", [])]
    if "_copier_operation" in str(config.get("exclude", "")):
        copied, updated = (
            {_rendered(answers, str(text), _copier_operation=operation) for text in config["exclude"]}
            for operation in ("copy", "update")
        )
        patterns += sorted(updated - copied)
    lines = "\n".join(patterns).split("\n")
    if not any(lines):
        return frozenset()
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most templates have no such pattern

    spec = GitIgnoreSpec.from_lines(lines)
    return frozenset(path for path in paths if spec.match_file(path))


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
    rendered = render_version(update, update.before, project.answers)
    once = _once(update, migrated.answers, set(rendered))
    return {path: entry for path, entry in rendered.items() if path not in once and path != project.answers_file}


def drifted(update: Update, migrated: MigratedAnswers) -> dict[str, str]:
    """The managed files that the project has changed: by path, "edited" or "deleted"."""
    project, managed = update.project, managed_files(update, migrated)
    with merge.scratch_repository(project.repository.objects, project.repository.object_format) as scratch:
        return drift.committed(scratch, project.commit, project.prefix, managed, project.folder)
