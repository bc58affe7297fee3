"""The answers for a new project, from every place that can give one."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from new_ops_project.base.errors import ToolError
from new_ops_project.base.parsers import read_json, read_toml
from new_ops_project.git.future import Settings
from new_ops_project.template.evaluation import FALSE, MISSING, TRUE, Answers
from new_ops_project.template.questions import MAIN, Question, Questionnaire, conceal, shown

FLAGS = {"project_name": "NAME", "python_version": "--python", "tier": "--tier"}
# The questions that git's settings answer, where nothing else does.
GITS = ("author_name", "author_email", "default_branch")


class Asker(Protocol):
    """Asks the user one question; gets the answers so far and the default to show."""

    def __call__(self, question: Question, answers: Answers, *, default: Any) -> Any:
        """Return the answer; raises KeyboardInterrupt when the user stops."""


@dataclass(frozen=True)
class Given:
    """The answers known before the user is asked: `values` are final, `defaults` can be changed at a prompt.

    `later` gives more defaults, which depend on the answers so far: those that git has at the project's place.
    """

    values: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    later: Callable[[Answers], Mapping[str, Any]] = lambda _answers: {}

    def default(self, question: Question, answers: Answers) -> Any:
        """The default that somebody chose for a question; MISSING if nobody did."""
        chosen = self.defaults if question.name in self.defaults or question.name not in GITS else self.later(answers)
        return chosen.get(question.name, MISSING)

    def chosen(self, name: str) -> str:
        """What somebody wrote for a text, as a value or a default; '' for nothing."""
        return str(self.values.get(name) or self.defaults.get(name) or "")


def gather(
    questionnaire: Questionnaire,
    *,
    flags: Mapping[str, Any],
    settings: Mapping[str, tuple[Any, Path]],
    data_file: Path | None = None,
    assignments: Iterable[str] = (),
) -> Given:
    """Everything that is given; flags win over assignments (KEY=VALUE), those over the data file, that over the config.

    Raises ToolError for a key that the template does not know, with the most similar one, and for an unreadable file.
    """
    values = read_data(data_file) if data_file else {}
    values |= assigned(questionnaire, assignments)
    values |= {key: value for key, value in flags.items() if value is not None}
    values = {key: written(questionnaire.named(key), value) for key, value in values.items()}
    asked = {question.name: question for question in questionnaire.asked}
    return Given(values, {key: written(asked[key], value) for key, (value, _) in settings.items() if key in asked})


def require_asked(values: Iterable[str], asked: Iterable[str]) -> None:
    """Raise ToolError if an answer was given to a question that is not asked."""
    if unasked := sorted({*values} - {*asked}):
        message = f"{', '.join(unasked)}: not asked with the current other answers (`when` in copier.yml)."
        raise ToolError(message, "Leave it out, or also change the answer that it depends on.")


def assigned(questionnaire: Questionnaire, assignments: Iterable[str]) -> dict[str, Any]:
    """The answers in texts of the form KEY=VALUE.

    Raises ToolError for a text without `=`, for a key that the template does not know, and for a value that is
    neither yes nor no where one of them is asked for.
    """
    values = {}
    for text in assignments:
        key, value = assignment(text)
        values[key] = written(questionnaire.named(key), value)
    return values


def assignment(text: str) -> tuple[str, str]:
    """KEY and VALUE of KEY=VALUE; raises ToolError when there is no `=`."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise ToolError(f"--set {text!r} is not KEY=VALUE.", "Write it as --set runner=ubuntu-24.04, for example.")
    return key, value


def written(question: Question, value: Any) -> Any:
    """What a person wrote as an answer: stricter than copier, which takes every unknown word for yes.

    A list can be words, separated by commas or spaces. Raises ToolError.
    """
    conceal(question, value)
    if not isinstance(value, str):
        return value
    if question.multiselect and not value.strip().startswith("["):
        return [word for word in re.split(r"[,\s]+", value) if word]
    if question.type == "bool" and value.strip().lower() not in TRUE | FALSE | {"0", "1"}:
        message = f"{question.name} is {shown(question, value)!r}, which is not of type bool."
        raise ToolError(message, "Write true or false.")
    return value


def gits_defaults(questionnaire: Questionnaire, settings: Settings) -> dict[str, str]:
    """Git's author and first branch, as answers to the questions for them."""
    values = dict(zip(GITS, (settings.author.name, settings.author.email, settings.branch), strict=True))
    answers = Answers(questionnaire)  # git accepts what a question does not; a default must not stop the command
    return {
        question.name: value
        for question in questionnaire.asked
        # Git's are no better than a default that a template of another kind has chosen.
        if (value := values.get(question.name)) and (questionnaire.asks_our_questions or question.required)
        if not answers.refusal(question, value)
    }


def read_data(path: Path) -> dict[str, Any]:
    """The mapping in a data file: TOML or JSON by its suffix, otherwise YAML.

    Raises ToolError, with the line and column of a syntax error.
    """
    try:
        data = _parse(path.suffix, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolError(f"The data file {path} cannot be read: {error.strerror}.", "Check --data-file.") from error
    except ValueError as error:
        raise ToolError(f"The data file {path} is malformed: {error}.", "Fix it there.") from error
    if not isinstance(data, dict):
        raise ToolError(f"The data file {path} is not a mapping of keys to values.", "Write `key: value` lines.")
    return {str(key): value for key, value in data.items()}


def _parse(suffix: str, text: str) -> Any:
    if suffix == ".toml":
        return read_toml(text)
    if suffix == ".json":
        return read_json(text)
    from new_ops_project.formats import yaml  # noqa: PLC0415 - only --data-file needs it

    return yaml.value(text)


def complete(
    questionnaire: Questionnaire, given: Given, *, ask: Asker | None, defaults: bool, advanced: bool
) -> Answers:
    """Answer the questions in order, each by what is given, by the user or by its default.

    Raises ToolError for an invalid answer, and for a missing one when nobody can be asked.
    """
    answers = Answers(questionnaire, dict(given.values))
    for question in questionnaire.questions:
        if not answers.is_open(question):
            answers.compute(question)
        elif question.name in given.values:
            answers.answer(question, given.values[question.name])
        else:
            _answer_missing(question, answers, given, ask=ask, defaults=defaults, advanced=advanced)
        check_support(question, answers)
    return answers


def _answer_missing(
    question: Question, answers: Answers, given: Given, *, ask: Asker | None, defaults: bool, advanced: bool
) -> None:
    """Answer a question that nothing on the command line answers."""
    is_main, chosen = question.name in MAIN, given.default(question, answers)
    default = answers.default(question) if chosen is MISSING else chosen
    if ask and (is_main or advanced):
        answers.answer(question, ask(question, answers, default=None if default is MISSING else default))
    elif default is MISSING or (is_main and not defaults):
        flag = FLAGS.get(question.name, f"--set {question.name}=VALUE")
        also = "" if default is MISSING else ", or --defaults to take the default"
        raise ToolError(f"{question.name} is missing, and nobody can be asked here.", f"Give {flag}{also}.")
    elif chosen is not MISSING:
        answers.answer(question, chosen)
    else:
        answers.accept(question, default)


def file_table(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the template's table `files`, with the paths that these answers give; [] if it has none.

    In `path` and `moves_to` of the table, NAME stands for the import name and PREFIX for the prefix of workflows.
    """
    placeholders = {"NAME": str(values.get("import_name", "")), "PREFIX": str(values.get("workflow_prefix", ""))}

    def actual(path: str) -> str:
        for placeholder, value in placeholders.items():
            path = path.replace(placeholder, value)
        return path

    keys = ("path", "moves_to")
    files = values.get("files")
    rows = files if isinstance(files, list) else []
    return [{**row, **{key: actual(row[key]) for key in keys if key in row}} for row in rows]


def check_support(question: Question, answers: Answers) -> None:
    """Raise ToolError for a Python that has reached its end of life since the template was released."""
    if question.name != "python_version":
        return
    versions = answers.values.get("pins", {}).get("python", {}).get("versions", {})
    end = versions.get(answers.values["python_version"], {}).get("end_of_life")
    if end and _this_month() > end:
        offered = ", ".join(minor for minor, row in versions.items() if row["end_of_life"] >= _this_month())
        message = f"python_version {answers.values['python_version']!r} reached its end of life in {end}."
        raise ToolError(message, f"Choose one of {offered}.")


def _this_month() -> str:
    """The month in the form of end-of-life dates: 2026-11."""
    return datetime.now(UTC).strftime("%Y-%m")
