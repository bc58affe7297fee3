"""The meaning of a template's questions, by copier's rules: casts, choices, defaults, validators, `when`.

This is the only reading of them: prompts, updates and the native renderer use it. Where copier renders, it is given the
answers that come from here. The rules: https://copier.readthedocs.io/en/stable/configuring/#advanced-prompt-formatting
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.parsers import read_json
from new_ops_project.base.text import capitalize, nearest
from new_ops_project.template.errors import EvaluationError, LimitError, UnsetError, UnsupportedError
from new_ops_project.template.questions import Choice, Question, Questionnaire, conceal, shown

if TYPE_CHECKING:
    from new_ops_project.template.jinja import Templates

MISSING: Any = object()
"""The default of a question that has none."""


@dataclass
class Answers:
    """The answers so far. Questions are answered in order, because each can refer to the answers before it.

    `values` are what texts are evaluated with; copier puts everything that is given into them from the start. `hidden`
    are the names of the answers that are not recorded. `templates` evaluate the texts, unless they are the usual ones.
    """

    questionnaire: Questionnaire
    values: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    templates: "Templates | None" = None

    @property
    def recorded(self) -> dict[str, Any]:
        """The answers to the questions that were asked, without the computed ones."""
        names = (question.name for question in self.questionnaire.questions)
        return {name: self.values[name] for name in names if name in self.values and name not in self.hidden}

    def render(self, value: Any, /, **more: Any) -> Any:
        """Evaluate a text with the answers so far, also in lists; every other value is returned as it is.

        Raises EvaluationError.
        """
        return self._evaluate(value, more)

    def _evaluate(self, value: Any, more: Mapping[str, Any], *, is_default: bool = False) -> Any:
        if not isinstance(value, str):
            items = value if isinstance(value, list) else ()
            return [self._evaluate(item, more, is_default=is_default) for item in items] if items else value
        if self.questionnaire.is_plain(value):
            return value
        templates = self.templates or self.questionnaire.templates
        try:
            return templates.evaluate(value, {**self.values, **more}, is_default=is_default)
        except (UnsupportedError, EvaluationError, LimitError):
            raise
        except Exception as error:
            message = f"copier.yml of the template cannot be evaluated: {error}."
            raise EvaluationError(message, "Fix it there.") from error

    def is_open(self, question: Question) -> bool:
        """Whether the question's `when` is true, so that it is asked and recorded."""
        return to_bool(self.render(question.details.get("when", True)))

    def is_multiline(self, question: Question) -> bool:
        """Whether a text for it may have several lines."""
        return to_bool(self.render(question.details.get("multiline", False)))

    def type_of(self, question: Question) -> str:
        """The type of the question's answer, a key of CASTS; raises EvaluationError for another one."""
        kind = str(self.render(question.type))
        if kind not in CASTS:
            message = f"{question.name} is of the type {kind!r}, which copier does not know."
            raise EvaluationError(message, "Fix it in copier.yml of the template.")
        return kind

    def choices(self, question: Question) -> list[Choice]:
        """The choices that the question offers, in order; [] for free text. Raises EvaluationError."""
        offered = question.details.get("choices", [])
        try:
            if isinstance(offered, str):
                offered = read_yaml(self.render(offered))
            pairs = offered.items() if isinstance(offered, dict) else offered
            return [self._choice(question, pair) for pair in pairs]
        except (KeyError, TypeError, ValueError) as error:
            raise EvaluationError(
                f"The choices of {question.name} are malformed: {error}.", "Fix them there."
            ) from error

    def _choice(self, question: Question, pair: Any) -> Choice:
        label, value = pair if isinstance(pair, (tuple, list)) else (pair, pair)
        disabled = ""
        if isinstance(value, dict) and value is not label:
            if not isinstance(value.get("validator", ""), str):
                raise TypeError("a validator is not a text")
            disabled = self.render(value.get("validator", ""))
            value = value["value"]
        return Choice(str(self.render(label)), self._cast(question, self.render(value)), disabled)

    def default(self, question: Question) -> Any:
        """The question's default, converted to its type; MISSING if it has no default."""
        if question.required:
            return MISSING
        try:
            return self.parse(question, self._evaluate(question.details["default"], {}, is_default=True))
        except UnsetError:
            return MISSING

    def parse(self, question: Question, given: Any) -> Any:
        """`given` converted to the question's type; raises ToolError, with the value in the message.

        An answer with choices has to be one of them; several are returned in the order in which they are offered.
        """
        conceal(question, given)
        if not question.multiselect:
            return self._chosen(question, self._cast(question, given), self.choices(question))
        choices = self.choices(question)
        try:
            items = yaml_items(given) if isinstance(given, str) else list(given)
        except (TypeError, ValueError) as error:
            raise _mistyped(question, given, "list", error) from error
        chosen = [self._chosen(question, self._cast(question, item), choices) for item in items]
        return [choice.value for choice in choices if choice.value in chosen] if choices else []

    def _cast(self, question: Question, given: Any) -> Any:
        kind = self.type_of(question)
        try:
            return CASTS[kind](given)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise _mistyped(question, given, kind, error) from error

    def _chosen(self, question: Question, value: Any, choices: list[Choice]) -> Any:
        matches = [choice for choice in choices if choice.value == value]
        if choices and not any(not choice.disabled for choice in matches):
            offered = [choice.value for choice in choices if not choice.disabled]
            reason = matches[0].disabled if matches else "is not offered"
            hint = _offer(offered, "" if question.is_secret else value)
            raise ToolError(f"{question.name} {shown(question, value)!r} {reason}.", capitalize(hint))
        return value

    def problem(self, question: Question, value: Any) -> str:
        """What the question's validator says against `value`, as one line; '' if it accepts it."""
        text = self.render(question.details.get("validator", ""), **{question.name: value})
        return " ".join(str(text).split())

    def refusal(self, question: Question, given: Any) -> str:
        """Why `given` cannot be the answer, as one line; '' if it can."""
        try:
            return self.problem(question, self.parse(question, given))
        except ToolError as error:
            return (
                f"{error.message.rstrip('.')}; {error.hint[:1].lower()}{error.hint[1:]}"
                if error.hint
                else error.message
            )

    def answer(self, question: Question, given: Any) -> None:
        """Record `given` as the answer; raises ToolError when it is invalid."""
        self.accept(question, self.parse(question, given))

    def accept(self, question: Question, value: Any) -> None:
        """Record `value`, which has the question's type, as the answer; raises ToolError when it is invalid."""
        conceal(question, value)
        if problem := self.problem(question, value):
            # The words of our own validators are a clause about the question; those of others may be anything.
            if not problem.startswith(f"{question.name} "):
                raise ToolError(f"{question.name} {shown(question, value)!r} is refused: {problem}")
            message, _, hint = problem.partition("; ")
            raise ToolError(message, capitalize(hint))
        self.values[question.name] = value

    def accept_default(self, question: Question) -> None:
        """Record the default as the answer; raises ToolError when it is invalid, or there is none."""
        value = self.default(question)
        if value is MISSING:
            raise ToolError(f"{question.name} has no answer and no default.", "Give it an answer.")
        self.accept(question, value)

    def compute(self, question: Question) -> None:
        """Answer a question that is not asked with its default, as copier does, without recording it."""
        self.hidden.add(question.name)
        self.values.pop(question.name, None)
        if (value := self.default(question)) is not MISSING:
            self.values[question.name] = value

    def complete(self, given: Mapping[str, Any]) -> None:
        """Answer all questions from `given` and their defaults, as copier does when nobody is asked.

        What is given for a question that is not open counts, but is not recorded. Raises ToolError.
        """
        self.values.update(given)
        for question in self.questionnaire.questions:
            is_open = self.is_open(question)
            if not is_open:
                self.hidden.add(question.name)
            if question.name in given:
                self.answer(question, given[question.name])
            elif is_open:
                self.accept_default(question)
            else:
                self.compute(question)


def _mistyped(question: Question, given: Any, kind: str, error: Exception) -> ToolError:
    why = "" if question.is_secret else f": {error}"
    return ToolError(f"{question.name} is {shown(question, given)!r}, which is not of type {kind}{why}.")


def _offer(offered: list[Any], given: Any) -> str:
    """What to use instead of `given`: the most similar choice, if it is a word, else all of them."""
    words = [str(value) for value in offered]
    suggestion = nearest(str(given), words) if str(given)[:1].isalpha() else ""
    return suggestion or f"choose one of {', '.join(words)}."


# ---- casts ----------------------------------------------------------------------------------------------------------

TRUE = frozenset({"y", "yes", "t", "true", "on"})
FALSE = frozenset({"", "n", "no", "f", "false", "off", "~", "null", "none"})


def to_bool(value: Any) -> bool:
    """False for 0, for a word that is false in YAML and for an empty value; otherwise True."""
    with suppress(TypeError, ValueError):
        return bool(float(value))
    if isinstance(value, str) and value.strip().lower() in FALSE:
        return False
    return bool(value)


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (float, int)):
        return str(value)
    raise ValueError("it is not a single value")


def read_yaml(text: str) -> Any:
    """The YAML document in a text; raises ValueError."""
    from new_ops_project.formats import yaml  # noqa: PLC0415 - the first prompt does not need it

    return yaml.value(text)


def yaml_items(text: str) -> list[str]:
    """The items of a YAML list as they are written there, without the quotes around a text.

    Raises ValueError for anything but a list.
    """
    from new_ops_project.formats import yaml  # noqa: PLC0415 - the first prompt does not need it

    node = yaml.composed(text)
    if node is None or node.id != "sequence":
        raise ValueError("write a list, such as [a, b]")
    return [_raw(text, item) for item in node.value]


def _raw(text: str, item: Any) -> str:
    raw = text[item.start_mark.index : item.end_mark.index].strip()
    is_text = item.id == "scalar" and item.tag == "tag:yaml.org,2002:str"
    if is_text and any(raw.startswith(quote) and raw.endswith(quote) for quote in ('"', "'")):
        return raw[1:-1]
    return raw


def _single(cast: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A cast that refuses None: only YAML and JSON have a word for it."""

    def cast_single(value: Any) -> Any:
        if value is None:
            raise ValueError("it has no value")
        return cast(value)

    return cast_single


def _document(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """A cast that reads texts; a list or mapping is what it is already."""
    return lambda value: read(value) if isinstance(value, str) else value


CASTS: Mapping[str, Callable[[Any], Any]] = {
    "bool": _single(to_bool),
    "float": _single(float),
    "int": _single(int),
    "json": _document(read_json),
    "path": _single(str),
    "str": _single(_to_str),
    "yaml": _document(read_yaml),
}
