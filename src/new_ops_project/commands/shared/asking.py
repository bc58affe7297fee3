"""The prompts of a verb, which are imported when the first question is asked."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from new_ops_project.template.evaluation import Answers
    from new_ops_project.template.questions import Question


def ask(question: "Question", answers: "Answers", **options: Any) -> Any:
    """Ask one question; `options` and what is raised are those of `prompts.ask`."""
    from new_ops_project.commands.shared import prompts

    return prompts.ask(question, answers, **options)
