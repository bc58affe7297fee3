"""Rules about [build-system]: that there is one, and that what it names is there."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.toml import places
from new_ops_project.template.pins.pins_yml import normalise

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_BUILD = ("build-system", "build-backend")
_REQUIRES = ("build-system", "requires")
# Every backend that is known to exist, with the package that has it.
BACKENDS: Mapping[str, str] = {
    "setuptools.build_meta": "setuptools",
    "setuptools.build_meta:__legacy__": "setuptools",
    "hatchling.build": "hatchling",
    "hatchling.ouroboros": "hatchling",
    "flit_core.buildapi": "flit-core",
    "flit_core.build_thyself": "flit-core",
    "flit.buildapi": "flit",
    "poetry.core.masonry.api": "poetry-core",
    "poetry.masonry.api": "poetry",
    "poetry_dynamic_versioning.backend": "poetry-dynamic-versioning",
    "pdm.backend": "pdm-backend",
    "pdm.backend.intree": "pdm-backend",
    "pdm.pep517.api": "pdm-pep517",
    "uv_build": "uv-build",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "scikit_build_core.build": "scikit-build-core",
    "scikit_build_core.setuptools.build_meta": "scikit-build-core",
    "whey": "whey",
    "sipbuild.api": "sip",
    "enscons.api": "enscons",
    "pbr.build": "pbr",
    "jupyter_packaging.build_api": "jupyter-packaging",
    "py_build_cmake.build": "py-build-cmake",
}
# What is meant by a module that is none, by the beginning of its name.
_USUAL = {
    "setuptools": "setuptools.build_meta",
    "hatchling": "hatchling.build",
    "hatch": "hatchling.build",
    "flit_core": "flit_core.buildapi",
    "flit": "flit_core.buildapi",
    "poetry": "poetry.core.masonry.api",
    "poetry_core": "poetry.core.masonry.api",
    "pdm": "pdm.backend",
    "uv_build": "uv_build",
    "maturin": "maturin",
    "mesonpy": "mesonpy",
    "scikit_build_core": "scikit_build_core.build",
}
# Beside one of these alone no backend is installed; whatever else is required may bring one along.
_ALONE = frozenset({*BACKENDS.values(), "wheel", "cython", "numpy", "pip", "tomli", "packaging", "build", "ninja"})
_BRINGS = {
    "poetry": {"poetry-core"},
    "flit": {"flit-core"},
    "pbr": {"setuptools"},
    "hatch": {"hatchling"},
    "poetry-dynamic-versioning": {"poetry-core"},
    "jupyter-packaging": {"setuptools"},
    "enscons": {"setuptools"},
    "scikit-build-core": {"setuptools"},
    "sip": {"setuptools"},
}
_BOUND = re.compile(r"setuptools(?: *>= *[\d.]+)?")
_EXPRESSIONS = "77"  # the first setuptools that takes a license as an SPDX expression, and license-files
_TOOLS = ("hatch", "flit", "pdm", "poetry", "maturin", "uv", "meson-python", "scikit-build", "setuptools")


def no_such_backend(repo: Repo) -> Iterator[Breach]:
    """A build backend that does not exist, or that nothing installs."""
    said = repo.pyproject.string(*_BUILD)
    if not said or repo.pyproject.get("build-system", "backend-path") is not None:
        return
    place = places.place(repo.pyproject, *_BUILD)
    if said not in BACKENDS:
        meant = _meant(said) or _only_one(repo)
        if meant:
            yield Breach(
                f"There is no build backend {said}.",
                PYPROJECT,
                place.line,
                place.column,
                _renamed(repo, meant) if _meant(said) else (),
                f'Write build-backend = "{meant}".',
            )
    elif _is_missing(repo, BACKENDS[said]):
        package = BACKENDS[said]
        place = places.place(repo.pyproject, *_REQUIRES)
        yield Breach(
            f"{said} is the build backend, and nothing in requires installs {package}.",
            PYPROJECT,
            place.line,
            place.column,
            remedy=f'Add "{package}" to requires.',
        )


def _meant(said: str) -> str:
    """The backend that a name stands for which is none; '' for one that may exist."""
    module = said.partition(":")[0]
    usual = _USUAL.get(re.split(r"[.:]", module)[0], "")
    if not usual:
        return ""
    same = [name for name in BACKENDS if name.split(".")[0] == usual.split(".")[0] and ":" not in name]
    near = get_close_matches(module, same, n=1, cutoff=0.9)
    return near[0] if near else usual


def _only_one(repo: Repo) -> str:
    """The first backend of what the build requires, where nothing of that can have any other; else ''."""
    names = [pep508.name(text) for text in repo.pyproject.strings(*_REQUIRES)]
    if set(names) - _ALONE:
        return ""
    return next((backend for name in names for backend, package in BACKENDS.items() if package == name), "")


def _renamed(repo: Repo, meant: str) -> Fix:
    """The right name, where what has it is required already: such a project cannot be built as it is."""
    place = places.place(repo.pyproject, *_BUILD)
    new = place.said(meant)
    if not new or _is_missing(repo, BACKENDS[meant]):
        return ()
    return (Edit(PYPROJECT, place.line, place.column, place.raw, new),)


def _is_missing(repo: Repo, package: str) -> bool:
    """Whether nothing that the build requires can have the package."""
    names = {pep508.name(text) for text in repo.pyproject.strings(*_REQUIRES)}
    if package in names or "" in names or names - _ALONE:
        return False
    return not any(package in _BRINGS.get(name, ()) for name in names)


def license_too_new(repo: Repo) -> Iterator[Breach]:
    """A license that the setuptools which may build it refuses."""
    key = _key(repo)
    said = repo.pyproject.string(*_BUILD)
    if not key or (said and not said.startswith("setuptools")):
        return
    for at, text in _requires(repo):
        found = pep508.parsed(text)
        is_meant = found and normalise(found.name) == "setuptools" and not found.url
        is_new, is_capped = _against(found.specifier, _EXPRESSIONS) if found and is_meant else (True, False)
        if is_capped or not is_new:
            place = places.place(repo.pyproject, *_REQUIRES, at)
            message = f"{text} allows {'only ' if is_capped else ''}versions that refuse {key}: those before 77."
            raised = place.said(f"setuptools>={_EXPRESSIONS}") if _BOUND.fullmatch(text.strip()) else ""
            fix: Fix = (Edit(PYPROJECT, place.line, place.column, place.raw, raised),) if raised else ()
            yield Breach(
                message, PYPROJECT, place.line, place.column, fix, severity=Severity.ERROR if is_capped else None
            )


def _against(specifier: "SpecifierSet", version: str) -> tuple[bool, bool]:
    """Whether the specifier allows nothing before that version; whether it allows nothing from there on."""
    from packaging.version import InvalidVersion, Version

    try:
        known = [(one.operator, Version(one.version.removesuffix(".*"))) for one in specifier]
    except InvalidVersion:
        return True, False
    first = Version(version)
    is_new = any(operator in {">=", "==", "===", "~=", ">"} and at >= first for operator, at in known)
    is_capped = any(operator in {"<=", "==", "===", "~="} and at < first for operator, at in known)
    return is_new, is_capped or any(operator == "<" and at <= first for operator, at in known)


def _key(repo: Repo) -> str:
    """What only a setuptools that knows PEP 639 takes, as it is written."""
    if text := repo.pyproject.string("project", "license"):
        return f'license = "{text}"'
    return "license-files" if isinstance(repo.pyproject.get("project", "license-files"), list) else ""


def _requires(repo: Repo) -> list[tuple[int, str]]:
    listed = repo.pyproject.get(*_REQUIRES)
    return [(at, text) for at, text in enumerate(listed if isinstance(listed, list) else ()) if isinstance(text, str)]


_SETUP = re.compile(r"^(?:\w+\.)?setup\s*\(", re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:from|import)\s+(?:setuptools|distutils|numpy\.distutils|skbuild)\b", re.MULTILINE)


def only_setup_py(repo: Repo) -> Iterator[Breach]:
    """A setup.py that describes a distribution, and no pyproject.toml that does."""
    tables = (("project",), ("build-system",), ("tool", "poetry"), ("tool", "flit"))
    is_described = any(repo.pyproject.table(*keys) for keys in tables)
    text = repo.setup.py.text.replace("\r\n", "\n")
    call = _SETUP.search(text)
    if not is_described and not repo.pyproject.problem and (call and _IMPORT.search(text)):
        line = text.count("\n", 0, call.start()) + 1
        yield Breach("setup.py is all that says how this is built.", "setup.py", line, 1)


def no_build_system(repo: Repo) -> Iterator[Breach]:
    """A distribution of which nothing says by what it is built."""
    pyproject = repo.pyproject
    if repo.tier == "script" or not pyproject.table("project") or "build-system" in pyproject.table():
        return
    if pyproject.get("tool", "uv", "package") is False or not _is_installed(repo):
        return
    line = places.place(pyproject, "project").line
    tool = next((name for name in _TOOLS if pyproject.table("tool", name)), "")
    remedy = f"Write the [build-system] of {tool}." if tool not in {"", "uv", "setuptools"} else ""
    yield Breach(
        "Nothing says by what this is built: there is no [build-system].", PYPROJECT, line, 1, _default(repo), remedy
    )


def _is_installed(repo: Repo) -> bool:
    """Whether it is meant to be: by its commands, by a layout that needs it, or by what is said for an index."""
    project = repo.pyproject.table("project")
    return bool(
        repo.commands or repo.layout.place.startswith("src/") or {"classifiers", "urls", "keywords"} & project.keys()
    )


def _default(repo: Repo) -> Fix:
    """What pip takes where there is none, so that nothing changes; for other tools it would."""
    others = ("uv.lock", "poetry.lock", "pdm.lock", "setup.py", "setup.cfg")
    if any(path in repo.paths for path in others) or any(repo.pyproject.table("tool", name) for name in _TOOLS):
        return ()
    text = repo.pyproject.text.replace("\r\n", "\n")
    blank = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    table = f'[build-system]\nrequires = ["setuptools>={_EXPRESSIONS}"]\nbuild-backend = "setuptools.build_meta"\n'
    last = text.split("\n")
    return (Edit(PYPROJECT, len(last), len(last[-1]) + 1, "", blank + table),)
