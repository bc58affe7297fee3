"""Deptry: which imports and which declared dependencies do not belong together."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.checks import declared_requirements, lock_files
from new_ops_project.checks.linters import program
from new_ops_project.checks.linters.module_names import MODULES
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.template.pins import locks_yml
from new_ops_project.template.pins.pins_yml import normalise

NAME = "deptry"
_DYNAMIC = ("tool", "setuptools", "dynamic", "dependencies")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Mismatch:
    """One thing that deptry found: `code` is its own, `name` a module, of DEP002 a package."""

    code: str
    name: str
    path: str
    line: int
    column: int


Mismatches = tuple[Mismatch, ...]


def report(repo: Repo) -> Mismatches:
    """What deptry finds in the folder; nothing where nothing is declared that could be compared.

    Raises UncheckedError where deptry is absent, or cannot read what is declared.
    """
    sources = _sources(repo) if repo.python_files else None
    if sources is None:
        return ()
    program.find(NAME)
    with tempfile.TemporaryDirectory(prefix="new-ops-project-") as folder:
        report = Path(folder) / "deptry.json"
        options = ("--no-ansi", "--json-output", str(report), *sources, *_known_modules(repo))
        done = program.said(NAME, ".", *options, cwd=repo.folder)
        if not report.is_file():
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it wrote no report"]
            raise UncheckedError(f"deptry failed: {lines[-1].strip()}", "Try `deptry .` by hand.")
        return tuple(_mismatch(one) for one in json.loads(report.read_bytes()))


def _sources(repo: Repo) -> tuple[str, ...] | None:
    """The options that say where the dependencies are declared; None where they are not.

    Without them, deptry takes an empty [project] for a project that needs nothing, whatever requirements files say.
    """
    project, dynamic = repo.pyproject.table("project"), repo.pyproject.strings("project", "dynamic")
    if repo.pyproject.problem or ("dependencies" in dynamic and not repo.pyproject.get(*_DYNAMIC)):
        return None
    if "dependencies" in project or "dependencies" in dynamic or repo.pyproject.table("tool", "poetry"):
        return ()
    listed = [path for path in ("requirements.in", "requirements.txt") if path in repo.paths]
    if listed and not repo.pyproject.table("tool", "deptry"):
        return ("--config", "none", "--requirements-files", listed[0])
    if [*declared_requirements.of_setup(repo)]:
        raise UncheckedError("setup.py or setup.cfg lists the dependencies, which deptry does not read.")
    return () if project and not listed else None


def _known_modules(repo: Repo) -> list[str]:
    """What is known of the modules of what is declared; what the project says of them itself, stays."""
    given = repo.pyproject.table("tool", "deptry", "package_module_name_map")
    known = {name: found for name in spellings(repo) if (found := modules(name)) and name not in given}
    mapped = known | {name: _several(value) for name, value in given.items()}
    text = ",".join(f"{name}={'|'.join(listed)}" for name, listed in sorted(mapped.items()) if listed)
    return ["--package-module-name-map", text] if text else []


def _several(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(one for one in listed if isinstance(one, str))


def modules(name: str) -> tuple[str, ...]:
    """The top-level modules of a package, () where they are not known."""
    found = normalise(name)
    return MODULES.get(found) or locks_yml.shipped().modules.get(found, ())


def spellings(repo: Repo) -> set[str]:
    """Every declared package, in each way in which it is written: deptry compares letter by letter."""
    tables = (declared_requirements.extras(repo), declared_requirements.groups(repo))
    listed = [
        *declared_requirements.required(repo),
        *(one for table in tables for many in table.values() for one in many),
    ]
    names = {one.parsed.name for one in listed if one.parsed}
    for keys in _poetry_tables(repo):
        names |= repo.pyproject.table(*keys).keys()
    entries = (entry for found in lock_files.listings(repo) for entry in found.entries if entry.kind == "name")
    written = (_NAME.match(entry.text) for entry in entries)
    return {name for name in (*names, *(found[0] for found in written if found)) if _NAME.fullmatch(name)}


def _poetry_tables(repo: Repo) -> list[tuple[str, ...]]:
    tool = ("tool", "poetry")
    groups = ((*tool, "group", group, "dependencies") for group in repo.pyproject.table(*tool, "group"))
    return [(*tool, "dependencies"), (*tool, "dev-dependencies"), *groups]


def _mismatch(one: Mapping[str, Any]) -> Mismatch:
    place = one["location"]
    path = place["file"].replace("\\", "/").removeprefix("./")
    return Mismatch(one["error"]["code"], one["module"], path, place["line"] or 0, place["column"] or 0)
