"""A project beside its template: the recorded version, the newest one, the files that the template wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.git import worktree
from new_ops_project.git.tree import Entry
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated, planner
from new_ops_project.project.update.planner import Update, UpdateTarget
from new_ops_project.template import answer_migration
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import file_table
from new_ops_project.template.answers_file import answers_files


@dataclass(frozen=True)
class Reference:
    """A project as its answers file describes it, with the template that the file names."""

    update: Update

    @property
    def project(self) -> Project:
        """The project, with the answers that were read."""
        return self.update.project

    @cached_property
    def migrated(self) -> MigratedAnswers:
        """The answers as the questions of their own version read them; `changes` are those that do not fit.

        Raises ToolError if an answer without a default is missing.
        """
        return answer_migration.migrate(self.update.former, self.project.answers, (), ask=None)

    @cached_property
    def files(self) -> Mapping[str, Entry]:
        """The files that the template writes at the recorded version, by path.

        Raises UncheckedError for a template that runs code, and ToolError for one that cannot be rendered.
        """
        questionnaire = self.update.former
        if why := questionnaire.distrust:
            name = self.update.before.source.name
            hint = f"Its files are not compared. {planner.unrun_tasks(self.update)}".strip()
            raise UncheckedError(f"The template {name} needs trust: {why}.", hint)
        return planner.managed_files(self.update, self.migrated)

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """The rows of the template's table of files, by path; {} for a template without one."""
        if not self.update.former.asks_our_questions:
            return {}
        return {row["path"]: row for row in file_table(self.migrated.answers.values)}

    @property
    def newer_versions(self) -> list[str]:
        """The releases after the recorded version, newest first; only HEAD if nothing was released."""
        if not self.update.versions.changes_version:
            return []
        names = self.update.releases.versions
        before, after = self.update.before.version, self.update.after.version
        if before in names and after in names:
            return names[names.index(after) : names.index(before)]
        return [str(after)]

    def with_answers(self, answers: Mapping[str, Any]) -> "Reference":
        """The same project with other answers."""
        return Reference(replace(self.update, project=replace(self.project, answers=dict(answers))))


def of(repo: Repo) -> Reference:
    """The reference of the project, read only once.

    Raises UncheckedError if no template is recorded or it cannot be reached, outdated.UnknownVersionError if the
    template lacks the version, and ToolError for an incomplete answers file.
    """
    if "reference" not in repo.shared:
        try:
            repo.shared["reference"] = _read(repo)
        except (ToolError, UncheckedError) as error:
            repo.shared["reference"] = error
    result = repo.shared["reference"]
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]


def find(repo: Repo) -> Reference | None:
    """The reference, or None if there is nothing to compare with, which another rule reports.

    Raises UncheckedError if the template cannot be reached.
    """
    if not answers_file(repo):
        return None
    try:
        return of(repo)
    except ToolError:
        return None


def answers_file(repo: Repo) -> str:
    """The file that records a template, the first of several; '' if there is none."""
    if "answers file" not in repo.shared:
        paths = [path for path in answers_files(repo.folder) if path in repo.files] if repo.folder.is_dir() else []
        repo.shared["answers file"] = next(iter(paths), "")
    return str(repo.shared["answers file"])


def _read(repo: Repo) -> Reference:
    name = answers_file(repo)
    if not name:
        raise UncheckedError("No template is recorded.")
    repository, prefix = worktree.find_repository(repo.folder)
    project = generated.parse(repository, prefix, name, repo.files[name], commit="HEAD")
    return Reference(_prepare(project, offline=repo.offline))


def _prepare(project: Project, *, offline: bool) -> Update:
    """Both versions of the template; from the local cache if the template cannot be reached."""
    try:
        return planner.prepare(project, UpdateTarget(offline=offline))
    except outdated.UnknownVersionError:
        raise
    except ToolError as error:
        if offline:
            raise UncheckedError(error.message, error.hint) from error
    return _prepare(project, offline=True)


def former_answers(repo: Repo) -> dict[str, Any]:
    """The answers before their last change, by hand or by an update; {} if there were none."""
    name, here = answers_file(repo), of(repo).project
    is_new = ("diff", "--quiet", "HEAD", "--", name)
    skip = 0 if git.git(*is_new, at=repo.folder, codes=(0, 1)).exit_code else 1
    command = ("log", "--no-show-signature", f"--skip={skip}", "--max-count=1", "--format=%H", "--", name)
    commit = git.git(*command, at=repo.folder).text
    if not commit:
        return {}
    content = git.git("show", f"{commit}:./{name}", at=repo.folder).stdout
    try:
        before = generated.parse(here.repository, here.prefix, name, content, commit=commit)
    except ToolError:
        return {}
    return before.answers if before.version == here.version else {}
