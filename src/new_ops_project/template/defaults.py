"""A person's default for an answer, checked against the template in use."""

from typing import Any

from new_ops_project.base import config
from new_ops_project.base.errors import ToolError
from new_ops_project.template import sources


def assign(key: str, value: str) -> Any:
    """Write one value to the config and return it; raises ToolError if it is not an answer to the question `key`."""
    stored = _template(value) if key == "template" else _answer(key, value)
    config.write(key, stored)
    return stored


def _template(value: str) -> str:
    return value if value == sources.EMBEDDED else sources.normalise(value)


def _answer(key: str, value: str) -> Any:
    """`value` as the answer to the question `key` of the template in use."""
    from new_ops_project.template import (  # noqa: PLC0415 - the address of a template is no answer
        evaluation,
        native,
        releases,
    )
    from new_ops_project.template.answers import written  # noqa: PLC0415 - as above

    questionnaire = native.questionnaire(releases.checkout(sources.find()))
    wanted = questionnaire.named(key)
    if wanted.is_secret:
        message = f"{key} is a secret, and answers to secret questions are not stored."
        raise ToolError(message, f"Give it with --set {key}=VALUE or --data-file.")
    answers = evaluation.Answers(questionnaire)
    for question in questionnaire.questions:
        if question is wanted:
            break
        answers.compute(question)
    answers.answer(wanted, written(wanted, value))
    return answers.values[key]
