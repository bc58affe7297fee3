"""GitHub's expressions: which contexts can become the text that `${{ }}` stands for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What stands between the braces, with the offset of `${{`; an expression may go on in the next line.
EXPRESSION = re.compile(r"\$\{\{((?:'[^']{0,1000}'|[^'}]|\}(?!\})){0,1000})\}\}")
_TOKEN = re.compile(r"('(?:[^']|'')*')|(&&|\|\||==|!=|<=|>=|[<>!()\[\],.*])|([\w-]+)")
_COMPARING = {"==", "!=", "<", ">", "<=", ">="}
# Functions whose result is true, false, or a digest, whatever they are given.
_OPAQUE = {"contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"}
_DEEPEST = 40


@dataclass(frozen=True)
class Expression:
    """One `${{ }}`: the contexts that can become its text, and its offset in what was searched."""

    contexts: tuple[str, ...]
    offset: int
    text: str


def find(text: str) -> Iterator[Expression]:
    """Each expression in a text."""
    for found in EXPRESSION.finditer(text):
        yield Expression(contexts(found[1]), found.start(), found[0])


def abbreviate(text: str) -> str:
    """The text with each expression as `${{}}`, so that none goes over several lines."""
    return EXPRESSION.sub("${{}}", text)


def contexts(expression: str) -> tuple[str, ...]:
    """The contexts whose text the expression can have, in lower case, as `github.event.commits.*.message`.

    What is only compared, negated, tested by `&&` or asked of a function such as contains() is none of them. A whole
    object that toJSON() writes ends with `.**`.
    """
    tokens = [found[0] for found in _TOKEN.finditer(expression)]
    return tuple(dict.fromkeys(_Parser(tokens).alternatives(0)))


@dataclass
class _Parser:
    """Reads tokens from left to right; what makes no sense is passed over."""

    tokens: list[str]
    at: int = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def took(self, *tokens: str) -> bool:
        is_next = self.at < len(self.tokens) and self.next in tokens
        self.at += is_next
        return is_next

    def alternatives(self, depth: int) -> list[str]:
        found = self._tested(depth)
        while self.took("||"):
            found += self._tested(depth)
        return found

    def _tested(self, depth: int) -> list[str]:
        """Of `a && b` only b can be a text with something in it."""
        found = self._compared(depth)
        while self.took("&&"):
            found = self._compared(depth)
        return found

    def _compared(self, depth: int) -> list[str]:
        found = self._single(depth)
        while self.took(*_COMPARING):
            self._single(depth)
            found = []
        return found

    def _single(self, depth: int) -> list[str]:
        if depth > _DEEPEST:
            self.at = len(self.tokens)
            return []
        if self.took("!"):
            self._single(depth + 1)
            return []
        if self.took("("):
            found = self.alternatives(depth + 1)
            self.took(")")
            return found
        return self._named(depth)

    def _named(self, depth: int) -> list[str]:
        """A context, a function or a constant."""
        name = self.next.lower()
        self.at += 1
        if self.took("("):
            return self._called(name, depth)
        path = name
        while self.took(".", "["):
            is_index = self.tokens[self.at - 1] == "["
            path += f".{self._index(depth) if is_index else self.next.lower()}"
            self.at += not is_index
        return [path] if re.match(r"[a-z_]", path) else []

    def _index(self, depth: int) -> str:
        first = self.next
        self.alternatives(depth + 1)
        self.took("]")
        return first.strip("'").lower() if first.startswith("'") else "*"

    def _called(self, name: str, depth: int) -> list[str]:
        found = list[str]()
        while self.next and not self.took(")"):
            found += self.alternatives(depth + 1)
            self.at += self.next not in {")", ""}
        while self.took(".", "["):  # fromJSON(x).y
            self.at += 1
            self.took("]")
        if name in _OPAQUE:
            return []
        return [f"{one}.**" for one in found] if name == "tojson" else found
