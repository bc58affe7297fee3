"""Rules about imports that do not match the declared dependencies, as deptry reports them."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from new_ops_project.checks import declared_requirements
from new_ops_project.checks.linters import deptry
from new_ops_project.checks.linters.deptry import Mismatch, Mismatches
from new_ops_project.checks.linters.module_names import MODULES, SHARED
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats import document, python
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.toml import places
from new_ops_project.template.pins import locks_yml

# Modules that come with a package whose documentation tells people to import them.
_TOLD = {
    "botocore": "boto3",
    "s3transfer": "boto3",
    "urllib3": "requests",
    "oauthlib": "requests-oauthlib",
    "werkzeug": "flask",
    "markupsafe": "jinja2",
    "starlette": "fastapi",
    "click": "typer",
    "rich": "textual",
    "pydantic_core": "pydantic",
}
# DEP003: also installed beside deptry, which says nothing about the project.
_MISSING = ("DEP001", "DEP003")
_ASIDE = re.compile(r"(?:test_.*|.*_test|conftest|setup|noxfile|fabfile|tasks|dodo|conf|versioneer|hubconf)\.py")
_OTHERS = {
    "tests",
    "test",
    "vendor",
    "_vendor",
    "vendored",
    "_vendored",
    "third_party",
    "__pyinstaller",
    "playbooks",
    "roles",
}
# Modules of programs that load this code, and so provide them: they cannot be installed, or are there already.
_HOSTS = {
    "ansible",
    "homeassistant",
    "salt",
    "supervisor",
    "sublime",
    "sublime_plugin",
    "bpy",
    "gdb",
    "lldb",
    "maya",
    "hou",
    "unreal",
    "xbmc",
    "weechat",
    "hexchat",
    "calibre",
    "qgis",
    "collectd",
}
_DYNAMIC = ("project", "dynamic")
_FILES = ("tool", "setuptools", "dynamic", "dependencies", "file")
# Modules that are looked for in other folders, and those of Ansible, which run where the target's packages are.
_ELSEWHERE = re.compile(rb"sys\.path|ansible\.module_utils")
_LOADED_BY_HOST = re.compile(r"(?:.*/)?(?:site|user)customize\.py")
_GENERATED = re.compile(r".*_pb2(?:_grpc)?|_?version")
# Packages that are needed without an import: servers, types, plugins; drivers and codecs that others load.
_LOADED = re.compile(
    r"types-.*|.*-stubs|.*-plugin|pytest-.*|sphinx.*|mkdocs.*|flake8.*|ansible.*|gunicorn|uvicorn|hypercorn|waitress|"
    r"psycopg.*|mysqlclient|pymysql|asyncpg|aiosqlite|cryptography|tzdata|certifi|truststore|brotli.*|lxml|html5lib|"
    r"openpyxl|xlrd|pyarrow|fastparquet|setuptools|pip|wheel|colorama|python-multipart|email-validator|keyring.*|"
    r"awscli|awscrt|uvloop|httptools|h2|socksio|pysocks|greenlet|opentelemetry.*|google-.*|azure-.*"
)


def undeclared(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports and nothing declares, where it is imported first."""
    unknown = [mismatch for mismatch in mismatches if mismatch.code == "DEP002" and not deptry.modules(mismatch.name)]
    own = {canonical_name(name) for name in deptry.spellings(repo)}
    told = {module for module, package in _TOLD.items() if package in own}
    told |= {"setuptools"} if "setup.py" in repo.paths else set()  # which runs with it
    for mismatch in mismatches:
        if mismatch.code in _MISSING and mismatch.name not in told and _is_essential(repo, mismatch):
            package = _provider(mismatch.name)
            if (package and package not in own) or not unknown:
                told.add(mismatch.name)
                remedy = f"Add {package or mismatch.name} to the dependencies{_where(repo)}."
                message = f"{mismatch.name} is imported, but not declared."
                yield Breach(message, mismatch.path, mismatch.line, mismatch.column, remedy=remedy)


def _where(repo: Repo) -> str:
    """The file that declares what the program needs, as the end of a sentence; '' if none does."""
    project = repo.pyproject.table("project")
    is_static = "dependencies" in project or (project and "dependencies" not in repo.pyproject.strings(*_DYNAMIC))
    if is_static or repo.pyproject.table("tool", "poetry"):
        return f" in {PYPROJECT}"
    of_setup = [each.path for each in declared_requirements.of_setup(repo) if not each.extra]
    read = [repo.pyproject.get(*_FILES)] if isinstance(repo.pyproject.get(*_FILES), str) else []
    read += repo.pyproject.strings(*_FILES)
    lists = [path for path in ("requirements.in", "requirements.txt") if path in repo.paths]
    built = [path for path in ("setup.cfg", "setup.py") if path in repo.files and repo.setup.names]
    return next((f" in {path}" for path in (*of_setup, *read, *lists, *built)), "")


@cache
def _providers() -> dict[str, str]:
    """{module: package} for every known module, except those that several packages share."""
    known = [*locks_yml.shipped().modules.items(), *MODULES.items()]
    return {module: package for package, listed in known for module in listed if module not in SHARED}


def _provider(module: str) -> str:
    """The package that certainly provides the module; '' if that is unknown."""
    return _providers().get(module, "")


def _is_essential(repo: Repo, mismatch: Mismatch) -> bool:
    """Whether the program cannot run without this import, judging by its file."""
    is_own = mismatch.name in SHARED | _HOSTS or mismatch.name in _own_modules(repo)
    is_own |= bool(_GENERATED.fullmatch(mismatch.name)) or bool(_LOADED_BY_HOST.fullmatch(mismatch.path))
    if is_own or not _belongs_to_program(repo, mismatch.path) or _ELSEWHERE.search(repo.files.get(mismatch.path, b"")):
        return False
    if document.script_metadata(repo.files, mismatch.path).text:
        return False
    return not _is_optional(repo, mismatch)


def _is_optional(repo: Repo, mismatch: Mismatch) -> bool:
    """Whether the code can do without the import: a condition is around it, or a fallback around another of it."""
    name = mismatch.name.encode()
    for path in (path for path in repo.python_files if path == mismatch.path or name in repo.files[path]):
        for node, around in _imports(repo, path):
            is_it = path == mismatch.path and node.lineno <= mismatch.line <= (node.end_lineno or node.lineno)
            if is_it and any(isinstance(each, ast.If | ast.Try) for each in around):
                return True
            if mismatch.name in _modules(node) and any(map(_is_fallback, around)):
                return True
    return False


def _imports(repo: Repo, path: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, list[ast.AST]]]:
    """Each statement that imports something, with the nodes around it."""
    if path in repo.files and (syntax := repo.syntax(path)):
        yield from ((node, [*syntax.ancestors(node)]) for node in syntax.nodes(ast.Import))
        yield from ((node, [*syntax.ancestors(node)]) for node in syntax.nodes(ast.ImportFrom))


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The top-level modules that a statement imports."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def _is_fallback(node: ast.AST) -> bool:
    """Whether a statement goes on where an import in it fails."""
    if isinstance(node, ast.Try):
        return bool(node.handlers)
    calls = [item.context_expr for item in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(call, ast.Call) and python.last_name(call.func) == "suppress" for call in calls)


def _own_modules(repo: Repo) -> set[str]:
    parts = {part for path in repo.python_files for part in path.removesuffix(".py").split("/")}
    compiled = (path for path in repo.paths if path.endswith((".pyx", ".so")))
    return parts | {path.rpartition("/")[2].partition(".")[0] for path in compiled}


def _belongs_to_program(repo: Repo, path: str) -> bool:
    """Whether the file belongs to the program that runs or is installed, not to its tests or tools."""
    place = repo.layout.place
    if path == place or (place and path.startswith(f"{place}/") and not _OTHERS & {*path.split("/")}):
        return True
    return repo.tier == "script" and "/" not in path and not _ASIDE.fullmatch(path)


def unused(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each dependency in pyproject.toml that no code imports, if its modules are known, or all imports are."""
    own = _own_modules(repo)
    wanted = {canonical_name(item.scalar) for item in repo.answers.get("dependencies").items}
    missing = (mismatch for mismatch in mismatches if mismatch.code in _MISSING and mismatch.name not in own)
    is_clear = all(_provider(mismatch.name) for mismatch in missing)
    for mismatch in (each for each in mismatches if each.code == "DEP002" and each.path == PYPROJECT):
        name = canonical_name(mismatch.name)
        is_known = is_clear or deptry.modules(name)
        for place in _places(repo, name) if is_known and name not in wanted and not _LOADED.fullmatch(name) else ():
            message = f"{mismatch.name} is declared, but nothing imports it."
            yield Breach(message, PYPROJECT, place.line, place.column)


def _places(repo: Repo, name: str) -> list[places.TomlPlace]:
    """Where a dependency of every user is declared; [] for any other."""
    listed = [each.place for each in declared_requirements.required(repo) if each.name == name]
    listed += [each.place for each in declared_requirements.of_poetry(repo) if each.name == name and not each.group]
    return listed[:1]


def misplaced(repo: Repo, mismatches: Mismatches) -> Iterator[Breach]:
    """Each module that the program imports from a development dependency, except in a function that may need none."""
    for mismatch in mismatches:
        if mismatch.code == "DEP004" and _is_essential(repo, mismatch) and not _is_in_function(repo, mismatch):
            message = f"{mismatch.name} is imported here, but declared for development only."
            yield Breach(message, mismatch.path, mismatch.line, mismatch.column)


def _is_in_function(repo: Repo, mismatch: Mismatch) -> bool:
    around = (each for node, around in _imports(repo, mismatch.path) if node.lineno == mismatch.line for each in around)
    return any(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in around)
