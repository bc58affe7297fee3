"""The syntax of one Python file, walked once: its nodes by kind, what is above each, and what imported names mean."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

_Node = TypeVar("_Node", bound=ast.AST)
_DEEPEST = 150  # levels; ast.unparse takes four calls for each
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class Syntax:
    """A file that was parsed."""

    tree: ast.Module

    @cached_property
    def _walked(self) -> tuple[dict[type[ast.AST], list[ast.AST]], dict[ast.AST, ast.AST], int]:
        """The nodes by their kind, what each is a part of, and how deep they go."""
        kinds: dict[type[ast.AST], list[ast.AST]] = {}
        above: dict[ast.AST, ast.AST] = {}
        waiting: list[ast.AST] = [self.tree]
        depth = 0
        while waiting:
            below: list[ast.AST] = []
            for node in waiting:
                kinds.setdefault(type(node), []).append(node)
                children = list(ast.iter_child_nodes(node))
                above.update(dict.fromkeys(children, node))
                below += children
            waiting, depth = below, depth + 1
        return kinds, above, depth

    @property
    def is_deep(self) -> bool:
        """Whether it is nested as no person writes it, and what walks down in it would meet Python's own limit."""
        return self._walked[2] > _DEEPEST

    def nodes(self, *kinds: type[_Node]) -> Iterator[_Node]:
        """Every node of these kinds, those of one kind from the outside in."""
        for kind in kinds:
            yield from (node for node in self._walked[0].get(kind, ()) if isinstance(node, kind))

    def nodes_at(self, line: int, column: int, kind: type[_Node]) -> list[_Node]:
        """The nodes of a kind that begin there, from the inside out; `column` in bytes from 0, as in ast."""
        found = [node for node in self.nodes(kind) if getattr(node, "lineno", 0) == line]
        return [node for node in reversed(found) if getattr(node, "col_offset", -1) == column]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """What the node is a part of; None of the module."""
        return self._walked[1].get(node)

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, class or module that a node stands in."""
        return next((one for one in self.ancestors(node) if isinstance(one, _SCOPES)), self.tree)

    def function(self, node: ast.AST) -> str:
        """The name of the function that a node stands in, '' for none."""
        return str(getattr(self.scope(node), "name", ""))

    def enclosing(self, node: ast.AST, kind: type[_Node]) -> list[_Node]:
        """The nodes of a kind around a node, in the same scope."""
        found = []
        for one in self.ancestors(node):
            if isinstance(one, kind):
                found.append(one)
            if isinstance(one, _SCOPES):
                break
        return found

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What the node is a part of, from the inside out."""
        one = self.parent(node)
        while one is not None:
            yield one
            one = self.parent(one)

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """What each imported name means: {"sp": "subprocess", "run": "subprocess.run"}."""
        found: dict[str, str] = {}
        for plain in self.nodes(ast.Import):
            found.update({name.asname: name.name for name in plain.names if name.asname})
        for node in self.nodes(ast.ImportFrom):
            if node.module and not node.level:
                found.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
        return found

    def qualified_name(self, node: ast.AST | None) -> str:
        """`a.b.c` of a name or an attribute of one, its first part as it was imported; '' for anything else."""
        first, dot, rest = dotted_name(node).partition(".")
        return self.imported.get(first, first) + dot + rest


def dotted_name(node: ast.AST | None) -> str:
    """`a.b.c` of a name or an attribute of one, as it is written; '' for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted_name(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def last_name(node: ast.AST | None) -> str:
    """The last part of what a call names, whatever it belongs to."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def executed_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What is run where the node is run: all of it but functions and classes that are only defined there."""
    waiting = [node]
    for one in waiting:
        yield one
        waiting += [child for child in ast.iter_child_nodes(one) if not isinstance(child, _SCOPES)]
