"""Rules about imports that do not match the declared dependencies, as deptry reports them."""

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
from new_ops_project.formats import document, python
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.toml import places
from new_ops_project.template.pins import locks_yml

_MISSING = ("DEP001", "DEP003")  # DEP003: installed beside deptry, which says nothing about the project
_ASIDE = re.compile(r"(?:test_.*|.*_test|conftest|setup|noxfile|fabfile|tasks|dodo|conf|versioneer|hubconf)\.py")
_OTHERS = {"tests", "test", "vendor", "_vendor", "vendored", "_vendored", "third_party", "__pyinstaller"}
_GENERATED = re.compile(r".*_pb2(?:_grpc)?|_?version")
# Packages that are needed without an import: servers, types, plugins; drivers and codecs that others load.
_LOADED = re.compile(
    r"types-.*|.*-stubs|.*-plugin|pytest-.*|sphinx.*|mkdocs.*|flake8.*|ansible.*|gunicorn|uvicorn|hypercorn|waitress|"
    r"psycopg.*|mysqlclient|pymysql|asyncpg|aiosqlite|cryptography|tzdata|certifi|truststore|brotli.*|lxml|html5lib|"
    r"openpyxl|xlrd|pyarrow|fastparquet|setuptools|pip|wheel|colorama|python-multipart|email-validator|keyring.*|"
    r"awscli|awscrt|uvloop|httptools|h2|socksio|pysocks|greenlet|opentelemetry.*|google-.*|azure-.*"
)


def undeclared(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports and nothing declares."""
    unknown = [mismatch for mismatch in mismatches if mismatch.code == "DEP002" and not deptry.modules(mismatch.name)]
    own = {canonical_name(name) for name in deptry.spellings(repo)}
    needed = (
        import_reach.always_imported(repo) if any(mismatch.code in _MISSING for mismatch in mismatches) else frozenset()
    )
    for mismatch in mismatches:
        if mismatch.code in _MISSING and _is_essential(repo, mismatch):
            package = _provider(mismatch)
            if (package and package not in own) or not unknown:
                remedy = f"Add {package or mismatch.name} to the dependencies{_where(repo)}, or remove the import."
                severity = None if _is_needed(repo, mismatch.path, needed) else Severity.INFO
                message = f"{mismatch.name} is imported, but not declared."
                yield Breach(message, mismatch.path, mismatch.line, mismatch.column, remedy=remedy, severity=severity)


def _is_needed(repo: Repo, path: str, needed: frozenset[str]) -> bool:
    """Whether every user imports the file: a part of the package that only some import may need more."""
    return not path.startswith(f"{repo.layout.place}/") or path in needed


def _where(repo: Repo) -> str:
    if repo.pyproject.table("project") or repo.pyproject.table("tool", "poetry"):
        return f" in {PYPROJECT}"
    return " in requirements.in" if "requirements.in" in repo.paths else " in requirements.txt"


@cache
def _providers() -> dict[str, str]:
    """{module: package} for every known module, except those that several packages share."""
    known = [*locks_yml.shipped().modules.items(), *MODULES.items()]
    return {module: package for package, listed in known for module in listed if module not in SHARED}


def _provider(mismatch: Mismatch) -> str:
    """The package that certainly provides the module; '' if that is unknown."""
    return _providers().get(mismatch.name, canonical_name(mismatch.name) if mismatch.code == "DEP003" else "")


def _is_essential(repo: Repo, mismatch: Mismatch) -> bool:
    """Whether the program cannot run without this import, judging by its file."""
    if mismatch.name in SHARED or mismatch.name in _own_modules(repo) or _GENERATED.fullmatch(mismatch.name):
        return False
    content = repo.files.get(mismatch.path, b"")
    if (
        not _belongs_to_program(repo, mismatch.path)
        or b"sys.path" in content
        or document.script_metadata(repo.files, mismatch.path).text
    ):
        return False
    return mismatch.line not in import_reach.guarded_lines(python.parse_file(repo.files, mismatch.path))


def _own_modules(repo: Repo) -> set[str]:
    parts = {part for path in repo.python_files for part in path.removesuffix(".py").split("/")}
    return {
        *parts,
        *(path.rpartition("/")[2].partition(".")[0] for path in repo.paths if path.endswith((".pyx", ".so"))),
    }


def _belongs_to_program(repo: Repo, path: str) -> bool:
    """Whether the file belongs to the program that runs or is installed, not to its tests or tools."""
    place = repo.layout.place
    if path == place or (place and path.startswith(f"{place}/") and not _OTHERS & {*path.split("/")}):
        return True
    return repo.tier == "script" and "/" not in path and not _ASIDE.fullmatch(path)


def unused(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each dependency in pyproject.toml that no code imports, if its modules are known, or all imports are."""
    own, answer = _own_modules(repo), repo.answers.get("dependencies")
    wanted = {canonical_name(name) for name in answer if isinstance(name, str)} if isinstance(answer, list) else set()
    is_clear = not any(
        mismatch.code == "DEP001" and mismatch.name not in own and not _provider(mismatch) for mismatch in mismatches
    )
    for mismatch in mismatches:
        name = canonical_name(mismatch.name)
        is_reported = (
            mismatch.code == "DEP002"
            and mismatch.path == PYPROJECT
            and name not in wanted
            and not _LOADED.fullmatch(name)
        )
        if is_reported and (is_clear or deptry.modules(name)):
            for place in _places(repo, name):
                yield Breach(
                    f"{mismatch.name} is declared, but nothing imports it.", PYPROJECT, place.line, place.column
                )


def _places(repo: Repo, name: str) -> list[places.TomlPlace]:
    """Where a dependency of every user is declared; [] for any other."""
    listed = [each.place for each in declared_requirements.required(repo) if each.name == name]
    listed += [each.place for each in declared_requirements.of_poetry(repo) if each.name == name and not each.group]
    return listed[:1]


def misplaced(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports from a development dependency."""
    for mismatch in mismatches:
        if mismatch.code == "DEP004" and _is_essential(repo, mismatch):
            message = f"{mismatch.name} is imported here, but declared for development only."
            yield Breach(message, mismatch.path, mismatch.line, mismatch.column)
