"""Prompts on a terminal, drawn by questionary.

Ctrl-C and Esc both raise KeyboardInterrupt.
"""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from questionary import Style

from new_ops_project.base.errors import ToolError
from new_ops_project.base.prompting import visible_prompts
from new_ops_project.base.text import escape_invisible, shown
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.questions import Choice, Question

_STYLE = Style(
    [
        ("qmark", "fg:ansicyan bold"),
        ("question", "bold"),
        ("answer", "fg:ansicyan"),
        ("pointer", "fg:ansicyan bold"),
        ("highlighted", "fg:ansicyan"),
        ("instruction", "fg:ansibrightblack"),
        ("validation-toolbar", "fg:ansired bold noreverse"),
    ]
)


def ask(
    question: Question,
    answers: Answers,
    *,
    default: Any = None,
    notes: Mapping[str, str] | None = None,
    check: Callable[[str], str] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Any:
    """Ask one question and return its answer.

    `notes` are added to the labels of choices, by value. `check` returns what else is wrong with a text than the
    template finds, or ''. `meanwhile` starts in the background once the question is on the screen.
    Raises KeyboardInterrupt on Ctrl-C and Esc.
    """
    with visible_prompts():
        prompt = _prompt(question, answers, default, notes or {}, check or (lambda _: ""))
        if meanwhile:
            _after_first_render(prompt, meanwhile)
        return _run(prompt, esc_stops=not answers.is_multiline(question))


def _prompt(
    question: Question, answers: Answers, default: Any, notes: Mapping[str, str], check: Callable[[str], str]
) -> questionary.Question:
    help_text, choices = _help(question, answers), answers.choices(question)
    if question.multiselect:
        return _checkbox(help_text, choices, default or [])
    if answers.type_of(question) == "bool":
        return questionary.confirm(help_text, default=bool(default), style=_STYLE, qmark="?")
    if choices:
        return _select(help_text, choices, default, notes)
    return _text(help_text, question, answers, default, check)


def _help(question: Question, answers: Answers) -> str:
    """The words in which a question is asked; as they are in copier.yml where only copier can evaluate them."""
    try:
        return shown(str(answers.render(question.help)))
    except ToolError:
        return shown(question.help)


def require_consent(text: str) -> None:
    """Ask for yes or no, with yes as the default; raises KeyboardInterrupt for no."""
    with visible_prompts():
        if not _run(questionary.confirm(shown(text), default=True, style=_STYLE, qmark="?")):
            raise KeyboardInterrupt


def _text(
    help_text: str, question: Question, answers: Answers, default: Any, check: Callable[[str], str]
) -> questionary.Question:
    def validate(text: str) -> bool | str:
        return escape_invisible(answers.refusal(question, text) or check(text)) or True

    is_document, is_multiline = answers.type_of(question) in {"yaml", "json"}, answers.is_multiline(question)
    draw = questionary.password if question.details.get("secret") else questionary.text
    return draw(
        f"{help_text}\n ",
        default=json.dumps(default, indent=2 if is_multiline else None) if is_document else str(default or ""),
        validate=validate,
        multiline=is_multiline,
        style=_STYLE,
        validate_while_typing=True,
        qmark="?",
    )


def _select(help_text: str, choices: list[Choice], default: Any, notes: Mapping[str, str]) -> questionary.Question:
    offered = [
        questionary.Choice(escape_invisible(choice.label + notes.get(choice.value, "")), value=choice.value)
        for choice in choices
        if not choice.disabled
    ]
    start = default if default in [choice.value for choice in offered] else None
    return questionary.select(
        f"{help_text}\n ", offered, default=start, style=_STYLE, qmark="?", instruction="(arrow keys, Enter)"
    )


def _checkbox(help_text: str, choices: list[Choice], default: list[Any]) -> questionary.Question:
    offered = [
        questionary.Choice(escape_invisible(choice.label), value=choice.value, checked=choice.value in default)
        for choice in choices
    ]
    return questionary.checkbox(f"{help_text}\n ", offered, style=_STYLE, qmark="?")


def _after_first_render(question: questionary.Question, work: Callable[[], None]) -> None:
    """Start `work` in the background once the question is on the screen, so that it does not delay the question."""
    app = question.application

    def run() -> None:
        with suppress(Exception):  # it raises them again where its result is needed
            work()

    def start(_: object) -> None:
        app.after_render -= start
        threading.Thread(target=run, daemon=True, name="preload").start()

    app.after_render += start


def _run(question: questionary.Question, *, esc_stops: bool = True) -> Any:
    """Ask, with Esc doing what Ctrl-C does, unless Esc and Enter end a text of several lines."""
    if not esc_stops:
        return question.unsafe_ask()
    keys = KeyBindings()

    @keys.add("escape", eager=True)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    app = question.application
    app.key_bindings = merge_key_bindings([app.key_bindings, keys]) if app.key_bindings else keys
    return question.unsafe_ask()
