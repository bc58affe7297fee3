"""Evidence becomes answers; only what nothing tells is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.project.adoption.evidence.answers import Evidence
from new_ops_project.template.answers import FLAGS, Asker, check_support
from new_ops_project.template.evaluation import Answers, EvaluationError
from new_ops_project.template.questions import MAIN, Question, Questionnaire


@dataclass(frozen=True)
class InferredAnswers:
    """Answers, with where each was read; `doubts` are clauses on what was read and is no answer."""

    answers: Answers
    evidence: tuple[Evidence, ...]
    doubts: tuple[str, ...]


def offered_choices(questionnaire: Questionnaire) -> dict[str, list[Any]]:
    """What each question with choices offers."""
    answers, found = Answers(questionnaire), {}
    for question in questionnaire.questions:
        try:
            if question not in questionnaire.asked:
                answers.compute(question)
            elif question.details.get("choices"):
                found[question.name] = [one.value for one in answers.choices(question) if not one.disabled]
        except EvaluationError:  # it takes an answer that is not known yet
            continue
    return found


def infer(
    questionnaire: Questionnaire,
    evidence: tuple[Evidence, ...],
    *,
    given: Mapping[str, Any],
    fixed: Mapping[str, Any],
    ask: Asker | None,
) -> InferredAnswers:
    """Go through the questions in order: what was `given`, what is read, what is `fixed`, what a person says.

    Raises ToolError for a given answer that is none, and for one of the three that nothing tells when nobody can be
    asked.
    """
    for name in given:
        questionnaire.named(name)
    read = {one.name: one for one in evidence}
    answers, used, doubts = Answers(questionnaire), list[Evidence](), list[str]()
    for question in questionnaire.questions:
        name = question.name
        if question not in questionnaire.asked or not answers.is_open(question):
            answers.compute(question)
            continue
        told = Evidence(name, given[name], "given") if name in given else read.get(name)
        why = _used(question, answers, told, is_given=name in given) if told else ""
        if told and not why:
            used.append(replace(told, value=answers.values[name]))
            continue
        doubts += [f"{name}: {why}"] if why else []
        if name in fixed:
            answers.answer(question, fixed[name])
        elif name in MAIN:
            used.append(_asked(question, answers, why, ask))
        else:
            answers.answer(question, answers.default(question))
    return InferredAnswers(answers, tuple(used), tuple(doubts))


def _used(question: Question, answers: Answers, told: Evidence, *, is_given: bool) -> str:
    """Answer with what was read; if that is no answer, say why."""
    if told.value is None:
        return f"{told.where} says {told.found}, which the template does not offer"
    try:
        answers.answer(question, told.value)
        check_support(question, answers)
    except ToolError as error:
        answers.values.pop(question.name, None)
        if is_given:
            raise
        return f"{told.where} says {told.found or told.value}, and {error.message.rstrip('.')}"
    return ""


def _asked(question: Question, answers: Answers, why: str, ask: Asker | None) -> Evidence:
    """Let a person answer; raises ToolError when there is none."""
    if ask is None:
        reason = f": {why}" if why else ""
        message = f"{question.name} could not be told{reason}, and nobody can be asked here."
        flag = {**FLAGS, "project_name": "--name NAME", "python_version": "--python X.Y"}.get(question.name, "")
        raise ToolError(message, f"Give {flag if ' ' in flag else '--tier script|library|cli'}.")
    told = replace(question, details={**question.details, "help": f"{question.help} ({why})"}) if why else question
    answers.answer(question, ask(told, answers, answers.default(question)))
    return Evidence(question.name, answers.values[question.name], "asked")
