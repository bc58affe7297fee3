"""GitHub's expressions, evaluated as a runner does: contexts, literals, functions, operators."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[!()\[\],])|([\w.*-]+))")
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True)
class Known:
    """What an expression can see: contexts by name, and how it went so far."""

    contexts: Mapping[str, Any]
    status: str = "success"


def filled(text: str, known: Known) -> str:
    """The text with each `${{ }}` as what it comes to."""
    return _INSIDE.sub(lambda found: shown(evaluate(found[1], known)), text)


def value(text: Any, known: Known) -> Any:
    """What a value of the workflow comes to; of any type where it is one expression and nothing else."""
    if isinstance(text, str) and (found := _INSIDE.fullmatch(text.strip())):
        return evaluate(found[1], known)
    return filled(text, known) if isinstance(text, str) else text


def holds(condition: Any, known: Known) -> bool:
    """Whether an `if:` holds; without a function that asks for the status, all must have gone well before."""
    text = str(condition if condition is not None else "success()")
    inside = found[1] if (found := _INSIDE.fullmatch(text.strip())) else text
    asks = re.search(r"\b(always|cancelled|failure|success)\(\)", inside)
    return bool(evaluate(inside, known)) and (bool(asks) or known.status == "success")


def shown(what: Any) -> str:
    """A value as text."""
    if isinstance(what, bool):
        return str(what).lower()
    return "" if what is None else what if isinstance(what, str) else json.dumps(what)


def evaluate(text: str, known: Known) -> Any:
    """What an expression comes to; raises ValueError for what is none."""
    tokens = [next(filter(None, found.groups())) for found in _TOKEN.finditer(text)]
    if "".join(tokens).replace(" ", "") != re.sub(r"\s(?=(?:[^']*'[^']*')*[^']*$)", "", text).replace(" ", ""):
        raise ValueError(f"no expression: {text}")
    parser = _Parser(tokens, known)
    found = parser.any_of()
    if parser.tokens:
        raise ValueError(f"no expression: {text}")
    return found


@dataclass
class _Parser:
    """Takes tokens from the left."""

    tokens: list[str]
    known: Known
    depth: int = field(default=0)

    def took(self, token: str) -> bool:
        is_next = self.tokens[:1] == [token]
        del self.tokens[: int(is_next)]
        return is_next

    def any_of(self) -> Any:
        found = self.all_of()
        while self.took("||"):
            other = self.all_of()
            found = found or other
        return found

    def all_of(self) -> Any:
        found = self.compared()
        while self.took("&&"):
            other = self.compared()
            found = found and other
        return found

    def compared(self) -> Any:
        found = self.single()
        for sign in ("==", "!="):
            if self.took(sign):
                return (shown(found) == shown(self.single())) == (sign == "==")
        return found

    def single(self) -> Any:
        if self.took("!"):
            return not self.single()
        if self.took("("):
            found = self.any_of()
            self.must(")")
            return found
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        return self.called(token) if self.took("(") else self.named(token)

    def must(self, token: str) -> None:
        if not self.took(token):
            raise ValueError(f"{token} is missing")

    def called(self, name: str) -> Any:
        arguments = [] if self.tokens[:1] == [")"] else [self.any_of()]
        self.must(")")
        if name == "fromJSON":
            return json.loads(arguments[0])
        status = {
            "always": True,
            "cancelled": False,
            "success": self.known.status == "success",
            "failure": self.known.status == "failure",
        }
        return status[name]

    def named(self, name: str) -> Any:
        literals = {"true": True, "false": False, "null": None}
        if name in literals:
            return literals[name]
        if re.fullmatch(r"-?\d+", name):
            return int(name)
        first, *rest = name.split(".")
        found = self.known.contexts[first]
        for part in rest:
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return found
