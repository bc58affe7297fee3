"""The merge of a template's pyproject.toml into that of an adopted repository."""

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w

from new_ops_project.base.errors import ToolError
from new_ops_project.base.parsers import read_toml
from new_ops_project.base.text import list_first
from new_ops_project.formats import locks
from new_ops_project.formats.code_layout import Layout
from new_ops_project.formats.document import toml
from new_ops_project.formats.requirements import lower_bounds, pep508, reader
from new_ops_project.formats.toml import merge
from new_ops_project.formats.toml.text import KeyPath
from new_ops_project.git.committed import Committed
from new_ops_project.project.adoption.evidence.metadata import Metadata

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True)
class AdoptedRepository:
    """A repository to adopt: its files, where its code is, and the metadata of setup.py and setup.cfg."""

    files: Committed
    layout: Layout
    metadata: Metadata | None
    has_license_answer: bool = True
    tools: frozenset[str] = frozenset()  # the names (PEP 503) of what the template's workflows call
    is_subfolder: bool = False  # the project is not at the repository's root
    roles: Mapping[str, str] = field(default_factory=dict)  # the template's file for each role


_TABLES = frozenset({"build-system", "dependency-groups", "project", "tool"})


def merge_pyproject(mine: bytes, theirs: bytes, repo: AdoptedRepository) -> tuple[bytes, list[str]]:
    """The merged file and notes for people.

    The user's keys come first, then those from setup.py and setup.cfg, then the template's. Raises ToolError where the
    user's file does not parse, or has something else where a table belongs.
    """
    try:
        text, document = mine.decode(), read_toml(mine.decode())
    except ValueError as error:
        raise ToolError(f"{PYPROJECT} does not parse: {error}.", "Fix it, commit that, and run this again.") from error
    for name in _TABLES & document.keys():
        if not isinstance(document[name], dict):
            message = f"{name} in {PYPROJECT} is {document[name]!r:.60}, which is not a table."
            raise ToolError(message, "Fix it, commit that, and run this again.")
    notes, is_packaged = list[str](), "project" in document
    if repo.metadata and "project" not in document and "poetry" not in document.get("tool", {}):
        text, notes = _with_metadata(text, repo.metadata, repo.files)
        document = read_toml(text)
    wanted = with_own_paths(theirs.decode(), repo.layout, has_tests=bool(repo.files.below("tests")))
    if not document and not repo.metadata:
        wanted = _with_requirements(wanted, repo.files.texts.get("requirements.txt", b""))
    result, kept = merge.merge_toml(text, wanted, skip=_Skipped(document, repo, is_packaged))
    tables = ("tool.", "dependency-groups.")
    shown = [
        f"{value.key} = {value.mine!r}" for value in kept if value.mine is not None and value.key.startswith(tables)
    ]
    notes += [f"{PYPROJECT}: your values are kept: {', '.join(shown)}."] if shown else []
    return result.encode(), notes


def _with_metadata(text: str, metadata: Metadata, files: Committed) -> tuple[str, list[str]]:
    """Add the tables that setup.py and setup.cfg correspond to."""
    result, _ = merge.merge_toml(text, tomli_w.dumps(metadata.tables))
    return result, [*_setup_notes(metadata, files), *metadata.problems, *_wheel_notes(metadata, files)]


def _setup_notes(metadata: Metadata, files: Committed) -> Iterator[str]:
    """What to keep and what to delete of setup.py and setup.cfg."""
    sections = _sections(files.texts.get("setup.cfg", b""))
    others = [name for name in sections if not re.match(r"(metadata|options)\b|bdist|sdist|egg_info", name)]
    is_of_tools = bool(others) and len(others) == len(sections)  # setup.cfg holds nothing else
    candidates = ("setup.py",) if is_of_tools else ("setup.py", "setup.cfg")
    paths = [path for path in candidates if path in files.modes]
    named, them = " and ".join(paths), "them" if len(paths) > 1 else "it"
    if metadata.needs_setuptools:
        rest = f"what {PYPROJECT} lacks; where both have a value, {PYPROJECT} counts"
        yield f"{named}: keep {them}, setuptools reads from {them} {rest}."
    else:
        kept = f", except [{'], ['.join(others)}] in setup.cfg" if others and not is_of_tools else ""
        yield f"{named}: copied into {PYPROJECT}; check that, then delete {them}{kept}."


def _sections(setup_cfg: bytes) -> list[str]:
    """The sections of setup.cfg."""
    return re.findall(r"^\[([^\]]+)\]", setup_cfg.decode(errors="replace"), re.MULTILINE)


def _wheel_notes(metadata: Metadata, files: Committed) -> Iterator[str]:
    """A note on data files: hatchling packs every tracked file of a package, which setuptools may not have done."""
    tool = metadata.tables.get("tool")
    packages = tool["hatch"]["build"]["targets"]["wheel"].get("packages", []) if tool else []
    folders = tuple(f"{folder}/" for folder in packages)
    data = [path for path in files.modes if path.startswith(folders) and not path.endswith(".py")]
    if data:
        listed = list_first(data, 4)
        yield f"The wheel holds {listed} now, whether or not it did: `exclude` in [tool.hatch.build] keeps them out."


@dataclass(frozen=True)
class _Skipped:
    """The keys of the template's pyproject.toml that would be harmful in this one.

    The merge by key asks with `in`, so this is a container instead of a set of names that nobody can list beforehand.
    """

    document: Mapping[str, Any]
    repo: AdoptedRepository
    is_packaged: bool

    def __contains__(self, path: object) -> bool:
        """Whether the key at this path does not fit this repository."""
        parts = [*path] if isinstance(path, tuple) else []
        document, tool, head = self.document, self.document.get("tool", {}), parts[0]
        has_license = self.repo.has_license_answer or ("LICENSE" in self.repo.files.modes and parts[1:] != ["license"])
        if head == "project":
            is_license = parts[1:2] in (["license"], ["license-files"]) and not has_license
            return is_license or "project" in document or "poetry" in tool or self.repo.metadata is not None
        if head == "build-system" or parts[:2] == ["tool", "hatch"]:
            return "build-system" in document or "poetry" in tool or self.is_packaged
        if head == "dependency-groups" or parts == ["tool", "mypy", "files"]:
            return self._is_elsewhere(parts)
        if parts[:2] == ["tool", "pytest"]:
            return True  # the repository's tests pass with the settings that they have
        is_linter = parts[:2] in (["tool", "ruff"], ["tool", "mypy"])
        return is_linter and parts[2:] != [] and self._changes_linter(parts, tool)

    def _changes_linter(self, parts: list[str], tool: Mapping[str, Any]) -> bool:
        """Whether the key would change what a linter that the repository configures already reports."""
        allowed = {*self.document.get("project", {}), *tool.get("poetry", {}).get("dependencies", {})}
        has_range = parts[1:] == ["ruff", "target-version"] and bool(allowed & {"requires-python", "python"})
        is_told = has_range or self._is_elsewhere(parts)
        if is_told or parts[1] not in tool:
            return is_told or self._is_called(parts[1])
        return parts[2] not in {"target-version", "python_version"}

    def _is_elsewhere(self, parts: list[str]) -> bool:
        return is_elsewhere(
            (*parts,), self.document, self.repo.files.modes, self.repo.files.texts.get("setup.cfg", b"")
        )

    def _is_called(self, linter: str) -> bool:
        """Whether the repository's own checks call the linter, with its defaults."""
        callers = re.compile(
            r"\.github/workflows/.*|tox\.ini|Makefile|noxfile\.py|\.pre-commit-config\.ya?ml|\.gitlab-ci\.yml"
        )
        texts = (content for path, content in self.repo.files.texts.items() if callers.fullmatch(path))
        return any(re.search(rf"\b{linter}\b".encode(), content) for content in texts)


_CONFIGURATIONS = {"ruff": ("ruff.toml", ".ruff.toml"), "mypy": ("mypy.ini", ".mypy.ini")}


def is_elsewhere(key: KeyPath, pyproject: Mapping[str, Any], paths: Container[str], setup_cfg: bytes) -> bool:
    """Whether the project says elsewhere what the template says at this key of [dependency-groups] or of a linter."""
    tool = pyproject.get("tool", {})
    if key[0] == "dependency-groups":
        return "poetry" in tool or bool(locks.present(paths))
    if key == ("tool", "mypy", "files") and not {"modules", "packages"}.isdisjoint(tool.get("mypy", {})):
        return True
    return any(path in paths for path in _CONFIGURATIONS[key[1]]) or key[1] in _sections(setup_cfg)


def _with_requirements(text: str, listed: bytes) -> str:
    """The template's pyproject.toml with the entries of a hand-written requirements.txt, versions as lower bounds."""
    own = reader.parse("requirements.txt", listed)
    names = [lower_bounds.lower_bound(entry.text) for entry in own.entries if entry.kind == "name" and not entry.via]
    if own.command or own.is_hashed or not names:
        return text
    lines = "".join(f"    {json.dumps(name)},\n" for name in sorted(names, key=str.lower))
    return re.sub(
        r"^dependencies = \[\n(?:    .*\n)*\]", lambda _: f"dependencies = [\n{lines}]", text, flags=re.MULTILINE
    )


def with_own_paths(text: str, code: Layout, *, has_tests: bool) -> str:
    """The template's pyproject.toml with the paths of the repository's code, which may not be in src."""
    place = code.place
    if not place:
        return re.sub(r"^files = \[.*\]$", 'files = ["."]', text, flags=re.MULTILINE)
    if place.startswith("src/"):
        return text
    text = text.replace('dev-mode-dirs = ["src"]', 'dev-mode-dirs = ["."]')
    tests = ', "tests"' if has_tests else ""
    text = text.replace('files = ["src", "tests"]', f'files = ["{place}"{tests}]')
    return text.replace(f'packages = ["src/{code.package}"]', f'packages = ["{place}"]')


# ---- dependencies ----


def required_packages(pyproject: bytes) -> tuple[set[str], set[str]]:
    """The names (PEP 503) of what a pyproject.toml needs at run time, and of what its development and build need."""
    document = toml({PYPROJECT: pyproject}, PYPROJECT)
    poetry = document.table("tool", "poetry", "dependencies").keys() - {"python"}
    run = [*document.strings("project", "dependencies"), *poetry]
    build = [*document.strings("build-system", "requires"), *document.strings("dependency-groups", "dev")]
    return {*map(pep508.requirement_name, run)} - {""}, {*map(pep508.requirement_name, build)} - {""}
