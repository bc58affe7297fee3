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
    """A string of copier.yml that cannot be evaluated here; copier may know more (`_external_data`, for example)."""


@dataclass
class Answers:
    """Answers in the making: the questions are gone through in order, each seeing those before it."""

    questionnaire: Questionnaire
    values: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def recorded(self) -> dict[str, Any]:
        """What was asked and answered, without what was computed."""
        return {name: value for name, value in self.values.items() if name not in self.hidden}

    def render(self, text: Any, /, **more: Any) -> Any:
        """Evaluate `text` with the answers so far; what is not a string stands for itself."""
        if not isinstance(text, str):
            return [self.render(item) for item in text] if isinstance(text, list) else text
        if not any(sign in text for sign in self.questionnaire.signs):
            return text
        from jinja2 import TemplateError

        try:
            return self.questionnaire.compiled(text).render({**self.values, **more})
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"copier.yml of the template cannot be evaluated: {error}."
            raise EvaluationError(message, "Mend it there.") from error

    def is_open(self, question: Question) -> bool:
        """Whether the question's `when` holds, so that it is asked and recorded."""
        when = self.render(question.details.get("when", True))
        return _to_bool(when) if isinstance(when, str) else bool(when)

    def choices(self, question: Question) -> list[Choice]:
        """What the question offers, in order; [] for free text."""
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
        """The question's own default, of its type; None where it has none."""
        if question.required:
            return None
        return self.parse(question, self.render(question.details["default"]))

    def parse(self, question: Question, given: Any) -> Any:
        """`given` as the question's type; raises ToolError with the value in it."""
        try:
            if question.multiselect:
                return self._many(question, given)
            return _cast(question.type, given)
        except (TypeError, ValueError) as error:
            raise ToolError(f"{question.name} is {given!r}, which is no {question.type}: {error}.") from error

    def _many(self, question: Question, given: Any) -> list[Any]:
        """The given choices, in the order in which they are offered."""
        items = _items(given)
        offered = [choice.value for choice in self.choices(question)]
        for item in items:
            if item not in offered:
                raise ToolError(f"{question.name} {item!r} is not offered.", capitalize(_offer(offered, item)))
        return [value for value in offered if value in items]

    def problem(self, question: Question, value: Any) -> str:
        """What is wrong with `value` as the answer, as a sentence, or ''."""
        choices = [] if question.multiselect else self.choices(question)
        match = next((choice for choice in choices if choice.value == value), None)
        if choices and (match is None or match.disabled):
            offered = [choice.value for choice in choices if not choice.disabled]
            why = match.disabled if match else "is not offered"
            return f"{question.name} {value!r} {why}; {_offer(offered, value)}"
        return " ".join(str(self.render(question.details.get("validator", ""), **{question.name: value})).split())

    def answer(self, question: Question, given: Any) -> None:
        """Record `given` as the answer; raises ToolError when it is none."""
        value = self.parse(question, given)
        if wrong := self.problem(question, value):
            message, _, hint = wrong.partition("; ")
            raise ToolError(message, capitalize(hint))
        self.values[question.name] = value

    def compute(self, question: Question) -> None:
        """Take the default of a question that is not asked, as copier does, and leave it out of the record."""
        self.hidden.add(question.name)
        if not question.required:
            self.values[question.name] = self.default(question)


def _offer(offered: list[Any], given: Any) -> str:
    """What to use instead: the nearest word, if `given` is one, else everything that is offered."""
    words = [str(value) for value in offered]
    near = nearest(str(given), words) if str(given)[:1].isalpha() else ""
    return near or f"choose one of {', '.join(words)}."


def _items(given: Any) -> list[Any]:
    """A list from a list, from YAML's way to write one, or from words between commas."""
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
        raise ValueError(f"{given!r} is not one value")
    return {"int": int, "float": float}.get(kind, str)(given)


def _to_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in {"true", "yes", "y", "on", "1", "t"}:
        return True
    if word in {"false", "no", "n", "off", "0", "f", "", "none", "null", "~"}:
        return False
    raise ValueError("write true or false")


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe either way
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
