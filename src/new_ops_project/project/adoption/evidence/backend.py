"""The build configuration in pyproject.toml for a project that setup.py described."""

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

# The first version of setuptools that supports license expressions (PEP 639).
_SETUPTOOLS = "setuptools>=77.0.3"
# Keywords of setup() with their names in [tool.setuptools].
_SETUPTOOLS_KEYS = {
    "scripts": "script-files",
    "data_files": "data-files",
    "package_data": "package-data",
    "exclude_package_data": "exclude-package-data",
    "include_package_data": "include-package-data",
    "package_dir": "package-dir",
    "py_modules": "py-modules",
}
# Keywords that hatchling does not support, and that pyproject.toml cannot express for setuptools either.
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

KEYWORDS = (*_SETUPTOOLS_KEYS, *_CODE, "packages", "setup_requires", "use_scm_version")


@dataclass(frozen=True)
class DeclaredVersion:
    """The version of a project.

    `text` is '' if the version is unknown. `path` is the file that contains it, '' if setup() itself does; the whole
    file is the version if `is_plain`.
    """

    text: str = ""
    path: str = ""
    is_plain: bool = False


@dataclass(frozen=True)
class Backend:
    """The tables [tool] and [build-system] for the build, and clauses about what they cannot express."""

    tool: dict[str, Any] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    needs_setuptools: bool = False


def declared_version(setup: Setup) -> DeclaredVersion:
    """The version that setup() declares.

    Where it is computed, it is that of the only file that assigns a version to a name which setup.py mentions.
    """
    value = setup.get("version")
    if isinstance(value, Contents):
        return DeclaredVersion(value.strip(), value.path, is_plain=True)
    if isinstance(value, str | float | int) and not isinstance(value, bool):
        return DeclaredVersion(str(value).strip())
    if not isinstance(value, Computed):
        return DeclaredVersion()
    text = f"{setup.py.text} {value.text}"
    candidates = dict(_versions(setup, text))
    named = {path: version for path, version in candidates.items() if _is_named(path, text)}
    chosen = named if len(named) == 1 else candidates
    return (
        DeclaredVersion(*next((version, path) for path, version in chosen.items()))
        if len(chosen) == 1
        else DeclaredVersion()
    )


def _versions(setup: Setup, text: str) -> Iterator[tuple[str, str]]:
    """Each file that assigns a version to a name that is in setup.py, with that version."""
    for path, content in setup.files.items():
        if path.endswith(".py") and path != "setup.py" and path.split("/")[0] not in _OTHERS:
            versions = {match[3] for match in _VERSION.finditer(decoded(content)) if match[1] in text}
            if len(versions) == 1:
                yield path, versions.pop()


def _is_named(path: str, text: str) -> bool:
    """Whether the text names the file: by its path, by all parts of it, or as a module."""
    words = set(re.findall(r"[\w./-]+", text))
    module = _module(path)
    parts = path.removeprefix("src/").split("/")
    is_imported = re.search(rf"\b(?:from|import|attr:)\s+{re.escape(module)}\b(?!\.(?!__version__|VERSION))", text)
    return path in words or words.issuperset(parts) or bool(is_imported)


def _module(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def choose_backend(setup: Setup, version: DeclaredVersion, *, needs_setuptools: bool) -> Backend:
    """Choose hatchling unless something needs setuptools; `needs_setuptools` says whether a computed value does."""
    code = [name for name in _CODE if setup.get(name)]
    problems = tuple(f"{setup.where(name)} {name} has no place in pyproject.toml: keep it there" for name in code)
    declared = document.toml(setup.files, "pyproject.toml").string("build-system", "build-backend")
    names = top_packages(setup)
    if needs_setuptools or declared.startswith("setuptools") or _is_beyond_hatch(setup, names):
        return Backend(_setuptools(setup, version), _build(setup), problems, needs_setuptools=True)
    return Backend(_hatch(setup, names, version) if declared in {"", "hatchling.build"} else {}, problems=problems)


def _is_beyond_hatch(setup: Setup, names: tuple[str, ...]) -> bool:
    """Whether the build does something that hatchling cannot do, or that is not known before setup.py runs."""
    folders = setup.get("package_dir")
    is_odd = isinstance(folders, dict) and bool(folders.keys() - {""})
    is_computed = any(isinstance(setup.get(name), Computed) for name in KEYWORDS)
    is_lost = bool(setup.get("packages")) and not names
    return is_odd or is_computed or is_lost or any(setup.get(name) for name in (*_WITHOUT_HATCH, "use_scm_version"))


def top_packages(setup: Setup) -> tuple[str, ...]:
    """The paths of the top-level packages' folders; () where they are unknown."""
    value = setup.get("packages")
    if isinstance(value, Packages):
        return tuple(sorted(set(_matching_packages(setup, value))))
    folders = setup.get("package_dir")
    root = str(folders.get("", "")) if isinstance(folders, dict) else ""
    names = value if isinstance(value, list) else []
    tops = dict.fromkeys(name.partition(".")[0] for name in names if isinstance(name, str))
    return tuple(f"{root}/{name}".strip("./") for name in tops if name.strip("./"))


def _matching_packages(setup: Setup, pattern: Packages) -> Iterator[str]:
    """The top-level packages that find_packages() or find_namespace_packages() would return, as paths."""
    start = f"{pattern.where}/" if pattern.where else ""
    for path in setup.files:
        name, slash, rest = path.removeprefix(start).partition("/")
        is_package = rest.endswith(".py") if pattern.namespaces else rest == "__init__.py"
        if path.startswith(start) and slash and is_package and _is_wanted(name, pattern):
            yield f"{start}{name}"


def _is_wanted(name: str, pattern: Packages) -> bool:
    included = not pattern.include or any(fnmatchcase(name, glob) for glob in pattern.include)
    return included and not any(fnmatchcase(name, glob) for glob in pattern.exclude) and name not in _OTHERS[:2]


def _hatch(setup: Setup, names: tuple[str, ...], version: DeclaredVersion) -> dict[str, Any]:
    modules = [f"{name.replace('.', '/')}.py" for name in _texts(setup.get("py_modules"))]
    folders = setup.get("package_dir")
    root = str(folders.get("", "")).strip("./") if isinstance(folders, dict) else ""
    wheel: dict[str, Any] = {"packages": [*names]} if names else {}
    if modules:
        wheel = {"only-include": [*names, *(f"{root}/{path}".strip("/") for path in modules)]}
        wheel |= {"sources": [root]} if root else {}
    table: dict[str, Any] = {"build": {"targets": {"wheel": wheel}}} if wheel else {}
    if version.path:
        table["version"] = {"path": version.path} | ({"pattern": r"(?P<version>\S+)"} if version.is_plain else {})
    return {"hatch": table} if table else {}


def _setuptools(setup: Setup, version: DeclaredVersion) -> dict[str, Any]:
    values = {place: setup.get(name) for name, place in _SETUPTOOLS_KEYS.items()}
    values["data-files"] = _data_files(values["data-files"])
    table = {place: value for place, value in values.items() if _is_plain(value)}
    listed = setup.get("packages")
    if isinstance(listed, Packages):
        key = {"where": [listed.where or "."], "include": [*listed.include], "exclude": [*listed.exclude]}
        find = {name: value for name, value in key.items() if value}
        table["packages"] = {"find": find | {"namespaces": listed.namespaces}}
    elif _texts(listed):
        table["packages"] = _texts(listed)
    if version.path and version.is_plain:
        table["dynamic"] = {"version": {"file": [version.path]}}
    elif version.path:
        table["dynamic"] = {"version": {"attr": f"{_module(version.path)}.__version__"}}
    tables: dict[str, Any] = {"setuptools": table} if table else {}
    scm = setup.get("use_scm_version")
    return tables | ({"setuptools_scm": scm if _is_plain(scm) and isinstance(scm, dict) else {}} if scm else {})


def _data_files(value: Any) -> Any:
    """The pairs of a folder and its files as a table; any other value unchanged."""
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2] if isinstance(value, list) else []  # noqa: PLR2004
    return {str(folder): _texts(paths) for folder, paths in pairs} or value


def _build(setup: Setup) -> dict[str, Any]:
    wanted = [text for text in _texts(setup.get("setup_requires")) if pep508.parse(text)]
    names = {pep508.requirement_name(text) for text in wanted}
    extra = [] if "setuptools-scm" in names or not setup.get("use_scm_version") else ["setuptools-scm>=8"]
    mine = [text for text in wanted if pep508.requirement_name(text) not in {"setuptools", "wheel", "pytest-runner"}]
    return {"requires": [_SETUPTOOLS, *extra, *mine], "build-backend": "setuptools.build_meta"}


def _is_plain(value: Any) -> bool:
    """Whether TOML can hold a value unchanged: a string, or a list or table of strings."""
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
