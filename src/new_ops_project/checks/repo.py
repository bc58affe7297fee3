"""A repository as the rules see it: its files parsed once, and what follows from them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from new_ops_project.checks.worktree_files import WorkTree, listed
from new_ops_project.formats import code_layout, document, python_version
from new_ops_project.formats.code_layout import Layout
from new_ops_project.formats.document import Document, Files
from new_ops_project.formats.github import automation, workflow_values
from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.python import Syntax
from new_ops_project.formats.requirements.merge import is_lock
from new_ops_project.formats.setuptools import keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.template.answers_file import ANSWERS_FILE

PYPROJECT = "pyproject.toml"
RUFF_NAMES = (".ruff.toml", "ruff.toml", PYPROJECT)  # in ruff's order: the first that is there counts
_SHEBANG = re.compile(rb"#![^\n]*\bpython")


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Repo:
    """One project: `folder` is where it is, `files` the texts in it, `tracked` and `untracked` every path.

    A rule reads `files` and what is parsed of them, never the disk, so that it can be tested, and run again on files
    that were mended in memory. `memo` keeps what was found out of the files, `shared` what does not follow from them,
    from one such round to the next, too.

    `outer_rules` are the .gitignore files of the folders above, up to the repository's root, by the prefix that the
    project has there.
    """

    folder: Path
    files: Files
    tracked: frozenset[str]
    untracked: frozenset[str] = frozenset()
    today: date = field(default_factory=_today)
    offline: bool = False
    outer_rules: Mapping[str, bytes] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    shared: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def paths(self) -> frozenset[str]:
        """Every file that git tracks or would, binary ones and links too."""
        return self.tracked | self.untracked

    def mended(self, changed: Mapping[str, bytes]) -> "Repo":
        """The same with the content of some files changed."""
        over = dict(self.files.over) if isinstance(self.files, WorkTree) else dict(self.files)
        over.update(changed)
        files = replace(self.files, over=over) if isinstance(self.files, WorkTree) else over
        return replace(self, files=files, untracked=self.untracked | (changed.keys() - self.tracked), memo={})

    # ---- what the files say ---------------------------------------------------------------------------------

    @cached_property
    def pyproject(self) -> Document:
        """pyproject.toml; an empty document where there is none."""
        return document.toml(self.files, PYPROJECT)

    @cached_property
    def setup(self) -> Setup:
        """The keywords of setup.py and setup.cfg."""
        return keywords.read(self.files)

    @cached_property
    def workflows(self) -> tuple[Document, ...]:
        """The GitHub workflows that parse, by name."""
        return tuple(one for one in workflow_values.read(_named(self, ".github/workflows/")) if not one.problem)

    @cached_property
    def automation(self) -> Automation:
        """The workflows, actions and Dependabot settings of GitHub, each value with its place."""
        return automation.read(self.files, iter(self.paths))

    @cached_property
    def answers(self) -> Mapping[str, Any]:
        """What .copier-answers.yml records, as texts, lists and mappings; {} where there is none that parses."""
        found = document.yaml_file(self.files, ANSWERS_FILE).data
        return found if isinstance(found, dict) else {}

    @cached_property
    def layout(self) -> Layout:
        """Where the code is; of files in the root and in packages only."""
        return code_layout.layout(self.code)

    @cached_property
    def code(self) -> Files:
        """The files that say where the code is: Python files, and those that configure or call it."""
        return {path: self.files[path] for path in sorted(self.paths) if _tells_of_code(path) and path in self.files}

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """Every Python file, by path."""
        return tuple(path for path in sorted(self.paths) if path.endswith(".py") and path in self.files)

    @cached_property
    def python_sources(self) -> tuple[str, ...]:
        """Every Python file, and every program without a suffix whose first line names Python, by path."""
        plain = (path for path in self.paths if "." not in path.rpartition("/")[2] and path in self.files)
        return tuple(sorted({*self.python_files, *(path for path in plain if _SHEBANG.match(self.files[path]))}))

    @cached_property
    def ruff_configurations(self) -> tuple[tuple[str, bytes], ...]:
        """The files, in any folder, that can configure ruff, with what they say."""
        paths = (path for path in sorted(self.paths) if path.rpartition("/")[2] in RUFF_NAMES)
        return tuple((path, self.files[path]) for path in paths if path in self.files)

    def syntax(self, path: str) -> Syntax | None:
        """The syntax of a Python file, parsed once; None where it has none, or no sensible one."""
        if path not in self._parsed:
            try:
                found = Syntax(document.python(self.files[path]))
                self._parsed[path] = None if found.is_deep else found
            except SyntaxError:
                self._parsed[path] = None
        return self._parsed[path]

    @cached_property
    def _parsed(self) -> dict[str, Syntax | None]:
        return {}

    @cached_property
    def requirements(self) -> tuple[str, ...]:
        """The lists of requirements in the root, by path."""
        return tuple(path for path in sorted(self.paths) if is_lock(path) and path in self.files)

    @cached_property
    def is_built(self) -> bool:
        """Whether something says how a distribution is built of it."""
        return code_layout.is_built(self.code)

    @cached_property
    def tier(self) -> str:
        """Script, library or cli: as its answers say, else as its files look."""
        recorded = self.answers.get("tier")
        if recorded in {"script", "library", "cli"}:
            return str(recorded)
        if self.commands:
            return "cli"
        is_package = bool(self.layout.place) and not self.layout.place.endswith(".py")
        return "library" if self.is_built or (is_package and self.pyproject.table("project")) else "script"

    @cached_property
    def commands(self) -> Mapping[str, str]:
        """The commands that it installs, each with what is called (`package.module:function`; '' if unknown)."""
        poetry = self.pyproject.table("tool", "poetry", "scripts")
        found = {**self.pyproject.table("project", "scripts"), **poetry}
        if not found:
            found = dict.fromkeys(keywords.console_scripts(self.setup), "")
        return {name: target for name, target in found.items() if isinstance(target, str)}

    @cached_property
    def python(self) -> str:
        """The minor of .python-version, such as 3.12; '' where there is none."""
        path = ".python-version"
        return next((one.minor for one in python_version.pinned({path: self.files.get(path, b"")})), "")


def read(folder: Path, *, offline: bool = False) -> Repo:
    """The project in `folder`, which is in a git repository; raises ProcessError where it is in none."""
    found = listed(folder)
    files = WorkTree(folder, found.tracked | found.untracked)
    return Repo(folder, files, found.tracked, found.untracked, offline=offline, outer_rules=_outer_rules(folder))


def _outer_rules(folder: Path) -> dict[str, bytes]:
    here = folder.resolve()
    found = {}
    for above in here.parents if not (here / ".git").exists() else ():
        if (rules := above / ".gitignore").is_file():
            found[f"{here.relative_to(above).as_posix()}/"] = rules.read_bytes()
        if (above / ".git").exists():
            break
    return found


def of(files: Mapping[str, str], *, today: date | None = None, tracked: Iterable[str] = ()) -> Repo:
    """A repository in memory, for tests of rules: every file is tracked, and `tracked` are paths without a text."""
    texts = {path: text.encode() for path, text in files.items()}
    return Repo(Path("nowhere"), texts, frozenset({*texts, *tracked}), today=today or _today(), offline=True)


def _named(repo: Repo, prefix: str) -> dict[str, bytes]:
    return {path: repo.files[path] for path in repo.paths if path.startswith(prefix) and path in repo.files}


_CALLERS = re.compile(
    r"(?:Dockerfile|Makefile|Jenkinsfile|\.gitlab-ci\.yml|crontab|README[\w.]*|setup\.cfg|"
    r"pyproject\.toml|\.github/workflows/[^/]+)",
    re.IGNORECASE,
)


def _tells_of_code(path: str) -> bool:
    return path.endswith(".py") or bool(_CALLERS.fullmatch(path.rpartition("/")[2] if "/" not in path else path))
