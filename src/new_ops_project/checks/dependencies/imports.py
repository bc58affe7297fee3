"""Rules about what the code imports and what is declared, as deptry sees them."""

import re
from collections.abc import Iterator
from functools import cache

from new_ops_project.base.finding import Severity
from new_ops_project.checks import declared_requirements
from new_ops_project.checks.dependencies import import_reach
from new_ops_project.checks.linters import deptry
from new_ops_project.checks.linters.deptry import Mismatch, Mismatches
from new_ops_project.checks.linters.module_names import MODULES, SHARED
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import code_layout, document
from new_ops_project.formats.toml import places
from new_ops_project.template.pins import locks_yml
from new_ops_project.template.pins.pins_yml import normalise

_MISSING = ("DEP001", "DEP003")  # the second one is installed beside deptry, which says nothing of the project
_ASIDE = re.compile(r"(?:test_.*|.*_test|conftest|setup|noxfile|fabfile|tasks|dodo|conf|versioneer|hubconf)\.py")
_OTHERS = {"tests", "test", "vendor", "_vendor", "vendored", "_vendored", "third_party", "__pyinstaller"}
_GENERATED = re.compile(r".*_pb2(?:_grpc)?|_?version")
# What is needed without any import: servers, drivers and codecs that others load, types, plugins.
_LOADED = re.compile(
    r"types-.*|.*-stubs|.*-plugin|pytest-.*|sphinx.*|mkdocs.*|flake8.*|ansible.*|gunicorn|uvicorn|hypercorn|waitress|"
    r"psycopg.*|mysqlclient|pymysql|asyncpg|aiosqlite|cryptography|tzdata|certifi|truststore|brotli.*|lxml|html5lib|"
    r"openpyxl|xlrd|pyarrow|fastparquet|setuptools|pip|wheel|colorama|python-multipart|email-validator|keyring.*|"
    r"awscli|awscrt|uvloop|httptools|h2|socksio|pysocks|greenlet|opentelemetry.*|google-.*|azure-.*"
)


def undeclared(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports and nothing declares."""
    unknown = [one for one in mismatches if one.code == "DEP002" and not deptry.modules(one.name)]
    own = {normalise(name) for name in deptry.spellings(repo)}
    needed = import_reach.files(repo) if any(one.code in _MISSING for one in mismatches) else frozenset()
    for one in mismatches:
        if one.code in _MISSING and _is_plain(repo, one):
            package = _provider(one)
            if (package and package not in own) or not unknown:
                remedy = f"Add {package or one.name} to the dependencies{_where(repo)}, or remove the import."
                severity = None if _is_needed(repo, one.path, needed) else Severity.INFO
                message = f"{one.name} is imported, and not declared."
                yield Breach(message, one.path, one.line, one.column, remedy=remedy, severity=severity)


def _is_needed(repo: Repo, path: str, needed: frozenset[str]) -> bool:
    """Whether the file is imported whatever happens: a part of a package that only some ask for may need more."""
    return not path.startswith(f"{repo.layout.place}/") or path in needed


def _where(repo: Repo) -> str:
    if repo.pyproject.table("project") or repo.pyproject.table("tool", "poetry"):
        return f" in {PYPROJECT}"
    return " in requirements.in" if "requirements.in" in repo.paths else " in requirements.txt"


@cache
def _providers() -> dict[str, str]:
    """{module: the package that has it}, for those that are known, without modules that many share."""
    known = [*locks_yml.shipped().modules.items(), *MODULES.items()]
    return {module: package for package, listed in known for module in listed if module not in SHARED}


def _provider(one: Mismatch) -> str:
    """The package that certainly has the module, or ''."""
    return _providers().get(one.name, normalise(one.name) if one.code == "DEP003" else "")


def _is_plain(repo: Repo, one: Mismatch) -> bool:
    """Whether the import must succeed for the program to run, as far as its file tells."""
    if one.name in SHARED or one.name in _own_modules(repo) or _GENERATED.fullmatch(one.name):
        return False
    content = repo.files.get(one.path, b"")
    if not _is_program(repo, one.path) or b"sys.path" in content or document.script(repo.files, one.path).text:
        return False
    return one.line not in import_reach.guarded(code_layout.syntax(repo.files, one.path))


def _own_modules(repo: Repo) -> set[str]:
    parts = {part for path in repo.python_files for part in path.removesuffix(".py").split("/")}
    return {
        *parts,
        *(path.rpartition("/")[2].partition(".")[0] for path in repo.paths if path.endswith((".pyx", ".so"))),
    }


def _is_program(repo: Repo, path: str) -> bool:
    """Whether the file is part of what is run or installed, not of what is around it."""
    place = repo.layout.place
    if path == place or (place and path.startswith(f"{place}/") and not _OTHERS & {*path.split("/")}):
        return True
    return repo.tier == "script" and "/" not in path and not _ASIDE.fullmatch(path)


def unused(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each dependency in pyproject.toml that no code imports, where its modules are known, or all imports are."""
    own, asked = _own_modules(repo), repo.answers.get("dependencies")
    wanted = {normalise(name) for name in asked if isinstance(name, str)} if isinstance(asked, list) else set()
    is_clear = not any(one.code == "DEP001" and one.name not in own and not _provider(one) for one in mismatches)
    for one in mismatches:
        name = normalise(one.name)
        is_told = one.code == "DEP002" and one.path == PYPROJECT and name not in wanted and not _LOADED.fullmatch(name)
        if is_told and (is_clear or deptry.modules(name)):
            for place in _places(repo, name):
                yield Breach(f"{one.name} is declared, and nothing imports it.", PYPROJECT, place.line, place.column)


def _places(repo: Repo, name: str) -> list[places.TomlPlace]:
    """Where a dependency is declared, if it is one for every user."""
    found = [one.place for one in declared_requirements.required(repo) if one.name == name]
    found += [one.place for one in declared_requirements.poetry(repo) if one.name == name and not one.group]
    return found[:1]


def misplaced(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports and that only development has."""
    for one in mismatches:
        if one.code == "DEP004" and _is_plain(repo, one):
            message = f"{one.name} is imported here, and declared for development only."
            yield Breach(message, one.path, one.line, one.column)
