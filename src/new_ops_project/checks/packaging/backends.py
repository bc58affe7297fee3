"""Rules about the build system of a distribution."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.formats import locks
from new_ops_project.formats.document import Keys
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.requirements.pep508 import canonical_name

_BUILD = ("build-system", "build-backend")
_REQUIRES = ("build-system", "requires")
# Every backend that is known to exist, with the package that provides it.
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
# The backend that a wrong name means, by its first part.
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
# These packages install no backend except their own; any other requirement may bring one along.
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
_EXPRESSIONS = "77"  # the first setuptools that accepts license-files, or a license as an SPDX expression
_SETUP = re.compile(r"^(?:\w+\.)?setup\s*\(", re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:from|import)\s+(?:setuptools|distutils|numpy\.distutils|skbuild)\b", re.MULTILINE)
_TOOLS = ("hatch", "flit", "pdm", "poetry", "maturin", "uv", "meson-python", "scikit-build", "setuptools")


def no_such_backend(repo: Repo) -> Iterator[Breach]:
    """A build backend that does not exist, or that nothing installs."""
    backend = repo.pyproject.string(*_BUILD)
    if not backend or repo.pyproject.get("build-system", "backend-path") is not None:
        return
    if backend not in BACKENDS:
        intended = _intended(backend)
        if replacement := intended or _only_candidate(repo):
            is_certain = intended and not _is_missing(repo, BACKENDS[replacement])
            yield Breach(
                f"There is no build backend {backend}.",
                *repo.in_pyproject(*_BUILD),
                _rewrite(repo, _BUILD, replacement) if is_certain else (),
                f'Write build-backend = "{replacement}".',
            )
    elif _is_missing(repo, BACKENDS[backend]):
        message = f"{backend} is the build backend, but nothing in requires installs {BACKENDS[backend]}."
        yield Breach(message, *repo.in_pyproject(*_REQUIRES), remedy=f'Add "{BACKENDS[backend]}" to requires.')


def _intended(name: str) -> str:
    """The backend that a wrong name means; '' for a name that may be right."""
    module = name.partition(":")[0]
    usual = _USUAL.get(module.split(".")[0], "")
    same = [known for known in BACKENDS if known.split(".")[0] == usual.split(".")[0] and ":" not in known]
    return next(iter(get_close_matches(module, same, n=1, cutoff=0.9)), usual)


def _required(repo: Repo) -> list[str]:
    """The names of the packages that the build requires; '' for what is not a requirement, such as a path."""
    return [pep508.requirement_name(text) for text in repo.pyproject.strings(*_REQUIRES)]


def _only_candidate(repo: Repo) -> str:
    """The first backend that the build requires, if the requirements can have no other; else ''."""
    names = _required(repo)
    backends = (backend for name in names for backend, package in BACKENDS.items() if package == name)
    return "" if set(names) - _ALONE else next(backends, "")


def _is_missing(repo: Repo, package: str) -> bool:
    """Whether nothing that the build requires can install the package."""
    names = set(_required(repo))
    return names <= _ALONE and not any(package in {name, *_BRINGS.get(name, ())} for name in names)


def _rewrite(repo: Repo, keys: Keys, new: str) -> Fix:
    """The edit that replaces a string; none where it would need an escape."""
    place = repo.pyproject.place(*keys)
    quoted = place.quoted(new)
    return (Edit(PYPROJECT, place.line, place.column, place.raw, quoted),) if quoted else ()


def license_too_new(repo: Repo) -> Iterator[Breach]:
    """A license that some setuptools that may build the project rejects."""
    key, backend = _license_key(repo), repo.pyproject.string(*_BUILD)
    if not key or (backend and not backend.startswith("setuptools")):
        return
    for index, text in enumerate(repo.pyproject.strings(*_REQUIRES)):
        requirement = pep508.parse(text)
        if not requirement or canonical_name(requirement.name) != "setuptools" or requirement.url:
            continue
        is_new, is_capped = _compare(requirement.specifier, _EXPRESSIONS)
        if is_capped or not is_new:
            message = f"{text} allows {'only ' if is_capped else ''}versions before 77, which reject {key}."
            is_bound = _BOUND.fullmatch(text.strip())
            fix = _rewrite(repo, (*_REQUIRES, index), f"setuptools>={_EXPRESSIONS}") if is_bound else ()
            severity = Severity.ERROR if is_capped else None
            yield Breach(message, *repo.in_pyproject(*_REQUIRES, index), fix, severity=severity)


def _compare(specifier: SpecifierSet, version: str) -> tuple[bool, bool]:
    """Whether the specifier allows only that version or later ones, and whether it allows only earlier ones."""
    try:
        clauses = [(clause.operator, Version(clause.version.removesuffix(".*"))) for clause in specifier]
    except ValueError:
        return True, False
    first = Version(version)
    is_new = any(operator in {">=", "==", "===", "~=", ">"} and bound >= first for operator, bound in clauses)
    is_capped = any(operator in {"<=", "==", "===", "~="} and bound < first for operator, bound in clauses)
    return is_new, is_capped or any(operator == "<" and bound <= first for operator, bound in clauses)


def _license_key(repo: Repo) -> str:
    """The license setting that only a setuptools with PEP 639 accepts, as it is written; '' if there is none."""
    if text := repo.pyproject.string("project", "license"):
        return f'license = "{text}"'
    return "license-files" if isinstance(repo.pyproject.get("project", "license-files"), list) else ""


def only_setup_py(repo: Repo) -> Iterator[Breach]:
    """A setup.py that describes a distribution, without a pyproject.toml or a setup.cfg that does."""
    tables = (("project",), ("build-system",), ("tool", "poetry"), ("tool", "flit"))
    is_stub = bool(repo.setup.cfg.string("name")) and "name" not in repo.setup.py.table()
    is_described = is_stub or any(repo.pyproject.table(*keys) for keys in tables)
    text = repo.setup.py.text.replace("\r\n", "\n")
    call = _SETUP.search(text)
    if not is_described and not repo.pyproject.problem and (call and _IMPORT.search(text)):
        yield Breach("Only setup.py describes how this is built.", "setup.py", text.count("\n", 0, call.start()) + 1, 1)


def no_build_system(repo: Repo) -> Iterator[Breach]:
    """A distribution without [build-system]."""
    pyproject = repo.pyproject
    if repo.tier == "script" or not pyproject.table("project") or "build-system" in pyproject.table():
        return
    if pyproject.get("tool", "uv", "package") is False or not _is_installed(repo):
        return
    tool = next((name for name in _TOOLS if pyproject.table("tool", name)), "")
    remedy = f"Write the [build-system] of {tool}." if tool not in {"", "uv", "setuptools"} else ""
    yield Breach(
        "There is no [build-system], so nothing says how to build this.",
        *repo.in_pyproject("project"),
        _add_setuptools(repo),
        remedy,
    )


def _is_installed(repo: Repo) -> bool:
    """Whether the project is meant to be installed: it has commands, a src layout or metadata for an index."""
    project = repo.pyproject.table("project")
    return bool(
        repo.commands or repo.layout.place.startswith("src/") or {"classifiers", "urls", "keywords"} & project.keys()
    )


def _add_setuptools(repo: Repo) -> Fix:
    """The build system that pip assumes without one, so the build stays the same; no fix with other tools."""
    others = {"setup.py", "setup.cfg"} & repo.paths or locks.present(repo.paths)
    if others or any(repo.pyproject.table("tool", name) for name in _TOOLS):
        return ()
    text = repo.pyproject.text.replace("\r\n", "\n")
    blank = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    table = f'[build-system]\nrequires = ["setuptools>={_EXPRESSIONS}"]\nbuild-backend = "setuptools.build_meta"\n'
    last = text.split("\n")
    return (Edit(PYPROJECT, len(last), len(last[-1]) + 1, "", blank + table),)
