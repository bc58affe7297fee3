"""The rule about py.typed: whoever imports a package with annotations gets them checked."""

import ast
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Fix, Write
from new_ops_project.formats import code_layout
from new_ops_project.git.tree import PLAIN, Entry

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# They put every file of a package into the wheel, unless they are told which.
_WHOLE = ("hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "uv_build")
_CHOOSING = (
    ("tool", "hatch", "build", "include"),
    ("tool", "hatch", "build", "only-include"),
    ("tool", "hatch", "build", "exclude"),
    ("tool", "hatch", "build", "targets", "wheel", "include"),
    ("tool", "hatch", "build", "targets", "wheel", "only-include"),
    ("tool", "poetry", "include"),
    ("tool", "hatch", "build", "targets", "wheel", "exclude"),
    ("tool", "poetry", "exclude"),
    ("tool", "pdm", "build"),
    ("tool", "uv", "build-backend"),
)


def no_marker(repo: Repo) -> Iterator[Breach]:
    """A package with annotations and without py.typed (PEP 561)."""
    place = repo.layout.place
    start = f"{place}/__init__.py"
    is_package = repo.tier != "script" and start in repo.files and repo.is_built
    if is_package and f"{place}/py.typed" not in repo.paths and _is_annotated(repo, place):
        yield Breach(
            f"{place} has annotations, and no py.typed.",
            start,
            1,
            1,
            _written(repo, place),
            _remedy(repo, place),
            Severity.INFO if repo.tier == "cli" else None,
        )


def _is_annotated(repo: Repo, place: str) -> bool:
    """Whether most functions have annotations: to say that a package is typed which is not helps nobody."""
    files = [path for path in repo.python_files if path.startswith(f"{place}/") and "/tests/" not in path]
    trees = (code_layout.syntax(repo.files, path) for path in files)
    found = [_has_types(node) for tree in trees for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
    return sum(found) * 2 >= max(len(found), 1)


def _has_types(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function says the type of something."""
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(one.annotation for one in given)


def _written(repo: Repo, place: str) -> Fix:
    """An empty file, where the build takes it along."""
    backend = repo.pyproject.string("build-system", "build-backend")
    if backend not in _WHOLE or any(repo.pyproject.get(*keys) for keys in _CHOOSING):
        return ()
    return (Write(f"{place}/py.typed", Entry(PLAIN, b"")),)


def _remedy(repo: Repo, place: str) -> str:
    name = place.rpartition("/")[2]
    if repo.pyproject.string("build-system", "build-backend") in _WHOLE:
        return f"Add an empty {place}/py.typed."
    said = f'[tool.setuptools.package-data] {name} = ["py.typed"]'
    return f"Add an empty {place}/py.typed, and see that the build takes it along; with setuptools: {said}"
