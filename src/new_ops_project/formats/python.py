"""The syntax of Python files: nodes by kind, what encloses each, what imported names stand for."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from new_ops_project.formats.document import Files

_Node = TypeVar("_Node", bound=ast.AST)
# Levels of nodes. ast.unparse makes four calls for each, so this stays well below Python's limit of 1,000.
_DEEPEST = 150
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class Syntax:
    """A parsed file. It is walked once, however many rules ask for its nodes."""

    tree: ast.Module

    @cached_property
    def _walked(self) -> tuple[dict[type[ast.AST], list[ast.AST]], dict[ast.AST, ast.AST], ast.AST]:
        """The nodes by kind, the parent of each, and the last node, which is on the deepest level.

        Level by level instead of recursively: code that a program wrote can be nested deeper than Python may call.
        """
        kinds: dict[type[ast.AST], list[ast.AST]] = {}
        parents: dict[ast.AST, ast.AST] = {}
        waiting: list[ast.AST] = [self.tree]
        for node in waiting:
            kinds.setdefault(type(node), []).append(node)
            children = list(ast.iter_child_nodes(node))
            parents.update(dict.fromkeys(children, node))
            waiting += children
        return kinds, parents, waiting[-1]

    @property
    def is_deep(self) -> bool:
        """Whether it is nested so deeply that a recursive walk could exceed Python's recursion limit."""
        return len([*self.ancestors(self._walked[2])]) >= _DEEPEST

    def nodes(self, *kinds: type[_Node]) -> Iterator[_Node]:
        """Every node of these kinds, one kind after the other, outer nodes before inner ones."""
        for kind in kinds:
            yield from (node for node in self._walked[0].get(kind, ()) if isinstance(node, kind))

    def nodes_at(self, line: int, column: int, kind: type[_Node]) -> list[_Node]:
        """The nodes of a kind that begin at a place, innermost first; `column` counts bytes from 0, as ast does."""
        in_line = [node for node in self.nodes(kind) if getattr(node, "lineno", 0) == line]
        return [node for node in reversed(in_line) if getattr(node, "col_offset", -1) == column]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node that this one is a part of; None for the module."""
        return self._walked[1].get(node)

    def scope(self, node: ast.AST) -> ast.AST:
        """The innermost function, class or module around a node."""
        return next((ancestor for ancestor in self.ancestors(node) if isinstance(ancestor, _SCOPES)), self.tree)

    def function(self, node: ast.AST) -> str:
        """The name of the function or class around a node; '' at module level and in a lambda."""
        return str(getattr(self.scope(node), "name", ""))

    def enclosing(self, node: ast.AST, kind: type[_Node]) -> list[_Node]:
        """The nodes of a kind around a node within its scope, innermost first; the scope itself included."""
        scope = self.scope(node)
        return [each for each in self.ancestors(node) if isinstance(each, kind) and scope in (each, self.scope(each))]

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        ancestor = self.parent(node)
        while ancestor is not None:
            yield ancestor
            ancestor = self.parent(ancestor)

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """What each imported name stands for: {"sp": "subprocess", "run": "subprocess.run"}."""
        names: dict[str, str] = {}
        for statement in self.nodes(ast.Import):
            names.update({alias.asname: alias.name for alias in statement.names if alias.asname})
        for node in self.nodes(ast.ImportFrom):
            if node.module and not node.level:
                names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        return names

    def qualified_name(self, node: ast.AST | None) -> str:
        """`a.b.c` for a name or attribute, with imports resolved in its first part; '' for anything else."""
        first, dot, rest = dotted_name(node).partition(".")
        return self.imported.get(first, first) + dot + rest


def parse(content: bytes | str) -> ast.Module:
    """Parse Python code. Raises SyntaxError where it does not parse, also for null bytes and too deep nesting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in strings are the author's business
        try:
            return ast.parse(content)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def parse_file(files: Files, path: str) -> ast.Module:
    """Parse the file at `path`; an empty module where it is missing or does not parse."""
    try:
        return parse(files.get(path, b""))
    except SyntaxError:
        return ast.Module([], [])


def is_guard(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    match node:
        case ast.If(
            test=ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")])
            | ast.Compare(ast.Constant("__main__"), [ast.Eq()], [ast.Name("__name__")])
        ):
            return True
    return False


def running_line(tree: ast.Module) -> int:
    """The line that makes a file a program: its guard, else the first statement that does something; 0 for a module."""
    working = [node.lineno for node in tree.body if _does_work(node)]
    return next((node.lineno for node in tree.body if is_guard(node)), working[0] if working else 0)


def _does_work(node: ast.stmt) -> bool:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    return is_call or isinstance(node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith)


def dotted_name(node: ast.AST | None) -> str:
    """`a.b.c` for a name or attribute, as it is written; '' for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted_name(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def last_name(node: ast.AST | None) -> str:
    """`c` for `a.b.c`, whatever stands before the last dot; '' for anything that has no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def executed_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The node and everything that runs with it: the bodies of functions and classes defined there do not."""
    waiting = [node]
    for current in waiting:
        yield current
        waiting += [child for child in ast.iter_child_nodes(current) if not isinstance(child, _SCOPES)]
