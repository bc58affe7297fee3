"""The deptry linter: imports that do not match the declared dependencies."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.scratch import temporary_folder
from new_ops_project.checks import declared_requirements
from new_ops_project.checks.linters import program
from new_ops_project.checks.linters.module_names import MODULES
from new_ops_project.checks.repo import Repo
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.template.pins import locks_yml

NAME = "deptry"
_DYNAMIC = ("tool", "setuptools", "dynamic", "dependencies")
_COMPUTED = re.compile(r"\binstall_requires\s*=")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Mismatch:
    """One violation that deptry reports; `code` is deptry's, `name` is a module, or a package for DEP002."""

    code: str
    name: str
    path: str
    line: int
    column: int


Mismatches = tuple[Mismatch, ...]


def report(repo: Repo) -> Mismatches:
    """The violations that deptry reports; () if the project declares no dependencies to compare with.

    Raises UncheckedError if deptry is not installed, or cannot read how the dependencies are declared.
    """
    if not repo.python_files:
        return ()
    with temporary_folder() as folder:
        sources = _source_options(repo, folder)
        if sources is None:
            return ()
        report = folder / "deptry.json"
        options = ("--no-ansi", "--json-output", str(report), *sources, *_module_options(repo))
        result = program.run(repo, NAME, ".", *options)
        if not report.is_file():
            lines = [line for line in result.stderr.splitlines() if line.strip()] or ["it wrote no report"]
            raise program.failed(NAME, lines[-1].strip())
        return tuple(_mismatch(violation) for violation in json.loads(report.read_bytes()))


def _source_options(repo: Repo, folder: Path) -> tuple[str, ...] | None:
    """The options that say where the dependencies are declared; None if they are declared nowhere that can be read.

    Without these options deptry takes an empty [project] as a project without dependencies, and ignores requirements
    files. It does not read setup.py and setup.cfg, so it gets their requirements as a file in `folder`.
    """
    project, dynamic = repo.pyproject.table("project"), repo.pyproject.strings("project", "dynamic")
    if repo.pyproject.problem or ("dependencies" in dynamic and not repo.pyproject.get(*_DYNAMIC)):
        return None
    if "dependencies" in project or "dependencies" in dynamic or repo.pyproject.table("tool", "poetry"):
        return ()
    names: tuple[str, ...] = ("requirements.in", "requirements.txt")
    listed = [name for name in names if name in repo.paths][:1]
    of_setup = [each.text for each in declared_requirements.of_setup(repo) if each.parsed]
    if of_setup:
        listed.append(str(folder / "setup.txt"))
        (folder / "setup.txt").write_text("\n".join(of_setup), "utf-8")
    elif _COMPUTED.search(repo.setup.py.text) and not (listed and listed[0] in repo.setup.py.text):
        return None
    if listed and not repo.pyproject.table("tool", "deptry"):
        return ("--config", "none", "--requirements-files", ",".join(listed))
    return () if project and not listed else None


def _module_options(repo: Repo) -> list[str]:
    """The option that maps declared packages to their modules; the project's own map comes first.

    For a package that is not known, it is what deptry takes where the package is not installed: whether it is installed
    beside this tool by chance must not matter.
    """
    configured = repo.pyproject.table("tool", "deptry", "package_module_name_map")
    names = (name for name in spellings(repo) if name not in configured)
    known = {name: modules(name) or (re.sub(r"[-.]", "_", name).lower(),) for name in names}
    mapped = known | {name: _strings(value) for name, value in configured.items()}
    text = ",".join(f"{name}={'|'.join(names)}" for name, names in sorted(mapped.items()) if names)
    return ["--package-module-name-map", text] if text else []


def _strings(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))


def modules(name: str) -> tuple[str, ...]:
    """The top-level modules of a package; () if they are not known."""
    package = canonical_name(name)
    return MODULES.get(package) or locks_yml.shipped().modules.get(package, ())


def spellings(repo: Repo) -> set[str]:
    """Every declared package in each spelling: deptry's map of modules compares names without normalising them."""
    requirements = (*declared_requirements.required(repo), *declared_requirements.optional(repo))
    requirements += tuple(declared_requirements.of_setup(repo))
    names = {requirement.parsed.name for requirement in requirements if requirement.parsed}
    for keys in _poetry_tables(repo):
        names |= repo.pyproject.table(*keys).keys()
    entries = (entry for file in repo.requirements for entry in file.entries if entry.kind == "name")
    locked = (match[0] for entry in entries if (match := _NAME.match(entry.text)))
    return {name for name in (*names, *locked) if _NAME.fullmatch(name)}


def _poetry_tables(repo: Repo) -> list[tuple[str, ...]]:
    tool = ("tool", "poetry")
    groups = ((*tool, "group", group, "dependencies") for group in repo.pyproject.table(*tool, "group"))
    return [(*tool, "dependencies"), (*tool, "dev-dependencies"), *groups]


def _mismatch(violation: Mapping[str, Any]) -> Mismatch:
    place = violation["location"]
    path = place["file"].replace("\\", "/").removeprefix("./")
    return Mismatch(violation["error"]["code"], violation["module"], path, place["line"] or 0, place["column"] or 0)
