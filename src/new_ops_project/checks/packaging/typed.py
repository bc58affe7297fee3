"""The rule about py.typed, the marker of a package with type annotations (PEP 561)."""

import ast
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Fix, Write
from new_ops_project.formats import python
from new_ops_project.git.tree import PLAIN, Entry

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Backends that put every file of a package into the wheel, unless a setting chooses files.
_INCLUDING_BACKENDS = ("hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend", "uv_build")
_CHOOSING_SETTINGS = (
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


def missing_marker(repo: Repo) -> Iterator[Breach]:
    """A package with annotations, but without py.typed."""
    place = repo.layout.place
    start = f"{place}/__init__.py"
    is_package = repo.tier != "script" and start in repo.files and repo.is_built
    if is_package and f"{place}/py.typed" not in repo.paths and _is_annotated(repo, place):
        yield Breach(
            f"{place} has annotations, but no py.typed.",
            start,
            1,
            1,
            _add_marker(repo, place),
            _remedy(repo, place),
            Severity.INFO if repo.tier == "cli" else None,
        )


def _is_annotated(repo: Repo, place: str) -> bool:
    """Whether at least half of the functions have annotations: marking an untyped package would help nobody."""
    files = [path for path in repo.python_files if path.startswith(f"{place}/") and "/tests/" not in path]
    trees = (python.parse_file(repo.files, path) for path in files)
    annotated = [_has_types(node) for tree in trees for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
    return sum(annotated) * 2 >= max(len(annotated), 1)


def _has_types(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function has an annotation."""
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(argument.annotation for argument in arguments)


def _add_marker(repo: Repo, place: str) -> Fix:
    """An empty file, if the build includes it."""
    backend = repo.pyproject.string("build-system", "build-backend")
    if backend not in _INCLUDING_BACKENDS or any(repo.pyproject.get(*keys) for keys in _CHOOSING_SETTINGS):
        return ()
    return (Write(f"{place}/py.typed", Entry(PLAIN, b"")),)


def _remedy(repo: Repo, place: str) -> str:
    name = place.rpartition("/")[2]
    if repo.pyproject.string("build-system", "build-backend") in _INCLUDING_BACKENDS:
        return f"Add an empty {place}/py.typed."
    setting = f'[tool.setuptools.package-data] {name} = ["py.typed"]'
    return f"Add an empty {place}/py.typed, and make sure that the build includes it; with setuptools: {setting}"
