"""Which files of a package are imported whenever it is, and which only by who asks for them."""

import ast
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.formats import code_layout


def files(repo: Repo) -> frozenset[str]:
    """The package itself, what its commands name, and all that those import at their top, whatever happens.

    A command reaches what its functions import, too; of a library, those are for who calls them.
    """
    place = repo.layout.place
    root = place.rpartition("/")[0]
    commands = (target.partition(":")[0].strip() for target in repo.commands.values())
    waiting = [
        f"{place}/__init__.py",
        f"{place}/__main__.py",
        *(one for name in commands for one in _files(root, name)),
    ]
    found = set[str]()
    while waiting:
        path = waiting.pop()
        if path in repo.files and path not in found:
            found.add(path)
            waiting += _imported(repo, root, path)
    return frozenset(found)


def _imported(repo: Repo, root: str, path: str) -> Iterator[str]:
    """The files that may be meant by the imports of a file."""
    inside = path.removeprefix(f"{root}/" if root else "").split("/")[:-1]
    tree = code_layout.syntax(repo.files, path)
    without = guarded(tree)
    for node in ast.walk(tree) if repo.tier == "cli" else tree.body:
        if getattr(node, "lineno", 0) in without:
            continue
        if isinstance(node, ast.Import):
            yield from (one for alias in node.names for one in _files(root, alias.name))
        elif isinstance(node, ast.ImportFrom):
            start = inside[: len(inside) - node.level + 1] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
            yield from (one for name in names for one in _files(root, name))


def _files(root: str, module: str) -> Iterator[str]:
    """The module, and the packages that it is in."""
    parts = [*filter(None, [root]), *module.split(".")]
    for end in range(1, len(parts) + 1):
        yield f"{'/'.join(parts[:end])}/__init__.py"
    yield f"{'/'.join(parts)}.py"


def guarded(tree: ast.Module) -> set[int]:
    """The lines of imports that an `if` or a `try` can do without."""
    found = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.Try):
            inner = (each for each in ast.walk(node) if isinstance(each, ast.Import | ast.ImportFrom))
            found |= {line for each in inner for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
    return found
