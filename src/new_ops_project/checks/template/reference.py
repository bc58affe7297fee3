"""What the template says of a project: the version that it records, the newest one, and the files at the former."""

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
from new_ops_project.project.update.planner import Refresh, UpdateTarget
from new_ops_project.template import answer_migration
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import table
from new_ops_project.template.answers_file import answers_files


@dataclass(frozen=True)
class Reference:
    """A project as its answers file describes it, and the template that it names."""

    look: Refresh

    @property
    def project(self) -> Project:
        """The project, with the answers that were read."""
        return self.look.project

    @cached_property
    def carried(self) -> MigratedAnswers:
        """The answers as the questions of their own version take them; its changes are what does not fit.

        Raises ToolError where an answer without a default is missing.
        """
        if self.look.former.config.get("jinja_extensions"):
            return answer_migration.as_they_are(self.look.former, self.project.answers, ())
        return answer_migration.carry(self.look.former, self.project.answers, (), ask=None)

    @cached_property
    def files(self) -> Mapping[str, Entry]:
        """What the template wrote at that version, and manages still.

        Raises UncheckedError for a template that runs code, and ToolError for one that cannot be rendered so.
        """
        questionnaire = self.look.former
        if why := questionnaire.distrust:
            name = self.look.before.source.name
            raise UncheckedError(f"The template {name} needs trust: {why}.", "Its files are not compared.")
        return planner.managed(self.look, self.carried)

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's table of files, by path; {} for a template that has none."""
        return {row["path"]: row for row in table(self.carried.answers.values)} if self.look.former.is_ours else {}

    @property
    def behind(self) -> list[str]:
        """The releases since the recorded version, newest first; HEAD where nothing was released."""
        if not self.look.is_behind:
            return []
        names = self.look.releases.versions
        before, after = self.look.before.version, self.look.after.version
        if before in names and after in names:
            return names[names.index(after) : names.index(before)]
        return [str(after)]

    def with_answers(self, answers: Mapping[str, Any]) -> "Reference":
        """The same project, had it other answers."""
        return Reference(replace(self.look, project=replace(self.project, answers=dict(answers))))


def of(repo: Repo) -> Reference:
    """The reference of the project, found out once.

    Raises UncheckedError where no template is recorded or it cannot be reached, behind.UnknownVersionError where it
    lacks the version, and ToolError for an answers file that says too little.
    """
    if "reference" not in repo.shared:
        try:
            repo.shared["reference"] = _found(repo)
        except (ToolError, UncheckedError) as error:
            repo.shared["reference"] = error
    found = repo.shared["reference"]
    if isinstance(found, Exception):
        raise found
    return found  # type: ignore[no-any-return]


def known(repo: Repo) -> Reference | None:
    """None where there is nothing to compare with, which other rules say; raises UncheckedError if out of reach."""
    if not answers_file(repo):
        return None
    try:
        return of(repo)
    except ToolError:
        return None


def answers_file(repo: Repo) -> str:
    """The file that names a template, '' where there is none; the first of several."""
    if "answers file" not in repo.shared:
        found = [path for path in answers_files(repo.folder) if path in repo.files] if repo.folder.is_dir() else []
        repo.shared["answers file"] = next(iter(found), "")
    return str(repo.shared["answers file"])


def _found(repo: Repo) -> Reference:
    name = answers_file(repo)
    if not name:
        raise UncheckedError("No template is recorded.")
    where, prefix = worktree.repository(repo.folder)
    found = generated.recorded(where, prefix, name, repo.files[name], commit="HEAD")
    return Reference(_looked(found, offline=repo.offline))


def _looked(found: Project, *, offline: bool) -> Refresh:
    """Both versions; from what is known of the template here, where it cannot be reached."""
    try:
        return planner.look(found, UpdateTarget(offline=offline))
    except outdated.UnknownVersionError:
        raise
    except ToolError as error:
        if offline:
            raise UncheckedError(error.message, error.hint) from error
    try:
        return planner.look(found, UpdateTarget(offline=True))
    except outdated.UnknownVersionError:
        raise
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error


def former_answers(repo: Repo) -> dict[str, Any]:
    """The answers before they were last changed, by hand or by an update; {} where there were none."""
    name, here = answers_file(repo), of(repo).project
    is_new = ("diff", "--quiet", "HEAD", "--", name)
    skip = 0 if git.git(*is_new, at=repo.folder, codes=(0, 1)).code else 1
    command = ("log", "--no-show-signature", f"--skip={skip}", "--max-count=1", "--format=%H", "--", name)
    commit = git.git(*command, at=repo.folder).text
    if not commit:
        return {}
    content = git.git("show", f"{commit}:./{name}", at=repo.folder).stdout
    try:
        before = generated.recorded(here.repository, here.prefix, name, content, commit=commit)
    except ToolError:
        return {}
    return before.answers if before.version == here.version else {}
