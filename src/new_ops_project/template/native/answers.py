"""All answers of a project, completed from some of them as copier does with --defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from new_ops_project.template.native import casts
from new_ops_project.template.native.engine import Engine
from new_ops_project.template.native.unsupported import UnsupportedError


@dataclass
class AnswerCompletion:
    """Answers the questions in order. `context` has the values for evaluated texts, `hidden` the unrecorded names."""

    engine: Engine
    context: dict[str, Any]
    given: Mapping[str, Any]
    hidden: set[str] = field(default_factory=set)

    def answer_all(self) -> None:
        """Answer every question; raises UnsupportedError, or whatever a text raises, for an answer copier refuses."""
        for name, details in self.engine.version.questions:
            self._answer(name, details)

    def recorded(self) -> dict[str, Any]:
        """The answers for the answers file."""
        names = [name for name, _ in self.engine.version.questions if name in self.context]
        types = (dict, list, str, int, float, bool, type(None))
        return {
            name: self.context[name]
            for name in names
            if name not in self.hidden and isinstance(self.context[name], types)
        }

    def _answer(self, name: str, details: Mapping[str, Any]) -> None:
        is_open = casts.to_bool(self.engine.value(details.get("when", True), self.context))
        if not is_open:
            self.hidden.add(name)
        if name not in self.given and "default" not in details:
            if is_open:
                raise UnsupportedError(f"needs an answer to {name}")
            return
        value = self.given[name] if name in self.given else self.engine.value(details["default"], self.context)
        answer = self._parse(name, details, value)
        if is_open or name in self.given:
            self._require_valid(name, details, answer)
        self.context[name] = answer

    def _require_valid(self, name: str, details: Mapping[str, Any], answer: Any) -> None:
        text = details.get("validator", "")
        if text and self.engine.text(text, {**self.context, name: answer}).strip():
            raise UnsupportedError(f"refuses {answer!r} as {name}")

    def _parse(self, name: str, details: Mapping[str, Any], value: Any) -> Any:
        kind = _kind(details)
        if not details.get("multiselect"):
            answer = casts.cast(kind, value)
            self._require_offered(name, details, answer)
            return answer
        chosen = casts.items(value) if isinstance(value, str) else value
        if any(isinstance(item, list) for item in chosen):
            raise UnsupportedError(f"is given a list in the list {name}")
        answers = [casts.cast(kind, item) for item in chosen]
        for answer in answers:
            self._require_offered(name, details, answer)
        return [value for value, _ in self._choices(details) if value in answers]

    def _require_offered(self, name: str, details: Mapping[str, Any], answer: Any) -> None:
        choices = self._choices(details)
        if choices and not any(answer == value and not disabled for value, disabled in choices):
            raise UnsupportedError(f"does not offer {answer!r} as {name}")

    def _choices(self, details: Mapping[str, Any]) -> list[tuple[Any, str]]:
        """Each value that is offered, and the reason why it cannot be chosen, or ''."""
        choices = details.get("choices", [])
        if isinstance(choices, str):
            choices = casts.read_yaml(self.engine.text(choices, self.context))
        pairs = choices.items() if isinstance(choices, dict) else choices
        return [self._choice(pair, _kind(details)) for pair in pairs]

    def _choice(self, pair: Any, kind: str) -> tuple[Any, str]:
        _, value = pair if isinstance(pair, (tuple, list)) else (pair, pair)
        disabled = ""
        if isinstance(value, dict):
            if pair is value or not isinstance(value.get("validator", ""), str):
                raise UnsupportedError("has an unusual choice")
            disabled = self.engine.value(value.get("validator", ""), self.context)
            value = value["value"]
        evaluated = self.engine.value(value, self.context)
        if evaluated is None or isinstance(evaluated, list):
            raise UnsupportedError(f"has {evaluated!r} as a choice")
        return casts.cast(kind, evaluated), disabled


def _kind(details: Mapping[str, Any]) -> str:
    """The type of a question's answer: the one that it states, else that of its default."""
    guess = type(details.get("default")).__name__
    return str(details.get("type") or (guess if guess in casts.CASTS else "yaml"))
