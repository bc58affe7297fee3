"""The contexts that can end up in the text of a GitHub expression `${{ }}`.

The language: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Its group is the text between the braces, which may contain line breaks. Repetitions are bounded, so that no file
# can make the search take quadratic time.
EXPRESSION = re.compile(r"\$\{\{((?:'[^']{0,1000}'|[^'}]|\}(?!\})){0,1000})\}\}")
_TOKEN = re.compile(r"('(?:[^']|'')*')|(&&|\|\||==|!=|<=|>=|[<>!()\[\],.*])|([\w-]+)")
_COMPARISONS = {"==", "!=", "<", ">", "<=", ">="}
# Functions whose result is true, false or a digest, whatever their arguments are.
_OPAQUE = {"contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"}
_DEEPEST = 40


@dataclass(frozen=True)
class Expression:
    """One `${{ }}`: its text, its offset in the searched text, the contexts that can end up in its result."""

    contexts: tuple[str, ...]
    offset: int
    text: str


def find(text: str) -> Iterator[Expression]:
    """Find each expression in a text."""
    for match in EXPRESSION.finditer(text):
        yield Expression(contexts(match[1]), match.start(), match[0])


def abbreviate(text: str) -> str:
    """Replace each expression with `${{}}`, so that none spans several lines."""
    return EXPRESSION.sub("${{}}", text)


def contexts(expression: str) -> tuple[str, ...]:
    """The contexts whose text the expression can produce, in lower case: `github.event.commits.*.message`.

    A context that is only compared, negated, tested with `&&` or passed to a function such as contains() does not
    count, since its text does not reach the result. An object that toJSON() writes out ends with `.**`.
    """
    tokens = [match[0] for match in _TOKEN.finditer(expression)]
    return tuple(dict.fromkeys(_Parser(tokens).alternatives(0)))


@dataclass
class _Parser:
    """A recursive descent parser, one method a level of precedence; it skips tokens that make no sense.

    Each method returns the contexts that its part of the expression can produce.
    """

    tokens: list[str]
    position: int = 0

    @property
    def next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def accept(self, *tokens: str) -> bool:
        is_next = self.position < len(self.tokens) and self.next in tokens
        self.position += is_next
        return is_next

    def alternatives(self, depth: int) -> list[str]:
        contexts = self._conjunction(depth)
        while self.accept("||"):
            contexts += self._conjunction(depth)
        return contexts

    def _conjunction(self, depth: int) -> list[str]:
        """`a && b` is either b or a falsy value of a, so no text of a comes through."""
        contexts = self._comparison(depth)
        while self.accept("&&"):
            contexts = self._comparison(depth)
        return contexts

    def _comparison(self, depth: int) -> list[str]:
        contexts = self._operand(depth)
        while self.accept(*_COMPARISONS):
            self._operand(depth)
            contexts = []
        return contexts

    def _operand(self, depth: int) -> list[str]:
        if depth > _DEEPEST:
            self.position = len(self.tokens)
            return []
        if self.accept("!"):
            self._operand(depth + 1)
            return []
        if self.accept("("):
            contexts = self.alternatives(depth + 1)
            self.accept(")")
            return contexts
        return self._atom(depth)

    def _atom(self, depth: int) -> list[str]:
        """A context, a function or a constant."""
        name = self.next.lower()
        self.position += 1
        if self.accept("("):
            return self._call(name, depth)
        path = name
        while self.accept(".", "["):
            is_index = self.tokens[self.position - 1] == "["
            path += f".{self._index(depth) if is_index else self.next.lower()}"
            self.position += not is_index
        return [path] if re.match(r"[a-z_]", path) else []

    def _index(self, depth: int) -> str:
        first = self.next
        self.alternatives(depth + 1)
        self.accept("]")
        return first.strip("'").lower() if first.startswith("'") else "*"

    def _call(self, name: str, depth: int) -> list[str]:
        contexts = list[str]()
        while self.next and not self.accept(")"):
            contexts += self.alternatives(depth + 1)
            self.position += self.next not in {")", ""}
        while self.accept(".", "["):  # fromJSON(x).y
            self.position += 1
            self.accept("]")
        if name in _OPAQUE:
            return []
        return [f"{context}.**" for context in contexts] if name == "tojson" else contexts
