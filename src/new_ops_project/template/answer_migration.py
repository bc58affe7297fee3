"""Recorded answers meet the questions of another version of their template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.template.answers import Asker, assignment, check_support
from new_ops_project.template.evaluation import Answers, EvaluationError
from new_ops_project.template.questions import Question, Questionnaire

_NEW = "a new question"


@dataclass(frozen=True)
class AnswerChange:
    """An answer that will not be what is recorded: `after` is what is used, `reason` a clause about the name."""

    name: str
    before: Any
    after: Any
    reason: str
    is_wanted: bool = False
    """Whether somebody asked for it; what nobody asked for must be accepted."""

    @property
    def clause(self) -> str:
        """What changes, and why."""
        reason = f" ({self.reason})" if self.reason else ""
        if self.before is None:
            return f"{self.name}: {self.after!r}{reason}"
        if self.after is None:
            return f"{self.name}: {self.before!r}{reason}"
        return f"{self.name}: {self.before!r} -> {self.after!r}{reason}"


@dataclass(frozen=True)
class MigratedAnswers:
    """Answers for the other version; `given` are those to render with, `answers` knows the computed ones too."""

    given: Mapping[str, Any]
    answers: Answers
    changes: tuple[AnswerChange, ...]

    @property
    def unwanted(self) -> tuple[AnswerChange, ...]:
        """What nobody asked for."""
        return tuple(change for change in self.changes if not change.is_wanted)


def merge_unchecked(
    questionnaire: Questionnaire, recorded: Mapping[str, Any], assignments: Iterable[str]
) -> MigratedAnswers:
    """The recorded answers with `assignments` over them, unchecked: for a template that only copier can evaluate."""
    wanted: dict[str, Any] = dict(assignment(text) for text in assignments)
    for name in wanted:
        questionnaire.named(name)
    changes = [
        AnswerChange(name, recorded.get(name), value, "", is_wanted=True)
        for name, value in wanted.items()
        if recorded.get(name) != value
    ]
    given = {**recorded, **wanted}
    return MigratedAnswers(given, Answers(questionnaire, dict(given)), tuple(changes))


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
    """Go through the questions in order with the recorded answers and `assignments` (KEY=VALUE).

    `ask` is asked for what is missing or no longer fits. Raises ToolError for an assignment that is none, and naming
    every new question that has no default when nobody can be asked.
    """
    wanted = dict(assignment(text) for text in assignments)
    for name in wanted:
        questionnaire.named(name)
    work = _Migration(questionnaire, recorded, wanted, ask, Answers(questionnaire))
    for question in questionnaire.questions:
        try:
            _carry_one(work, question)
        except EvaluationError:  # copier, which knows more, has the last word
            _leave_to_copier(work, question.name)
    if work.missing:
        raise _missing(work)
    if closed := sorted(wanted.keys() - work.given.keys()):
        message = f"{', '.join(closed)}: not asked with the other answers as they are (`when` in copier.yml)."
        raise ToolError(message, "Leave it out, or change the answer that it depends on, too.")
    return MigratedAnswers(work.given, work.answers, (*work.changes, *_dropped(work)))


def _missing(work: _Migration) -> ToolError:
    """What is to be answered before it can go on, with what else does not fit."""
    lines = [f"{name}: {why}, it has no default, and nobody can be asked here" for name, why in work.missing.items()]
    lines += [one.clause for one in work.changes if not one.is_wanted]
    message = "Answers are missing:" + "".join(f"\n  {line}" for line in lines)
    return ToolError(message, f"Give {' '.join(f'--set {name}=VALUE' for name in work.missing)}.")


def _carry_one(work: _Migration, question: Question) -> None:
    name, answers = question.name, work.answers
    if question not in work.questionnaire.asked or not answers.is_open(question):
        answers.compute(question)
    elif name in work.wanted:
        answers.answer(question, work.wanted[name])
        check_support(question, answers)
        _note(work, question, "", is_wanted=True)
    elif name in work.recorded:
        _keep(work, question)
    else:
        _answer_new(work, question)


def _leave_to_copier(work: _Migration, name: str) -> None:
    if name in {**work.recorded, **work.wanted}:
        work.given[name] = work.answers.values[name] = {**work.recorded, **work.wanted}[name]


def _keep(work: _Migration, question: Question) -> None:
    """Answer as recorded, or say why that is no answer any more."""
    value = work.recorded[question.name]
    try:
        work.answers.answer(question, value)
    except EvaluationError:
        raise
    except ToolError as error:
        _replace(work, question, error.message.removeprefix(f"{question.name} {value!r} ").rstrip("."))
    else:
        work.given[question.name] = work.answers.values[question.name]


def _replace(work: _Migration, question: Question, why: str) -> None:
    if work.ask:
        told = _explained(question, f"{work.recorded[question.name]!r} is recorded, which {why}")
        work.answers.answer(question, work.ask(told, work.answers, _near(work, question)))
        _note(work, question, "", is_wanted=True)
    elif question.required and not question.multiselect:
        work.missing[question.name] = f"{work.recorded[question.name]!r} is recorded, which {why}"
    else:
        _take_default(work, question)
        _note(work, question, why)


def _explained(question: Question, why: str) -> Question:
    """The question with the reason for asking it in its words."""
    return replace(question, details={**question.details, "help": f"{question.help} ({why})"})


def _take_default(work: _Migration, question: Question) -> None:
    """Take what is nearest to hand; a default that its own question would refuse is the template's affair."""
    value = _near(work, question)
    try:
        work.answers.answer(question, value)
    except ToolError:
        work.answers.values[question.name] = value


def _near(work: _Migration, question: Question) -> Any:
    """What to use in place of an answer that no longer fits: of several, those that still do; else the default."""
    value = work.recorded.get(question.name)
    if question.multiselect and isinstance(value, list):
        offered = [choice.value for choice in work.answers.choices(question) if not choice.disabled]
        return [item for item in value if item in offered]
    return work.answers.default(question)


def _answer_new(work: _Migration, question: Question) -> None:
    """Answer a question that was not there, or not open, when the answers were recorded."""
    is_secret = question.details.get("secret") or question.name in work.questionnaire.config.get("secret_questions", [])
    old = _former_name(work, question)
    if question.required or (old and work.ask):
        if work.ask is None:
            work.missing[question.name] = "new in the template"
            return
        proposed = work.recorded.get(old, work.answers.default(question))
        told = _explained(question, f"new in the template; is it what {old} was?" if old else "new in the template")
        work.answers.answer(question, work.ask(told, work.answers, proposed))
        _note(work, question, "", is_wanted=True)
        return
    _take_default(work, question)
    if old:
        value = work.recorded[old]
        _note(work, question, f"the new name of {old}? then --set {question.name}={value} keeps its answer")
    elif not is_secret:
        work.changes.append(AnswerChange(question.name, None, work.answers.values[question.name], _NEW, is_wanted=True))


def _note(work: _Migration, question: Question, reason: str, *, is_wanted: bool = False) -> None:
    name, value = question.name, work.answers.values[question.name]
    work.given[name] = value
    before = work.recorded.get(name)
    if name not in work.recorded or before != value:
        work.changes.append(AnswerChange(name, before, value, reason, is_wanted))


def _former_name(work: _Migration, question: Question) -> str:
    """The recorded answer that nothing asks for any more and that may have been this question's, or ''."""
    asked = {one.name for one in work.questionnaire.questions}
    gone = [name for name in work.recorded if name not in asked]
    fitting = [name for name in gone if _fits(work, question, work.recorded[name])]
    if near := get_close_matches(question.name, fitting, n=1, cutoff=0.6):
        return near[0]
    return fitting[0] if len(fitting) == 1 and len(_new_names(work)) == 1 else ""


def _new_names(work: _Migration) -> list[str]:
    return [one.name for one in work.questionnaire.asked if one.name not in work.recorded]


def _fits(work: _Migration, question: Question, value: Any) -> bool:
    try:
        parsed = work.answers.parse(question, value)
        return not work.answers.problem(question, parsed)
    except ToolError:
        return False


def _dropped(work: _Migration) -> list[AnswerChange]:
    """Recorded answers that nothing asks for any more."""
    asked = {one.name for one in work.questionnaire.questions}
    return [
        AnswerChange(name, value, None, "asked no more", is_wanted=True)
        for name, value in work.recorded.items()
        if name not in asked
    ]
