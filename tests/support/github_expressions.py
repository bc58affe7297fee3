"""An evaluator of GitHub's expressions: contexts, literals, functions, operators."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[!()\[\],])|([\w.*-]+))")
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True)
class Context:
    """What an expression can read: the contexts by name, the status of the job so far."""

    contexts: Mapping[str, Any]
    status: str = "success"


def substitute(text: str, context: Context) -> str:
    """Replace each `${{ }}` in a text by its value."""
    return _INSIDE.sub(lambda match: to_text(evaluate(match[1], context)), text)


def value(text: Any, context: Context) -> Any:
    """Evaluate a value of the workflow; the result has any type if the value is just one expression."""
    if isinstance(text, str) and (match := _INSIDE.fullmatch(text.strip())):
        return evaluate(match[1], context)
    return substitute(text, context) if isinstance(text, str) else text


def is_true(condition: Any, context: Context) -> bool:
    """Whether an `if:` is true; without a status function it also needs success so far."""
    text = str(condition if condition is not None else "success()")
    inside = match[1] if (match := _INSIDE.fullmatch(text.strip())) else text
    asks = re.search(r"\b(always|cancelled|failure|success)\(\)", inside)
    return bool(evaluate(inside, context)) and (bool(asks) or context.status == "success")


def to_text(value: Any) -> str:
    """A value as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def evaluate(text: str, context: Context) -> Any:
    """Evaluate an expression. Raises ValueError where it does not parse."""
    tokens = [next(filter(None, match.groups())) for match in _TOKEN.finditer(text)]
    if "".join(tokens).replace(" ", "") != re.sub(r"\s(?=(?:[^']*'[^']*')*[^']*$)", "", text).replace(" ", ""):
        raise ValueError(f"not an expression: {text}")
    parser = _Parser(tokens, context)
    result = parser.disjunction()
    if parser.tokens:
        raise ValueError(f"not an expression: {text}")
    return result


@dataclass
class _Parser:
    """A recursive descent parser that takes tokens from the left."""

    tokens: list[str]
    context: Context
    depth: int = field(default=0)

    def accept(self, token: str) -> bool:
        is_next = self.tokens[:1] == [token]
        del self.tokens[: int(is_next)]
        return is_next

    def disjunction(self) -> Any:
        result = self.conjunction()
        while self.accept("||"):
            other = self.conjunction()
            result = result or other
        return result

    def conjunction(self) -> Any:
        result = self.comparison()
        while self.accept("&&"):
            other = self.comparison()
            result = result and other
        return result

    def comparison(self) -> Any:
        left = self.operand()
        for sign in ("==", "!="):
            if self.accept(sign):
                return (to_text(left) == to_text(self.operand())) == (sign == "==")
        return left

    def operand(self) -> Any:
        if self.accept("!"):
            return not self.operand()
        if self.accept("("):
            result = self.disjunction()
            self.expect(")")
            return result
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        return self.call(token) if self.accept("(") else self.name(token)

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise ValueError(f"{token} is missing")

    def call(self, name: str) -> Any:
        arguments = [] if self.tokens[:1] == [")"] else [self.disjunction()]
        self.expect(")")
        if name == "fromJSON":
            return json.loads(arguments[0])
        status = {
            "always": True,
            "cancelled": False,
            "success": self.context.status == "success",
            "failure": self.context.status == "failure",
        }
        return status[name]

    def name(self, name: str) -> Any:
        literals = {"true": True, "false": False, "null": None}
        if name in literals:
            return literals[name]
        if re.fullmatch(r"-?\d+", name):
            return int(name)
        first, *rest = name.split(".")
        value = self.context.contexts[first]
        for part in rest:
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value
