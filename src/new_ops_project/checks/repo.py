"""A repository as the rules see it, with each file parsed once."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from new_ops_project.base import reading
from new_ops_project.checks import worktree_files
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.places import with_folders
from new_ops_project.formats import code_layout, document, locks, python, python_version, yaml
from new_ops_project.formats.code_layout import Layout
from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.github import automation
from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.locks import Lock
from new_ops_project.formats.python import Syntax
from new_ops_project.formats.requirements import reader
from new_ops_project.formats.requirements.reader import RequirementsFile
from new_ops_project.formats.setuptools import keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.yaml import Node
from new_ops_project.template.answers_file import ANSWERS_FILE

PYPROJECT = "pyproject.toml"
_INTEGRATION = re.compile(r"custom_components/[^/]+/manifest\.json")
_MOST_PARSED = 200
_SHEBANG = re.compile(rb"#![^\n]*\bpython")


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Repo:
    """One project: `folder` is where it is, `files` maps its text files, `tracked` and `untracked` have every path.

    A rule reads `files` and the properties parsed from them, never the disk. So it can be tested in memory, and run
    again on files that were fixed in memory. `memo` caches what follows from the files and is empty after a change;
    `shared` caches what does not, such as the rendered template, through all rounds of fixes.

    `outer_rules` has the .gitignore files of the folders above, up to the repository's root, keyed by the project's
    path below each folder, such as `services/api/`. `limits` are the files and folders that the run is limited to, none
    for all: linters that look at each file by itself are given only those.
    """

    folder: Path
    files: Files
    tracked: frozenset[str]
    untracked: frozenset[str] = frozenset()
    today: date = field(default_factory=_today)
    offline: bool = False
    outer_rules: Mapping[str, bytes] = field(default_factory=dict)
    limits: frozenset[str] = frozenset()
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    shared: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every file that git tracks or does not ignore, including binary files and links."""
        return self.tracked | self.untracked

    def is_asked(self, path: str) -> bool:
        """Whether the run is about the file."""
        return not self.limits or any(each in self.limits for each in with_folders(path))

    def with_changes(self, changed: Mapping[str, bytes]) -> "Repo":
        """This repository with other content for some files, in memory only."""
        if isinstance(self.files, LazyFiles):
            files: Files = replace(self.files, over={**self.files.over, **changed})
        else:
            files = {**self.files, **changed}
        return replace(self, files=files, untracked=self.untracked | (changed.keys() - self.tracked), memo={})

    def without(self, folders: Collection[str]) -> "Repo":
        """This repository without the files below some folders."""
        if not folders:
            return self
        prefixes = tuple(f"{folder}/" for folder in folders)
        tracked = frozenset(path for path in self.tracked if not path.startswith(prefixes))
        untracked = frozenset(path for path in self.untracked if not path.startswith(prefixes))
        if isinstance(self.files, LazyFiles):
            files: Files = replace(self.files, paths=tracked | untracked)
        else:
            files = {path: text for path, text in self.files.items() if not path.startswith(prefixes)}
        return replace(self, files=files, tracked=tracked, untracked=untracked, memo={}, shared={})

    # ---- parsed from the files -------------------------------------------------------------------------------

    @cached_property
    def pyproject(self) -> Document:
        """pyproject.toml; an empty document if there is none."""
        return document.toml(self.files, PYPROJECT)

    def in_pyproject(self, *keys: str | int) -> tuple[str, int, int]:
        """The path, line and column of a value in pyproject.toml, as a Breach takes them."""
        place = self.pyproject.place(*keys)
        return PYPROJECT, place.line, place.column

    @cached_property
    def setup(self) -> Setup:
        """The keywords of setup.py and setup.cfg."""
        return keywords.read(self.files)

    @cached_property
    def automation(self) -> Automation:
        """The workflows, actions and Dependabot settings for GitHub, each value with its place."""
        return automation.read(self.files, iter(self.paths))

    @cached_property
    def answers(self) -> Node:
        """The answers that .copier-answers.yml records; no node if it is missing or invalid."""
        return yaml.read(ANSWERS_FILE, self.files.get(ANSWERS_FILE, b"")).root

    @cached_property
    def layout(self) -> Layout:
        """Where the code is; only files in the root and in packages count."""
        return code_layout.layout(self.code)

    @cached_property
    def code(self) -> Files:
        """The files that show where the code is: Python files, and files that configure or call it."""
        paths = frozenset(filter(_shows_code, self.paths))
        return LazyFiles(paths, self.files.get, self.files.__contains__)

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """Every Python file, by path."""
        return tuple(path for path in sorted(self.paths) if path.endswith(".py") and path in self.files)

    @cached_property
    def python_scripts(self) -> tuple[str, ...]:
        """Every file without a suffix whose first line names Python, by path."""
        bare = (path for path in sorted(self.paths) if "." not in path.rpartition("/")[2] and path in self.files)
        return tuple(path for path in bare if _SHEBANG.match(self.files[path]))

    @cached_property
    def python_sources(self) -> tuple[str, ...]:
        """Every Python file and every script, by path."""
        return tuple(sorted({*self.python_files, *self.python_scripts}))

    def syntax(self, path: str) -> Syntax | None:
        """The syntax of a Python file; None if it does not parse or is nested too deep to walk.

        It is kept for the next rules as long as few were parsed: syntax takes much more memory than text.
        """
        if path not in self._parsed:
            if len(self._parsed) >= _MOST_PARSED:
                self._parsed.clear()
            try:
                syntax = Syntax(python.parse(self.files[path]))
                self._parsed[path] = None if syntax.is_deep else syntax
            except SyntaxError:
                self._parsed[path] = None
        return self._parsed[path]

    @cached_property
    def _parsed(self) -> dict[str, Syntax | None]:
        return {}

    @cached_property
    def requirements(self) -> tuple[RequirementsFile, ...]:
        """The requirements files in the root, by path."""
        paths = (path for path in sorted(self.paths) if reader.is_requirements_path(path) and path in self.files)
        return tuple(reader.parse(path, self.files[path]) for path in paths)

    @cached_property
    def locks(self) -> tuple[Lock, ...]:
        """The locks in the root whose packages are known, except those of a workspace."""
        known = (locks.read(self.files, kind) for kind in locks.present(self.paths))
        return tuple(lock for lock in known if lock.is_known and not lock.data.table("manifest"))

    @cached_property
    def is_built(self) -> bool:
        """Whether the project says how to build a distribution from it."""
        return code_layout.is_built(self.code)

    @cached_property
    def tier(self) -> str:
        """`script`, `library` or `cli`: from the answers, otherwise judged by the files."""
        recorded = self.answers.get("tier").scalar
        if recorded in {"script", "library", "cli"}:
            return recorded
        if self.commands:
            return "cli"
        is_package = bool(self.layout.place) and not self.layout.place.endswith(".py")
        return "library" if self.is_built or (is_package and self.pyproject.table("project")) else "script"

    @cached_property
    def is_hosted(self) -> bool:
        """Whether the code runs in Home Assistant, which chooses the Python and installs what the manifest requires."""
        return any(_INTEGRATION.fullmatch(path) for path in self.paths)

    @cached_property
    def commands(self) -> Mapping[str, str]:
        """The commands that it installs, each with its target (`package.module:function`; '' if unknown)."""
        poetry = self.pyproject.table("tool", "poetry", "scripts")
        targets = {**self.pyproject.table("project", "scripts"), **poetry}
        if not targets:
            targets = dict.fromkeys(self.setup.entry_points.get("console_scripts", {}), "")
        return {name: target for name, target in targets.items() if isinstance(target, str)}

    @cached_property
    def python(self) -> str:
        """The minor version in .python-version, such as `3.12`; '' if there is none."""
        pinned = python_version.pinned(self.files)
        return next((version.minor for version in pinned if version.place[0] == python_version.PINNED), "")


def read(folder: Path, *, offline: bool = False) -> Repo:
    """The project in `folder`; raises ProcessError if that is in no git repository."""
    paths = worktree_files.list_paths(folder)
    files = worktree_files.read(folder, paths)
    return Repo(folder, files, paths.tracked, paths.untracked, offline=offline, outer_rules=_outer_rules(folder))


def _outer_rules(folder: Path) -> dict[str, bytes]:
    here = folder.resolve()
    by_prefix = {}
    for above in here.parents if not (here / ".git").exists() else ():
        if (rules := reading.read_if_there(above / ".gitignore")) is not None:
            by_prefix[f"{here.relative_to(above).as_posix()}/"] = rules
        if (above / ".git").exists():
            break
    return by_prefix


def of(files: Mapping[str, str], *, today: date | None = None, tracked: Iterable[str] = ()) -> Repo:
    """A repository in memory, to test rules: every file is tracked; `tracked` adds paths that have no text."""
    texts = {path: text.encode() for path, text in files.items()}
    return Repo(Path("nowhere"), texts, frozenset({*texts, *tracked}), today=today or _today(), offline=True)


_CALLERS = re.compile(
    r"(?:Dockerfile|Makefile|Jenkinsfile|\.gitlab-ci\.yml|crontab|README[\w.]*|setup\.cfg|"
    r"pyproject\.toml|\.github/workflows/[^/]+)",
    re.IGNORECASE,
)


def _shows_code(path: str) -> bool:
    return path.endswith(".py") or bool(_CALLERS.fullmatch(path.rpartition("/")[2] if "/" not in path else path))
