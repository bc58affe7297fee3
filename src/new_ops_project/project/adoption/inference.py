"""The inference of a template's answers from the evidence in a repository."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.project.adoption.evidence.readers import Evidence
from new_ops_project.template.answers import Asker, check_support, written
from new_ops_project.template.errors import EvaluationError
from new_ops_project.template.evaluation import MISSING, Answers
from new_ops_project.template.questions import MAIN, Question, Questionnaire

_FLAGS = {
    "project_name": "--name NAME",
    "python_version": "--python X.Y",
    "tier": "--tier script|library|cli",
}


@dataclass(frozen=True)
class InferredAnswers:
    """Answers with the evidence for them; `doubts` are clauses about evidence that gives no valid answer."""

    answers: Answers
    evidence: tuple[Evidence, ...]
    doubts: tuple[str, ...]


def offered_choices(questionnaire: Questionnaire) -> dict[str, list[Any]]:
    """The values that each question with choices offers, by the name of the question."""
    answers, offered = Answers(questionnaire), {}
    for question in questionnaire.questions:
        try:
            if question not in questionnaire.asked:
                answers.compute(question)
            elif question.details.get("choices"):
                offered[question.name] = [choice.value for choice in answers.choices(question) if not choice.disabled]
        except EvaluationError:  # it depends on an answer that is not known yet
            continue
    return offered


def infer(
    questionnaire: Questionnaire,
    evidence: tuple[Evidence, ...],
    *,
    given: Mapping[str, Any],
    fixed: Mapping[str, Any],
    ask: Asker | None,
) -> InferredAnswers:
    """Answer the questions in order, each from `given`, else from the evidence, else from `fixed`.

    Without any of these, a person is asked for one of the three main answers, and the others get their defaults.
    Raises ToolError for a given answer that is not valid, and for a missing main answer when nobody can be asked.
    """
    given = {name: written(questionnaire.named(name), value) for name, value in given.items()}
    read = {item.name: item for item in evidence}
    answers, used, doubts = Answers(questionnaire), list[Evidence](), list[str]()
    for question in questionnaire.questions:
        name = question.name
        if question not in questionnaire.asked or not answers.is_open(question):
            answers.compute(question)
            continue
        item = Evidence(name, given[name], "given") if name in given else read.get(name)
        problem = _answer_from(question, answers, item, is_given=name in given) if item else ""
        if item and not problem:
            used.append(replace(item, value=answers.values[name]))
            continue
        doubts += [f"{name}: {problem}"] if problem else []
        if name in fixed:
            answers.answer(question, fixed[name])
        elif name in MAIN:
            used.append(_asked(question, answers, problem, ask))
        else:
            answers.accept_default(question)
    return InferredAnswers(answers, tuple(used), tuple(doubts))


def _answer_from(question: Question, answers: Answers, item: Evidence, *, is_given: bool) -> str:
    """Answer a question from one piece of evidence; return '', or why that is not valid."""
    if item.value is None:
        return f"{item.where} says {item.text}, which the template does not offer"
    try:
        answers.answer(question, item.value)
        check_support(question, answers)
    except ToolError as error:
        answers.values.pop(question.name, None)
        if is_given:
            raise
        return f"{item.where} says {item.text or item.value}, and {error.message.rstrip('.')}"
    return ""


def _asked(question: Question, answers: Answers, problem: str, ask: Asker | None) -> Evidence:
    """Let a person answer a question; raises ToolError when nobody can be asked."""
    if ask is None:
        reason = f" ({problem})" if problem else ""
        message = f"{question.name} cannot be read from the repository{reason}, and nobody can be asked here."
        raise ToolError(message, f"Give {_FLAGS[question.name]}.")
    details = {**question.details, "help": f"{question.help} ({problem})"} if problem else question.details
    default = answers.default(question)
    given = ask(replace(question, details=details), answers, default=None if default is MISSING else default)
    answers.answer(question, given)
    return Evidence(question.name, answers.values[question.name], "asked")
