"""What an update runs of its template: tasks in each render, migrations in checkouts of the project."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from new_ops_project.base.masking import masked
from new_ops_project.git import scratch_checkout
from new_ops_project.git.tree import Entry, Tree
from new_ops_project.project.generated import Project
from new_ops_project.template import answers_file, command_runner, command_setting, render, tasks
from new_ops_project.template.command_setting import Setting
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout
from new_ops_project.template.tasks import TemplateCommand


@dataclass(frozen=True)
class Migrated:
    """What the `before` migrations made of a project: the files that they changed, and its answers from then on.

    `base` is the old render, which copier makes before them.
    """

    base: Tree
    changed: Mapping[str, Entry | None]
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Renders:
    """Both versions as rendered; `renewed`: the command of the task that wrote a lock, by the lock's path."""

    base: Tree
    theirs: Tree
    renewed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """The commands that an update of `project` from one version to another runs."""

    project: Project
    before: Checkout
    after: Checkout
    questionnaire: Questionnaire

    def tasks(
        self, checkout: Checkout, questionnaire: Questionnaire, answers: Mapping[str, Any], renewed: dict[str, str]
    ) -> render.Tasks | None:
        """What runs the tasks of one version in a folder and notes in `renewed` which locks they wrote, if any run."""
        if not (commands := tasks.tasks(questionnaire)):
            return None
        setting = self._setting(checkout, questionnaire, answers)
        if not (wanted := command_setting.wanted(commands, setting, self.project.folder)):
            return None
        return lambda folder: renewed.update(command_runner.run(wanted, setting, folder))

    def new_tasks(self, given: Mapping[str, Any]) -> list[TemplateCommand]:
        """The tasks of the new version to run, with `given`, the answers for it."""
        setting = self._setting(self.after, self.questionnaire, given)
        return command_setting.wanted(tasks.tasks(self.questionnaire), setting, self.project.folder)

    def _setting(self, checkout: Checkout, questionnaire: Questionnaire, answers: Mapping[str, Any]) -> Setting:
        file, folder = self.project.answers_file, self.project.folder
        return command_setting.setting(checkout, questionnaire, {**self._record, **answers}, folder, answers_file=file)

    @property
    def _record(self) -> dict[str, str]:
        """What the answers file records besides answers: commands see it as variables in an update."""
        return {"_commit": self.project.version, "_src_path": masked(self.project.source)}

    @cached_property
    def first_setting(self) -> Setting:
        """What the `before` migrations see: the answers that are recorded, whatever the new version asks."""
        file, folder, given = self.project.answers_file, self.project.folder, {**self._record, **self.project.answers}
        return command_setting.setting(self.after, self.questionnaire, given, folder, answers_file=file, complete=False)

    @cached_property
    def first(self) -> list[TemplateCommand]:
        """The `before` migrations to run."""
        return self._migrations("before", self.first_setting)

    def last(self, given: Mapping[str, Any]) -> list[TemplateCommand]:
        """The `after` migrations to run, with `given`, the answers for the new version."""
        return self._migrations("after", self.last_setting(given))

    def last_setting(self, given: Mapping[str, Any]) -> Setting:
        """What the `after` migrations see."""
        return self._setting(self.after, self.questionnaire, given)

    def _migrations(self, stage: str, setting: Setting) -> list[TemplateCommand]:
        considered = tasks.migrations(self.questionnaire, stage, self.before, self.after)
        return command_setting.wanted(considered, setting, self.project.folder)

    def migrate(self, base: Tree) -> Migrated:
        """Run the `before` migrations in a checkout of the project's commit; raises ToolError when one fails."""
        project = self.project
        changed = scratch_checkout.changed_by(
            lambda root: command_runner.run(self.first, self.first_setting, root / project.prefix),
            project.repository,
            f"{project.commit}^{{tree}}",
            head=project.commit,
            prefix=project.prefix,
        )
        file = changed.get(project.answers_file)
        record = answers_file.parse_answers(project.answers_file, file.content) if file else project.answers
        return Migrated(base, changed, {key: value for key, value in record.items() if not key.startswith("_")})

    def migrate_after(self, given: Mapping[str, Any], folder: Path) -> None:
        """Run the `after` migrations in the folder of the merged project; raises ToolError when one fails."""
        command_runner.run(self.last(given), self.last_setting(given), folder)

    def left(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The `after` migrations in the form in which `--continue` finds them in the journal; {} if there are none."""
        if not (commands := self.last(given)):
            return {}
        evaluated = command_setting.evaluate(
            commands, self.last_setting(given), Path(command_setting.ANYWHERE), Path(command_setting.SOURCE)
        )
        rows = [asdict(command) for command in evaluated]
        return {
            "template": self.after.source.name,
            "source": str(self.after.root) if command_setting.SOURCE in str(rows) else "",
            "prefix": self.project.prefix,
            "commands": rows,
        }
