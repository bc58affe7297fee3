"""How a project that setup.py described is built from pyproject.toml: with hatchling, or with setuptools still."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from new_ops_project.formats import document
from new_ops_project.formats.document import decoded
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.values import Computed, Contents, Packages

# The first setuptools that knows license expressions (PEP 639).
_SETUPTOOLS = "setuptools>=77.0.3"
# What [tool.setuptools] has a place for, by its name there.
_PLACES = {
    "scripts": "script-files",
    "data_files": "data-files",
    "package_data": "package-data",
    "exclude_package_data": "exclude-package-data",
    "include_package_data": "include-package-data",
    "package_dir": "package-dir",
    "py_modules": "py-modules",
}
# What hatchling cannot do, and pyproject.toml has no place for.
_CODE = (
    "cmdclass",
    "distclass",
    "ext_modules",
    "ext_package",
    "libraries",
    "include_dirs",
    "headers",
    "cffi_modules",
    "rust_extensions",
    "pbr",
    "features",
    "namespace_packages",
)
_WITHOUT_HATCH = ("scripts", "data_files", *_CODE)
_VERSION = re.compile(r"^(__version__|VERSION)(?: ?: ?str)? *= *(['\"])v?(.+?)\2", re.MULTILINE | re.IGNORECASE)
_OTHERS = ("tests", "test", "docs", "doc", "examples", "build", "dist", "scripts", "tools")

KEYWORDS = (*_PLACES, *_CODE, "packages", "setup_requires", "use_scm_version")


@dataclass(frozen=True)
class DeclaredVersion:
    """`text`: the version, as far as it could be told. `path`: the file that holds it, '' if setup() itself does."""

    text: str = ""
    path: str = ""
    is_plain: bool = False


@dataclass(frozen=True)
class Backend:
    """The tables that the build needs, and clauses of what they cannot say."""

    tool: dict[str, Any] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    needs_setuptools: bool = False


def declared_version(setup: Setup) -> DeclaredVersion:
    """The version of setup(): its literal, or that of the one file of the repository that can be meant."""
    found = setup.get("version")
    if isinstance(found, Contents):
        return DeclaredVersion(found.strip(), found.path, is_plain=True)
    if isinstance(found, str | float | int) and not isinstance(found, bool):
        return DeclaredVersion(str(found).strip())
    if not isinstance(found, Computed):
        return DeclaredVersion()
    text = f"{setup.py.text} {found.text}"
    candidates = dict(_versions(setup, text))
    named = {path: version for path, version in candidates.items() if _is_named(path, text)}
    chosen = named if len(named) == 1 else candidates
    return (
        DeclaredVersion(*next((version, path) for path, version in chosen.items()))
        if len(chosen) == 1
        else DeclaredVersion()
    )


def _versions(setup: Setup, text: str) -> Iterator[tuple[str, str]]:
    """Each file that assigns a version to a name that is in setup.py, and that version."""
    for path, content in setup.files.items():
        if path.endswith(".py") and path != "setup.py" and path.split("/")[0] not in _OTHERS:
            found = {match[3] for match in _VERSION.finditer(decoded(content)) if match[1] in text}
            if len(found) == 1:
                yield path, found.pop()


def _is_named(path: str, text: str) -> bool:
    """Whether the text names the file, by its path, by its parts or as a module."""
    words = set(re.findall(r"[\w./-]+", text))
    module = _module(path)
    parts = path.removeprefix("src/").split("/")
    is_imported = re.search(rf"\b(?:from|import|attr:)\s+{re.escape(module)}\b(?!\.(?!__version__|VERSION))", text)
    return path in words or words.issuperset(parts) or bool(is_imported)


def _module(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def choose_backend(setup: Setup, at: DeclaredVersion, *, needs_setuptools: bool) -> Backend:
    """The backend: hatchling unless something needs setuptools. `needs_setuptools`: whether a computed value does."""
    code = [name for name in _CODE if setup.get(name)]
    left = tuple(f"{setup.where(name)} {name} has no place in pyproject.toml: keep it there" for name in code)
    said = document.toml(setup.files, "pyproject.toml").string("build-system", "build-backend")
    names = top_packages(setup)
    if needs_setuptools or said.startswith("setuptools") or _is_beyond_hatch(setup, names):
        return Backend(_setuptools(setup, at), _build(setup), left, needs_setuptools=True)
    return Backend(_hatch(setup, names, at) if said in {"", "hatchling.build"} else {}, left=left)


def _is_beyond_hatch(setup: Setup, names: tuple[str, ...]) -> bool:
    """Whether the build does what hatchling cannot, or what could not be told."""
    folders = setup.get("package_dir")
    is_odd = isinstance(folders, dict) and bool(folders.keys() - {""})
    is_computed = any(isinstance(setup.get(name), Computed) for name in KEYWORDS)
    is_lost = bool(setup.get("packages")) and not names
    return is_odd or is_computed or is_lost or any(setup.get(name) for name in (*_WITHOUT_HATCH, "use_scm_version"))


def top_packages(setup: Setup) -> tuple[str, ...]:
    """The folders of the top-level packages, by path; () where they could not be told."""
    found = setup.get("packages")
    if isinstance(found, Packages):
        return tuple(sorted(set(_found(setup, found))))
    folders = setup.get("package_dir")
    root = str(folders.get("", "")) if isinstance(folders, dict) else ""
    names = found if isinstance(found, list) else []
    tops = dict.fromkeys(name.partition(".")[0] for name in names if isinstance(name, str))
    return tuple(f"{root}/{name}".strip("./") for name in tops if name.strip("./"))


def _found(setup: Setup, pattern: Packages) -> Iterator[str]:
    start = f"{pattern.where}/" if pattern.where else ""
    for path in setup.files:
        name, slash, rest = path.removeprefix(start).partition("/")
        is_package = rest.endswith(".py") if pattern.namespaces else rest == "__init__.py"
        if path.startswith(start) and slash and is_package and _is_wanted(name, pattern):
            yield f"{start}{name}"


def _is_wanted(name: str, pattern: Packages) -> bool:
    included = not pattern.include or any(fnmatchcase(name, glob) for glob in pattern.include)
    return included and not any(fnmatchcase(name, glob) for glob in pattern.exclude) and name not in _OTHERS[:2]


def _hatch(setup: Setup, names: tuple[str, ...], at: DeclaredVersion) -> dict[str, Any]:
    modules = [f"{name.replace('.', '/')}.py" for name in _texts(setup.get("py_modules"))]
    folders = setup.get("package_dir")
    root = str(folders.get("", "")).strip("./") if isinstance(folders, dict) else ""
    wheel: dict[str, Any] = {"packages": [*names]} if names else {}
    if modules:
        wheel = {"only-include": [*names, *(f"{root}/{path}".strip("/") for path in modules)]}
        wheel |= {"sources": [root]} if root else {}
    found: dict[str, Any] = {"build": {"targets": {"wheel": wheel}}} if wheel else {}
    if at.path:
        found["version"] = {"path": at.path} | ({"pattern": r"(?P<version>\S+)"} if at.is_plain else {})
    return {"hatch": found} if found else {}


def _setuptools(setup: Setup, at: DeclaredVersion) -> dict[str, Any]:
    values = {place: setup.get(name) for name, place in _PLACES.items()}
    values["data-files"] = _data_files(values["data-files"])
    found = {place: value for place, value in values.items() if _is_plain(value)}
    listed = setup.get("packages")
    if isinstance(listed, Packages):
        key = {"where": [listed.where or "."], "include": [*listed.include], "exclude": [*listed.exclude]}
        find = {name: value for name, value in key.items() if value}
        found["packages"] = {"find": find | {"namespaces": listed.namespaces}}
    elif _texts(listed):
        found["packages"] = _texts(listed)
    if at.path and at.is_plain:
        found["dynamic"] = {"version": {"file": [at.path]}}
    elif at.path:
        found["dynamic"] = {"version": {"attr": f"{_module(at.path)}.__version__"}}
    tables: dict[str, Any] = {"setuptools": found} if found else {}
    scm = setup.get("use_scm_version")
    return tables | ({"setuptools_scm": scm if _is_plain(scm) and isinstance(scm, dict) else {}} if scm else {})


def _data_files(value: Any) -> Any:
    """Pairs of a folder and its files, as a table."""
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2] if isinstance(value, list) else []  # noqa: PLR2004
    return {str(folder): _texts(paths) for folder, paths in pairs} or value


def _build(setup: Setup) -> dict[str, Any]:
    wanted = [text for text in _texts(setup.get("setup_requires")) if pep508.parse(text)]
    names = {pep508.canonical_name(text) for text in wanted}
    extra = [] if "setuptools-scm" in names or not setup.get("use_scm_version") else ["setuptools-scm>=8"]
    mine = [text for text in wanted if pep508.canonical_name(text) not in {"setuptools", "wheel", "pytest-runner"}]
    return {"requires": [_SETUPTOOLS, *extra, *mine], "build-backend": "setuptools.build_meta"}


def _is_plain(value: Any) -> bool:
    """Whether TOML can hold it as it is: texts, and lists and tables of them."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        return bool(value) and all(isinstance(key, str) and _is_leaf(item) for key, item in value.items())
    return isinstance(value, str | bool) and bool(value)


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
