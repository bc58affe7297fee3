"""The migration of recorded answers to the questions of another template version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.template.answers import Asker, assigned, check_support, require_asked, written
from new_ops_project.template.errors import EvaluationError
from new_ops_project.template.evaluation import MISSING, Answers
from new_ops_project.template.questions import Question, Questionnaire, conceal, shown

_NEW = "a new question"


@dataclass(frozen=True)
class AnswerChange:
    """An answer that differs from the recorded one; `reason` is a clause about the question."""

    name: str
    before: Any
    after: Any
    reason: str
    is_wanted: bool = False
    """Whether the user asked for it; all other changes must be accepted by the user."""

    @property
    def clause(self) -> str:
        """The change and its reason, as one line."""
        reason = f" ({self.reason})" if self.reason else ""
        if self.before is None:
            return f"{self.name}: {self.after!r}{reason}"
        if self.after is None:
            return f"{self.name}: {self.before!r}{reason}"
        return f"{self.name}: {self.before!r} -> {self.after!r}{reason}"


@dataclass(frozen=True)
class MigratedAnswers:
    """Answers for the other version: `given` are those to render with, `answers` include the computed ones."""

    given: Mapping[str, Any]
    answers: Answers
    changes: tuple[AnswerChange, ...]

    @property
    def unwanted(self) -> tuple[AnswerChange, ...]:
        """The changes that the user did not ask for."""
        return tuple(change for change in self.changes if not change.is_wanted)


@dataclass
class _Migration:
    questionnaire: Questionnaire
    recorded: Mapping[str, Any]
    wanted: Mapping[str, Any]
    ask: Asker | None
    answers: Answers
    given: dict[str, Any] = field(default_factory=dict)
    changes: list[AnswerChange] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def migrate(
    questionnaire: Questionnaire, recorded: Mapping[str, Any], assignments: Iterable[str], *, ask: Asker | None
) -> MigratedAnswers:
    """Answer the questions in order, from the recorded answers and `assignments` (KEY=VALUE).

    `ask` asks the user for answers that are missing or no longer fit. Without it, ToolError names every new question
    that has no default. Raises ToolError for an assignment that is not KEY=VALUE, or that answers no open question.
    """
    wanted = assigned(questionnaire, assignments)
    migration = _migrated(questionnaire, recorded, wanted, ask)
    if migration.missing:
        raise _missing_answers(migration)
    require_asked(wanted, migration.given)
    # The names and texts of files may still use an answer whose question is gone. It is not recorded again.
    dropped = {name: recorded[name] for name in _dropped_names(migration)}
    changes = (*migration.changes, *_dropped(migration))
    return MigratedAnswers({**dropped, **migration.given}, migration.answers, changes)


def with_defaults(questionnaire: Questionnaire, recorded: Mapping[str, Any]) -> Answers:
    """The recorded answers as these questions take them, with the default of every other question that has one."""
    return _migrated(questionnaire, recorded, {}, None).answers


def _migrated(
    questionnaire: Questionnaire, recorded: Mapping[str, Any], wanted: Mapping[str, Any], ask: Asker | None
) -> _Migration:
    migration = _Migration(questionnaire, recorded, wanted, ask, Answers(questionnaire, {**recorded, **wanted}))
    for question in questionnaire.questions:
        try:
            _migrate_question(migration, question)
        except EvaluationError:  # copier knows more than `Answers`, and evaluates it again when it renders
            _leave_to_copier(migration, question.name)
    return migration


class MissingAnswersError(ToolError):
    """Questions have neither an answer nor a default; `options` are those of `update` that answer them."""

    def __init__(self, message: str, options: str) -> None:
        super().__init__(message, f"Give {options}.")
        self.options = options


def _missing_answers(migration: _Migration) -> MissingAnswersError:
    """The error that names every missing answer, and every other change that the user has to decide about."""
    reasons = migration.missing.items()
    lines = [f"{name}: {reason}, has no default that fits, and nobody can be asked here" for name, reason in reasons]
    lines += [change.clause for change in migration.changes if not change.is_wanted]
    message = "Answers are missing:" + "".join(f"\n  {line}" for line in lines)
    return MissingAnswersError(message, " ".join(f"--set {name}=VALUE" for name in migration.missing))


def _migrate_question(migration: _Migration, question: Question) -> None:
    name, answers = question.name, migration.answers
    if question not in migration.questionnaire.asked or not answers.is_open(question):
        answers.compute(question)
        if question in migration.questionnaire.asked and name in migration.recorded and name not in migration.wanted:
            reason = "is not asked with the other answers"
            before = shown(question, migration.recorded[name])
            migration.changes.append(AnswerChange(name, before, None, reason, is_wanted=True))
    elif name in migration.wanted:
        answers.answer(question, migration.wanted[name])
        check_support(question, answers)
        _record(migration, question, "", is_wanted=True)
    elif name in migration.recorded:
        _keep(migration, question)
    else:
        _answer_new(migration, question)


def _leave_to_copier(migration: _Migration, name: str) -> None:
    given = {**migration.recorded, **migration.wanted}
    if name in given:
        migration.given[name] = migration.answers.values[name] = given[name]


def _keep(migration: _Migration, question: Question) -> None:
    """Keep the recorded answer, or replace it if the question no longer takes it."""
    name, value = question.name, migration.recorded[question.name]
    try:
        migration.answers.answer(question, written(question, value))
    except EvaluationError:
        raise
    except ToolError as error:
        quoted = repr(shown(question, value))
        reason = error.message.removeprefix(f"{name} ").removeprefix(f"{quoted} ")
        _replace(migration, question, reason.removeprefix(f"is {quoted}, which ").rstrip("."))
    else:
        kept = migration.answers.values[name]
        if type(kept) in {int, float} and kept != value and str(kept) != str(value):
            _record(migration, question, f"is now of the type {migration.answers.type_of(question)}")
        migration.given[name] = kept


def _replace(migration: _Migration, question: Question, reason: str) -> None:
    substitute = _substitute(migration, question)
    reason_to_ask = f"{shown(question, migration.recorded[question.name])!r} is recorded, which {reason}"
    if migration.ask:
        _ask(migration, question, reason_to_ask, substitute)
    elif substitute is MISSING or migration.answers.problem(question, substitute):
        migration.missing[question.name] = reason_to_ask
    else:
        migration.answers.values[question.name] = substitute
        _record(migration, question, reason)


def _ask(migration: _Migration, question: Question, reason: str, default: Any) -> None:
    """Let `ask` answer the question, with the reason for asking it added to its help text."""
    explained = replace(question, details={**question.details, "help": f"{question.help} ({reason})"})
    shown = None if default is MISSING else default
    migration.answers.answer(question, migration.ask and migration.ask(explained, migration.answers, default=shown))
    _record(migration, question, "", is_wanted=True)


def _substitute(migration: _Migration, question: Question) -> Any:
    """What to use instead of an answer that no longer fits: those of its items that do, the default, or MISSING."""
    value = migration.recorded.get(question.name)
    if question.multiselect and isinstance(value, list):
        offered = [choice.value for choice in migration.answers.choices(question) if not choice.disabled]
        return [item for item in value if item in offered]
    return migration.answers.default(question)


def _answer_new(migration: _Migration, question: Question) -> None:
    """Answer a question that did not exist, or was not open, when the answers were recorded."""
    old = _former_name(migration, question)
    default = migration.answers.default(question)
    if default is MISSING and migration.ask is None:
        migration.missing[question.name] = "new in the template"
        return
    if migration.ask and (old or default is MISSING):
        reason = f"new in the template; is it the new name of {old}?" if old else "new in the template"
        _ask(migration, question, reason, migration.recorded.get(old, default))
        return
    migration.answers.values[question.name] = default
    conceal(question, default)
    if old:
        conceal(question, migration.recorded[old])
        value = shown(question, migration.recorded[old])
        _record(migration, question, f"the new name of {old}? then --set {question.name}={value} keeps its answer")
    elif not question.is_secret:
        value = migration.answers.values[question.name]
        migration.changes.append(AnswerChange(question.name, None, value, _NEW, is_wanted=True))


def _record(migration: _Migration, question: Question, reason: str, *, is_wanted: bool = False) -> None:
    """Render with the answer that the question has now, and note the change if it is one."""
    name, value = question.name, migration.answers.values[question.name]
    migration.given[name] = value
    before = migration.recorded.get(name)
    if name not in migration.recorded or before != value:
        change = AnswerChange(name, shown(question, before), shown(question, value), reason, is_wanted)
        migration.changes.append(change)


def _former_name(migration: _Migration, question: Question) -> str:
    """The dropped answer that was probably this question's under another name, or ''.

    A similar name is enough. Without one, it has to be the only candidate for the only new question: a template that
    renames one question is common, and a wrong guess only proposes a value.
    """
    fitting = [name for name in _dropped_names(migration) if _fits(migration, question, migration.recorded[name])]
    if near := get_close_matches(question.name, fitting, n=1, cutoff=0.6):
        return near[0]
    return fitting[0] if len(fitting) == 1 and len(_new_names(migration)) == 1 else ""


def _dropped_names(migration: _Migration) -> list[str]:
    """The recorded answers that no question asks for any more."""
    names = {question.name for question in migration.questionnaire.questions}
    return [name for name in migration.recorded if name not in names]


def _new_names(migration: _Migration) -> list[str]:
    return [question.name for question in migration.questionnaire.asked if question.name not in migration.recorded]


def _fits(migration: _Migration, question: Question, value: Any) -> bool:
    """Whether the value could be recorded for the question: one of another type only looks like an answer to it."""
    answers = migration.answers
    return not answers.refusal(question, value) and type(answers.parse(question, value)) is type(value)


def _dropped(migration: _Migration) -> list[AnswerChange]:
    names = _dropped_names(migration)
    return [
        AnswerChange(name, migration.recorded[name], None, "is no longer asked for", is_wanted=True) for name in names
    ]
