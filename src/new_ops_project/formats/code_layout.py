"""Where a repository keeps its code: a package in src, a package in the root, or a file."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from new_ops_project.formats import document
from new_ops_project.formats.document import Files, decoded
from new_ops_project.formats.setuptools import keywords

# Folders and files in the root that hold code, but are not what the repository is about.
_FOLDERS = {
    "tests",
    "test",
    "testing",
    "docs",
    "doc",
    "examples",
    "example",
    "scripts",
    "tools",
    "build",
    "dist",
    "bench",
    "benchmarks",
    "node_modules",
    "venv",
    "env",
    "site-packages",
    "src",
    "migrations",
    "ci",
    "bin",
    "hack",
    "typings",
}
_TOOLS = {
    "setup",
    "conftest",
    "noxfile",
    "fabfile",
    "dodo",
    "conf",
    "manage",
    "versioneer",
    "gunicorn_conf",
    "hubconf",
    "SConstruct",
    "wscript",
    "__init__",
    "__main__",
    "sitecustomize",
    "pavement",
}
_CALLERS = {"Dockerfile", "Makefile", "Jenkinsfile", ".gitlab-ci.yml", "crontab"}
_COMMAND = re.compile(r"(?:python[\d.]*[\"',\s]+|uv run[\"',\s]+|\./)([A-Za-z_]\w*)\.py\b")
_RUNS = (ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith)


@dataclass(frozen=True)
class Layout:
    """`package`: the import name, '' if it could not be told. `place`: src/NAME, NAME, NAME.py or ''."""

    package: str
    place: str


def layout(files: Files, folder: str = "") -> Layout:
    """The one package, else the one program, that a repository is about; `folder`: its name, which may choose one."""
    names = [name for name in (_declared(files), folder) if name]
    inside = sorted({path.split("/")[1] for path in files if _is_in_src(path)})
    if chosen := _chosen([name for name in inside if f"src/{name}/__init__.py" in files] or inside, names):
        return Layout(chosen, f"src/{chosen}")
    module = program(files, names)
    packages = sorted({path.split("/")[0] for path in files if _is_package(path)})
    if packages and (is_built(files) or not module):
        chosen = _chosen(packages, names)
        return Layout(chosen, chosen)
    return Layout(module, f"{module}.py" if module else "")


def is_built(files: Files) -> bool:
    """Whether something says how a distribution is built of it."""
    pyproject = document.toml(files, "pyproject.toml")
    poetry = pyproject.table("tool", "poetry")
    is_poetry = bool(poetry) and poetry.get("package-mode", True) is not False
    setup = keywords.read(files)
    return bool(pyproject.table("build-system") or is_poetry or setup.names)


def program(files: Files, names: Sequence[str] = ()) -> str:
    """The name of the one file in the root that is the program, '' if there is none or it could be several."""
    stems = [path.removesuffix(".py") for path in sorted(files) if "/" not in path and path.endswith(".py")]
    stems = [stem for stem in stems if stem not in _TOOLS and not stem.startswith("test_")]
    running = [stem for stem in stems if first_running_line(files, f"{stem}.py")]
    liked = [stem for stem in running or stems if canonical(stem) in {canonical(name) for name in names}]
    named = [stem for stem in running if stem in set(_commanded(files))]
    return next((found[0] for found in (liked, running, named, stems) if len(found) == 1), "")


def first_running_line(files: Files, path: str) -> int:
    """The line from which on running this file does something: its guard, else its first such statement; 0 for none."""
    tree = syntax_tree(files, path)
    found = {_is_guard(node): node.lineno for node in reversed(tree.body) if _is_guard(node) or _works(node)}
    return found.get(True, found.get(False, 0))


def syntax_tree(files: Files, path: str) -> ast.Module:
    """The syntax of a Python file; that of an empty one if it has none."""
    try:
        return document.parse_python(files.get(path, b""))
    except SyntaxError:
        return ast.Module([], [])


def canonical(name: str) -> str:
    """A name as PEP 503 has it, to compare."""
    return re.sub(r"[-_.\s]+", "-", name).lower()


def _is_guard(node: ast.stmt) -> bool:
    names = (
        {found.id for found in ast.walk(node.test) if isinstance(found, ast.Name)} if isinstance(node, ast.If) else ()
    )
    return "__name__" in names


def _works(node: ast.stmt) -> bool:
    return isinstance(node, _RUNS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await))


def _is_in_src(path: str) -> bool:
    parts = path.split("/")
    return parts[0] == "src" and len(parts) > 2 and path.endswith(".py") and parts[1].isidentifier()  # noqa: PLR2004 (src, NAME, file)


def _is_package(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[1:] == ("__init__.py",) and parts[0].isidentifier() and parts[0] not in _FOLDERS


def _chosen(found: Sequence[str], names: Sequence[str]) -> str:
    """The one that is named like the project, else the first."""
    liked = [name for wanted in names for name in found if canonical(name) == canonical(wanted)]
    return next(iter([*liked, *found]), "")


def _declared(files: Files) -> str:
    pyproject = document.toml(files, "pyproject.toml")
    found = pyproject.string("project", "name") or pyproject.string("tool", "poetry", "name")
    return found or keywords.read(files).string("name")


def _commanded(files: Files) -> Iterator[str]:
    """The programs that workflows, the Dockerfile, the README and the like run."""
    for path, content in files.items():
        name = PurePosixPath(path).name
        is_readme = path.lower().startswith("readme") and "/" not in path
        if path.startswith(".github/workflows/") or name in _CALLERS or is_readme:
            yield from (found[1] for found in _COMMAND.finditer(decoded(content)))
