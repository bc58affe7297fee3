"""The tables of pyproject.toml with which a project that setup.py described is built."""

from typing import Any

from new_ops_project.formats import document
from new_ops_project.formats.document import Files
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.setuptools.setup_py import FOUND

# Keywords that hatchling has settings for or needs none for, and two that have no meaning today.
WITHIN_HATCH = {
    "packages",
    "package_dir",
    "py_modules",
    "package_data",
    "include_package_data",
    "setup_requires",
    "zip_safe",
    "test_suite",
}
_TESTS = {"tests", "test", "testing"}


def declared(files: Files) -> str:
    """The build backend that pyproject.toml names; '' where it names none."""
    return document.toml(files, "pyproject.toml").string("build-system", "build-backend")


def tables(setup: Setup, files: Files, *, needs_setuptools: bool) -> dict[str, Any]:
    """The table [tool] for hatchling where that builds the same wheel, else [build-system] for setuptools.

    Empty where pyproject.toml names a backend already that these do not fit.
    """
    is_hatch = declared(files) in {"", "hatchling.build"} and not needs_setuptools
    if is_hatch and (wheel := _wheel(setup, files)):
        return {"tool": {"hatch": {"build": {"targets": {"wheel": wheel}}}}}
    # Without a build-backend, tools build as they do without a pyproject.toml: setup.py can import what is beside it.
    # License expressions (PEP 639) need that version.
    return {} if declared(files) else {"build-system": {"requires": ["setuptools>=77.0.3"]}}


def _wheel(setup: Setup, files: Files) -> dict[str, Any]:
    """The settings with which hatchling packs the same packages; {} where they are not certain."""
    folders = setup.get("package_dir") or {"": ""}
    if not isinstance(folders, dict) or folders.keys() != {""}:
        return {}
    root = str(folders[""]).strip("./")
    start = f"{root}/" if root else ""
    modules = [f"{start}{name.replace('.', '/')}.py" for name in setup.strings("py_modules")]
    if setup.get("packages") == FOUND or not (setup.get("packages") or modules):
        names = _top_packages(files, start)
    else:
        names = sorted({name.partition(".")[0] for name in setup.strings("packages")})
    is_unclear = setup.get("packages") == FOUND and len(names) != 1
    if is_unclear or not (names or modules) or not all(name.isidentifier() for name in names):
        return {}
    packages = [f"{start}{name}" for name in names]
    if not modules:
        return {"packages": packages}
    return {"only-include": [*packages, *modules]} | ({"sources": [root]} if root else {})


def _top_packages(files: Files, start: str) -> list[str]:
    """The packages in a folder, except tests, by name."""
    below = (path.removeprefix(start).split("/") for path in files if path.startswith(start))
    return sorted({parts[0] for parts in below if parts[1:] == ["__init__.py"]} - _TESTS)
