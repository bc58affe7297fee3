"""The evaluation of a template's questions one after the other, by copier's rules.

The parts that the tool needs before it imports copier are here: choices, defaults, validators, `when`. Copier still
has the last word: it renders with the answers that come from here, after it has checked them again.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.template.questions import Choice, Question, Questionnaire


class EvaluationError(ToolError):
    """A string of copier.yml cannot be evaluated here; copier may know more (`_external_data`, for example)."""


@dataclass
class Answers:
    """The answers so far. Questions are answered in order, because each can refer to the answers before it.

    `hidden` are the names of the answers that are not recorded.
    """

    questionnaire: Questionnaire
    values: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def recorded(self) -> dict[str, Any]:
        """The answers to the questions that were asked, without the computed ones."""
        return {name: value for name, value in self.values.items() if name not in self.hidden}

    def render(self, text: Any, /, **more: Any) -> Any:
        """Evaluate `text` with the answers so far, also in lists; every other value is returned as it is.

        Raises EvaluationError.
        """
        if not isinstance(text, str):
            return [self.render(item) for item in text] if isinstance(text, list) else text
        if not any(delimiter in text for delimiter in self.questionnaire.delimiters):
            return text
        from jinja2 import TemplateError  # noqa: PLC0415 - a check of a current project evaluates nothing

        try:
            return self.questionnaire.compiled(text).render({**self.values, **more})
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"copier.yml of the template cannot be evaluated: {error}."
            raise EvaluationError(message, "Fix it there.") from error

    def is_open(self, question: Question) -> bool:
        """Whether the question's `when` is true, so that it is asked and recorded."""
        when = self.render(question.details.get("when", True))
        return _to_bool(when) if isinstance(when, str) else bool(when)

    def choices(self, question: Question) -> list[Choice]:
        """The choices that the question offers, in order; [] for free text."""
        offered = self.render(question.details.get("choices", []))
        if isinstance(offered, str):
            offered = _yaml(offered)
        pairs = offered.items() if isinstance(offered, dict) else offered or []
        return [self._choice(pair) for pair in pairs]

    def _choice(self, pair: Any) -> Choice:
        label, value = pair if isinstance(pair, (tuple, list)) else (pair, pair)
        disabled = ""
        if isinstance(value, dict):
            disabled = self.render(value.get("validator", ""))
            value = value["value"]
        return Choice(str(self.render(str(label))), self.render(value), str(disabled))

    def default(self, question: Question) -> Any:
        """The question's default, converted to its type; None if it has no default."""
        if question.required:
            return None
        return self.parse(question, self.render(question.details["default"]))

    def parse(self, question: Question, given: Any) -> Any:
        """`given` converted to the question's type; raises ToolError, with the value in the message."""
        try:
            if question.multiselect:
                return self._many(question, given)
            return _cast(question.type, given)
        except (TypeError, ValueError) as error:
            raise ToolError(f"{question.name} is {given!r}, which is not of type {question.type}: {error}.") from error

    def _many(self, question: Question, given: Any) -> list[Any]:
        """The given choices, in the order in which the question offers them."""
        items = _items(given)
        offered = [choice.value for choice in self.choices(question)]
        for item in items:
            if item not in offered:
                raise ToolError(f"{question.name} {item!r} is not offered.", capitalize(_offer(offered, item)))
        return [value for value in offered if value in items]

    def problem(self, question: Question, value: Any) -> str:
        """What is wrong with `value` as the answer, as a sentence; '' if nothing is."""
        choices = [] if question.multiselect else self.choices(question)
        match = next((choice for choice in choices if choice.value == value), None)
        if choices and (match is None or match.disabled):
            offered = [choice.value for choice in choices if not choice.disabled]
            reason = match.disabled if match else "is not offered"
            return f"{question.name} {value!r} {reason}; {_offer(offered, value)}"
        return " ".join(str(self.render(question.details.get("validator", ""), **{question.name: value})).split())

    def answer(self, question: Question, given: Any) -> None:
        """Record `given` as the answer; raises ToolError when it is invalid."""
        value = self.parse(question, given)
        if problem := self.problem(question, value):
            message, _, hint = problem.partition("; ")
            raise ToolError(message, capitalize(hint))
        self.values[question.name] = value

    def compute(self, question: Question) -> None:
        """Answer a question that is not asked with its default, as copier does, without recording it."""
        self.hidden.add(question.name)
        if not question.required:
            self.values[question.name] = self.default(question)


def _offer(offered: list[Any], given: Any) -> str:
    """What to use instead of `given`: the most similar choice, if it is a word, else all of them."""
    words = [str(value) for value in offered]
    suggestion = nearest(str(given), words) if str(given)[:1].isalpha() else ""
    return suggestion or f"choose one of {', '.join(words)}."


def _items(given: Any) -> list[Any]:
    """A list from a list, a list in YAML, or words separated by commas or spaces."""
    if not isinstance(given, str):
        return list(given or [])
    if given.strip().startswith("["):
        return list(_yaml(given))
    return [word for word in re.split(r"[,\s]+", given) if word]


def _cast(kind: str, given: Any) -> Any:
    if kind == "bool":
        return _to_bool(given) if isinstance(given, str) else bool(given)
    if kind in {"yaml", "json"}:
        return _yaml(given) if isinstance(given, str) else given
    if given is None or isinstance(given, (list, dict)):
        raise ValueError(f"{given!r} is not a single value")
    return {"int": int, "float": float}.get(kind, str)(given)


def _to_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in {"true", "yes", "y", "on", "1", "t"}:
        return True
    if word in {"false", "no", "n", "off", "0", "f", "", "none", "null", "~"}:
        return False
    raise ValueError("write true or false")


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - most questions have a simpler type

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
