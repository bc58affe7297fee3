"""The rule about py.typed, the marker of a package with type annotations (PEP 561)."""

import ast
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Write
from new_ops_project.git.tree import PLAIN, Entry

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ENOUGH = 10  # files
_FUNCTIONS: tuple[type[_Function], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)
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
    start, marker = f"{place}/__init__.py", f"{place}/py.typed"
    is_package = repo.tier != "script" and start in repo.files and repo.is_built
    if not is_package or marker in repo.paths or not _is_annotated(repo, place):
        return
    is_included = repo.pyproject.string("build-system", "build-backend") in _INCLUDING_BACKENDS
    is_chosen = any(repo.pyproject.get(*keys) for keys in _CHOOSING_SETTINGS)
    fix = (Write(marker, Entry(PLAIN, b"")),) if is_included and not is_chosen else ()
    setting = f'[tool.setuptools.package-data] {repo.layout.package} = ["py.typed"]'
    more = "" if is_included else f", and make sure that the build includes it; with setuptools: {setting}"
    is_program = repo.tier == "cli" or f"{place}/__main__.py" in repo.paths
    severity = Severity.INFO if is_program else None
    message = f"{place} has annotations, but no py.typed."
    yield Breach(message, start, 1, 1, fix, f"Add an empty {marker}{more or '.'}", severity)


def _is_annotated(repo: Repo, place: str) -> bool:
    """Whether at least half of the functions have annotations: marking an untyped package would help nobody.

    Of a large package, files from all over it are enough to tell.
    """
    files = [path for path in repo.python_files if path.startswith(f"{place}/") and "/tests/" not in path]
    parsed = [syntax for syntax in map(repo.syntax, files[:: len(files) // _ENOUGH + 1]) if syntax]
    annotated = [_has_types(each) for syntax in parsed for kind in _FUNCTIONS for each in syntax.nodes(kind)]
    return sum(annotated) * 2 >= max(len(annotated), 1)


def _has_types(node: _Function) -> bool:
    """Whether the function has an annotation."""
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(argument.annotation for argument in arguments)
