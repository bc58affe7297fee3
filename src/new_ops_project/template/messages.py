"""The messages that a template has for the people who apply it."""

from pathlib import Path

from new_ops_project.template import command_setting
from new_ops_project.template.command_setting import Setting
from new_ops_project.template.errors import EvaluationError, LimitError


def message(when: str, setting: Setting, folder: Path) -> str:
    """`_message_before_copy` and its like, evaluated for the project in `folder`; '' if the template has none.

    `when`: "before" or "after". A text that cannot be evaluated is returned as the template has it.
    """
    text = str(setting.answers.questionnaire.config.get(f"message_{when}_{setting.operation}") or "")
    if not text:
        return ""
    try:
        return str(
            setting.answers.render(text, **command_setting.context(setting, folder, setting.checkout.root))
        ).strip()
    except (EvaluationError, LimitError):
        return text.strip()
