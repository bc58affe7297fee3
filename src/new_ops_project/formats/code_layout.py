"""Where a repository keeps its code: a package in src, a package in the root, or one file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from new_ops_project.formats import document
from new_ops_project.formats.document import Files, decoded
from new_ops_project.formats.python import parse_file, running_line
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.setuptools import keywords

# Folders and modules in the root that hold code, but not the code that the repository is there for.
_SUPPORT_FOLDERS = {
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
_SUPPORT_MODULES = {
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
# Files that name the program which people or machines run.
_CALLERS = {"Dockerfile", "Makefile", "Jenkinsfile", ".gitlab-ci.yml", "crontab"}
_COMMAND = re.compile(r"(?:python[\d.]*[\"',\s]+|uv run[\"',\s]+|\./)([A-Za-z_]\w*)\.py\b")


@dataclass(frozen=True)
class Layout:
    """`package` is the import name, '' where it is unclear; `place` is src/NAME, NAME, NAME.py or ''."""

    package: str
    place: str


def layout(files: Files, folder: str = "") -> Layout:
    """The main package of a repository, else its main program.

    Where there are several, the one named like the project wins, then the one named like `folder`.
    """
    names = [name for name in (_project_name(files), folder) if name]
    in_src = sorted({path.split("/")[1] for path in files if _is_in_src(path)})
    if package := _choose([name for name in in_src if f"src/{name}/__init__.py" in files] or in_src, names):
        return Layout(package, f"src/{package}")
    module = program(files, names)
    packages = sorted({path.split("/")[0] for path in files if _is_package(path)})
    if packages and (is_built(files) or not module):
        package = _choose(packages, names)
        return Layout(package, package)
    return Layout(module, f"{module}.py" if module else "")


def program_files(files: Files, place: str) -> list[str]:
    """The Python files of the package or program at `place`, by path; none where that is ''."""
    return [path for path in sorted(files) if path.endswith(".py") and place and f"{path}/".startswith(f"{place}/")]


def is_built(files: Files) -> bool:
    """Whether the files configure a build: a build system, a Poetry package or setup()."""
    pyproject = document.toml(files, "pyproject.toml")
    poetry = pyproject.table("tool", "poetry")
    is_poetry = bool(poetry) and poetry.get("package-mode", True) is not False
    setup = keywords.read(files)
    return bool(pyproject.table("build-system") or is_poetry or setup.names)


def program(files: Files, names: Sequence[str] = ()) -> str:
    """The module name of the one program in the root; '' where there is none or several could be it.

    Evidence from strong to weak: it runs something and is named like the project; it alone runs something; a workflow,
    a Dockerfile or the README calls it; it is the only module.
    """
    stems = [path.removesuffix(".py") for path in sorted(files) if "/" not in path and path.endswith(".py")]
    stems = [stem for stem in stems if stem not in _SUPPORT_MODULES and not stem.startswith("test_")]
    running = [stem for stem in stems if running_line(parse_file(files, f"{stem}.py"))]
    namesakes = [
        stem for stem in running or stems if comparable_name(stem) in {comparable_name(name) for name in names}
    ]
    called = [stem for stem in running if stem in set(_called_programs(files))]
    return next((choice[0] for choice in (namesakes, running, called, stems) if len(choice) == 1), "")


def comparable_name(name: str) -> str:
    """The canonical name for a comparison only: spaces, which no distribution's name has, count as separators too."""
    return canonical_name(re.sub(r"\s+", "-", name))


def _is_in_src(path: str) -> bool:
    parts = path.split("/")
    return parts[0] == "src" and len(parts) > 2 and path.endswith(".py") and parts[1].isidentifier()  # noqa: PLR2004 (src, NAME, file)


def _is_package(path: str) -> bool:
    parts = path.split("/")
    return parts[1:] == ["__init__.py"] and parts[0].isidentifier() and parts[0] not in _SUPPORT_FOLDERS


def _choose(candidates: Sequence[str], names: Sequence[str]) -> str:
    """The candidate that has one of the names, else the first."""
    namesakes = [
        candidate for name in names for candidate in candidates if comparable_name(candidate) == comparable_name(name)
    ]
    return next(iter([*namesakes, *candidates]), "")


def _project_name(files: Files) -> str:
    pyproject = document.toml(files, "pyproject.toml")
    name = pyproject.string("project", "name") or pyproject.string("tool", "poetry", "name")
    return name or keywords.read(files).string("name")


def _called_programs(files: Files) -> Iterator[str]:
    """The programs that workflows, the Dockerfile, the README and similar files call."""
    for path in files:
        name = path.rpartition("/")[2]
        is_readme = path.lower().startswith("readme") and "/" not in path
        if path.startswith(".github/workflows/") or name in _CALLERS or is_readme:
            yield from (match[1] for match in _COMMAND.finditer(decoded(files[path])))
