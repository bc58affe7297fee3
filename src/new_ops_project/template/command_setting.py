"""What the tasks and migrations of a template see, and how they are evaluated: as copier does it."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha512
from pathlib import Path, PurePath
from typing import Any

from new_ops_project.base import masking, reading
from new_ops_project.template import answers_file
from new_ops_project.template.errors import EvaluationError
from new_ops_project.template.evaluation import Answers, to_bool
from new_ops_project.template.questions import Questionnaire
from new_ops_project.template.releases import Checkout
from new_ops_project.template.tasks import TemplateCommand

# Stand for the folders of the project and of the template in commands that are evaluated before these exist.
ANYWHERE, SOURCE = "/new-ops-project-anywhere/project", "/new-ops-project-anywhere/template"


@dataclass(frozen=True)
class EvaluatedCommand:
    """One command ready to run: evaluated, its folder relative to the project's, its environment variables."""

    kind: str
    command: str | list[str]
    folder: str
    environment: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The command for people."""
        return self.command if isinstance(self.command, str) else " ".join(self.command)


@dataclass(frozen=True)
class Setting:
    """What the commands of one version see: the version's files, the answers, where those are recorded.

    `operation`: "copy" or "update".
    """

    checkout: Checkout
    answers: Answers
    answers_file: str
    operation: str = "update"


def setting(
    checkout: Checkout,
    questionnaire: Questionnaire,
    given: Mapping[str, Any],
    folder: Path,
    *,
    answers_file: str,
    operation: str = "update",
    complete: bool = True,
) -> Setting:
    """What the commands of a version see in the project in `folder`; `given` are the answers to render it with.

    Unless `complete`, the questions that these do not answer have no answer. Raises ToolError for an invalid answer.
    """
    answers = Answers(questionnaire, dict(given))
    bare = Setting(checkout, answers, answers_file, operation)
    answers.values.update({**context(bare, folder, checkout.root), "_copier_phase": "prompt"})
    if complete:
        answers.complete(given)
    return bare


def wanted(commands: list[TemplateCommand], setting: Setting, folder: Path) -> list[TemplateCommand]:
    """The commands whose `when` is true for the project in `folder`; raises EvaluationError."""
    variables = context(setting, folder, setting.checkout.root) if commands else {}
    return [command for command in commands if _is_wanted(command, setting, variables)]


def may_run(commands: list[TemplateCommand], setting: Setting, folder: Path) -> list[TemplateCommand]:
    """The commands whose `when` is true for the project in `folder`, or cannot be evaluated here."""
    kept = []
    for command in commands:
        with suppress(EvaluationError):
            if not wanted([command], setting, folder):
                continue
        kept.append(command)
    return kept


def _is_wanted(command: TemplateCommand, setting: Setting, variables: Mapping[str, Any]) -> bool:
    return to_bool(setting.answers.render(command.when, **variables, **_extra(command, setting)))


def _extra(command: TemplateCommand, setting: Setting) -> dict[str, Any]:
    """The variables of one command, which are environment variables too."""
    named = {f"_{name}": value for name, value in command.variables.items()}
    return {**named, "_copier_operation": setting.operation}


def context(setting: Setting, folder: Path, source: Path) -> dict[str, Any]:
    """All variables of commands that run in `folder`; `source` has the template's files."""
    checkout = setting.checkout
    conf = {
        "answers_file": PurePath(setting.answers_file),
        "src_path": PurePath(source),
        "dst_path": PurePath(folder),
        "vcs_ref": checkout.commit,
        "vcs_ref_hash": checkout.commit,
        "data": setting.answers.recorded,
        "sep": os.sep,
        "os": {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform),
        **dict.fromkeys(("unsafe", "quiet", "defaults", "overwrite", "cleanup_on_error"), True),
        **dict.fromkeys(("pretend", "skip_tasks", "skip_answered", "use_prereleases"), False),
    }
    about = {"_commit": checkout.version, "_src_path": masking.masked(checkout.source.location)}
    return {
        "_copier_answers": {**about, **_open_answers(setting)},
        "_copier_conf": conf,
        "_copier_python": sys.executable,
        "_external_data": _external(setting, folder),
        "_folder_name": folder.name,
        "make_secret": _make_secret,
        "now": _now,
    }


def _make_secret() -> str:
    return sha512(os.urandom(48)).hexdigest()


def _now() -> datetime:
    return datetime.now(tz=UTC)


def _open_answers(setting: Setting) -> dict[str, Any]:
    """The answers without those to secret questions."""
    secret = {question.name for question in setting.answers.questionnaire.questions if question.is_secret}
    return {name: value for name, value in setting.answers.recorded.items() if name not in secret}


def evaluate(
    commands: list[TemplateCommand], setting: Setting, folder: Path, source: Path | None = None
) -> list[EvaluatedCommand]:
    """The commands that are wanted, evaluated for the project in `folder`; `source` has the template's files."""
    variables = context(setting, folder, source or setting.checkout.root)
    return [_evaluate(command, setting, variables) for command in commands if _is_wanted(command, setting, variables)]


def _external(setting: Setting, folder: Path) -> dict[str, Any]:
    """The contents of the project's files that the template reads answers from (`_external_data`), by their names."""
    paths = setting.answers.questionnaire.config.get("external_data") or {}
    files = {name: folder / str(setting.answers.render(str(path))) for name, path in paths.items()}
    return {
        name: answers_file.parse_answers(file.name, reading.read(file)) if file.is_file() else {}
        for name, file in files.items()
    }


def _evaluate(command: TemplateCommand, setting: Setting, variables: Mapping[str, Any]) -> EvaluatedCommand:
    extra, phase = _extra(command, setting), "tasks" if command.kind == "task" else "migrate"

    def text(value: Any) -> str:
        return str(setting.answers.render(str(value), **variables, **extra, _copier_phase=phase))

    line = text(command.text) if isinstance(command.text, str) else [text(part) for part in command.text]
    environment = {name[1:].upper(): str(value) for name, value in extra.items()}
    return EvaluatedCommand(command.kind, line, text(command.folder), environment)
