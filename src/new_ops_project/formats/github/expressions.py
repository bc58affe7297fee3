"""The contexts that can end up in the text of a GitHub expression `${{ }}`.

The language: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Its group is the text between the braces, which may contain line breaks. Repetitions are bounded, so that no file
# can make the search take quadratic time.
EXPRESSION = re.compile(r"\$\{\{((?:'[^']{0,1000}'|[^'}]|\}(?!\})){0,1000})\}\}")
_TOKEN = re.compile(r"'((?:[^']|'')*)'|(&&|\|\||==|!=|<=|>=|[<>!()\[\],.*])|([A-Za-z_][\w-]*)|[\w-]+")
# What the operators are in Python, whose parser reads the expression: their precedence is the same as far as it counts.
_PYTHON = {"&&": " and ", "||": " or ", "!": " not ", "*": "ALL"}
# Functions whose result is true, false or a digest, whatever their arguments are.
_OPAQUE = {"contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"}


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
    count, since its text does not reach the result. An object that toJSON() writes out ends with `.**`. Of an
    expression that does not parse, every context counts.
    """
    try:
        tree = ast.parse("".join(map(_in_python, _TOKEN.finditer(expression))).strip(), mode="eval")
        return tuple(dict.fromkeys(_contexts(tree.body)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        plain = re.sub(r"'[^']*'", "", expression.lower())
        return tuple(dict.fromkeys(re.findall(r"[a-z_][\w-]*(?:\.[\w*-]+)+", plain)))


def _in_python(token: re.Match[str]) -> str:
    """A name gets a prefix, so that it is no keyword, and another dash, which Python takes for a letter."""
    text, operator, name = token.groups()
    if name:
        return f"n{name.lower().replace('-', '·')}"
    return _PYTHON.get(operator, operator) if operator else "0" if text is None else repr(text.replace("''", "'"))


def _contexts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BoolOp):
        # `a && b` is either b or a falsy value of a, so no text of a comes through.
        values = node.values if isinstance(node.op, ast.Or) else node.values[-1:]
        return [context for value in values for context in _contexts(value)]
    if isinstance(node, ast.Call):
        name, inside = _path(node.func), [context for arg in node.args for context in _contexts(arg)]
        return [] if name in _OPAQUE else [f"{context}.**" for context in inside] if name == "tojson" else inside
    path = _path(node)
    if not path and isinstance(node, ast.Attribute | ast.Subscript):
        return _contexts(node.value)  # fromJSON(x).y
    return [path] if path else []


def _path(node: ast.expr) -> str:
    """`a.b.*` for a context or a function; '' for anything else."""
    if isinstance(node, ast.Name):
        return _name(node.id)
    if isinstance(node, ast.Attribute | ast.Subscript) and (before := _path(node.value)):
        index = node.slice if isinstance(node, ast.Subscript) else None
        constant = index.value if isinstance(index, ast.Constant) else None
        last = _name(node.attr) if isinstance(node, ast.Attribute) else constant
        return f"{before}.{last.lower() if isinstance(last, str) else '*'}"
    return ""


def _name(name: str) -> str:
    return "*" if name == "ALL" else name[1:].replace("·", "-")
