"""A project beside its template: the recorded version, the newest one, the files that the template wrote."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from new_ops_project import git
from new_ops_project.base.errors import ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.template.recorded import answers_files
from new_ops_project.git import worktree
from new_ops_project.git.tree import Entry
from new_ops_project.project import generated
from new_ops_project.project.generated import Project
from new_ops_project.project.update import outdated, planner, preparation
from new_ops_project.project.update.preparation import Update, UpdateTarget
from new_ops_project.template import answer_migration
from new_ops_project.template.answer_migration import MigratedAnswers
from new_ops_project.template.answers import file_table

T = TypeVar("T")
_PLAIN = re.compile(r"[\w./][\w./-]*")  # a path that YAML takes for itself, without quotes


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
        if self.update.before.commit == self.update.after.commit:
            return []
        names = self.update.releases.versions
        before, after = self.update.before.version, self.update.after.version
        if before in names and after in names:
            return names[names.index(after) : names.index(before)]
        return [str(after)]

    def with_answers(self, answers: Mapping[str, Any]) -> "Reference":
        """The same project with other answers."""
        return Reference(replace(self.update, project=replace(self.project, answers=dict(answers))))


def of(repo: Repo, name: str) -> Reference:
    """The reference of the answers file `name`, read only once.

    Raises UncheckedError if the template cannot be reached, outdated.UnknownVersionError if the template lacks the
    version, and ToolError for an incomplete answers file.
    """
    key = f"reference {name}"
    if key not in repo.shared:
        try:
            repo.shared[key] = _read(repo, name)
        except (ToolError, UncheckedError) as error:
            repo.shared[key] = error
    result = repo.shared[key]
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]


def each(repo: Repo, look: Callable[[str], T]) -> Iterator[T]:
    """What `look` returns for each answers file, without those whose faults another rule reports.

    Raises UncheckedError at the end, if a template could not be reached, read or rendered.
    """
    unchecked: list[UncheckedError] = []
    for name in answers_files(repo):
        try:
            result = look(name)
        except UncheckedError as error:
            unchecked.append(error)
        except ToolError:
            continue
        else:
            yield result
    if unchecked:
        reasons = dict.fromkeys(error.reason for error in unchecked)
        raise UncheckedError(" ".join(reasons), unchecked[0].hint)


def update_command(repo: Repo, name: str) -> str:
    """The command that updates the project to the template of the answers file `name`."""
    option = f" --answers-file {shlex.quote(name)}" if len(answers_files(repo)) > 1 else ""
    return f"new-ops-project update{option}"


def keep_command(repo: Repo, recorded: Reference, path: str) -> str:
    """The command after which the template no longer writes `path`; '' for a template that has no answer for that.

    The answer is replaced as a whole, so the command repeats what the project keeps already.
    """
    if not recorded.update.former.keeps_files:
        return ""
    kept = [*recorded.migrated.answers.values.get("keep", ()), path]
    listed = ", ".join(name if _PLAIN.fullmatch(name) else json.dumps(name) for name in dict.fromkeys(kept))
    command = update_command(repo, recorded.project.answers_file)
    return f"{command} --set {shlex.quote(f'keep=[{listed}]')}"


def _read(repo: Repo, name: str) -> Reference:
    repository, prefix = worktree.find_repository(repo.folder)
    project = generated.parse(repository, prefix, name, repo.files[name], commit="HEAD")
    return Reference(_prepare(project, offline=repo.offline))


def _prepare(project: Project, *, offline: bool) -> Update:
    """Both versions of the template; from the local cache if the template cannot be reached."""
    try:
        return preparation.prepare(project, UpdateTarget(offline=offline))
    except outdated.UnknownVersionError:
        raise
    except ToolError as error:
        unreachable = UncheckedError(error.message, error.hint)
    if not offline:
        with suppress(UncheckedError):
            return _prepare(project, offline=True)
    raise unreachable


def former_answers(repo: Repo, name: str) -> dict[str, Any]:
    """The answers before their last change, by hand or by an update; {} if there were none. They are read only once."""
    key = f"former answers {name}"
    if key not in repo.shared:
        repo.shared[key] = _former_answers(repo, name)
    return dict(repo.shared[key])


def _former_answers(repo: Repo, name: str) -> dict[str, Any]:
    here = of(repo, name).project
    is_new = ("diff", "--quiet", "HEAD", "--", name)
    skip = 0 if git.git(*is_new, at=repo.folder, codes=(0, 1)).exit_code else 1
    command = ("log", f"--skip={skip}", "--max-count=1", "--format=%H", "--", name)
    commit = git.git(*command, at=repo.folder).text
    if not commit:
        return {}
    content = git.git("show", f"{commit}:./{name}", at=repo.folder).stdout
    try:
        before = generated.parse(here.repository, here.prefix, name, content, commit=commit)
    except ToolError:
        return {}
    return before.answers if before.version == here.version else {}
