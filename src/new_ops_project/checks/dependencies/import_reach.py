"""Which files of a package are imported by everyone who uses it."""

import ast
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.formats import python


def always_imported(repo: Repo) -> frozenset[str]:
    """The paths of the package itself, of what its commands name, and of all that these import unconditionally.

    For a command-line tool, imports inside functions count too; in a library, only callers of the function need them.
    """
    place = repo.layout.place
    root = place.rpartition("/")[0]
    commands = (target.partition(":")[0].strip() for target in repo.commands.values())
    waiting = [
        f"{place}/__init__.py",
        f"{place}/__main__.py",
        *(file for name in commands for file in _files(root, name)),
    ]
    reached = set[str]()
    while waiting:
        path = waiting.pop()
        if path in repo.files and path not in reached:
            reached.add(path)
            waiting += _imported(repo, root, path)
    return frozenset(reached)


def _imported(repo: Repo, root: str, path: str) -> Iterator[str]:
    """The files that the imports of a file may refer to."""
    inside = path.removeprefix(f"{root}/" if root else "").split("/")[:-1]
    tree = python.parse_file(repo.files, path)
    skipped_lines = guarded_lines(tree)
    for node in ast.walk(tree) if repo.tier == "cli" else tree.body:
        if getattr(node, "lineno", 0) in skipped_lines:
            continue
        if isinstance(node, ast.Import):
            yield from (file for alias in node.names for file in _files(root, alias.name))
        elif isinstance(node, ast.ImportFrom):
            start = inside[: len(inside) - node.level + 1] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
            yield from (file for name in names for file in _files(root, name))


def _files(root: str, module: str) -> Iterator[str]:
    """The files that may be the module, and those of the packages that contain it."""
    parts = [*filter(None, [root]), *module.split(".")]
    for end in range(1, len(parts) + 1):
        yield f"{'/'.join(parts[:end])}/__init__.py"
    yield f"{'/'.join(parts)}.py"


def guarded_lines(tree: ast.Module) -> set[int]:
    """The lines of imports inside an `if` or a `try`: the code can do skipped_lines these."""
    lines = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.Try):
            inner = (each for each in ast.walk(node) if isinstance(each, ast.Import | ast.ImportFrom))
            lines |= {number for each in inner for number in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
    return lines
