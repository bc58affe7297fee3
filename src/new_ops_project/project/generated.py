"""A generated project: a folder of a git repository whose committed answers file names a template with its version.

The answers file (`.copier-answers.yml`, or another name that the template chose) is what makes a folder a project.
Its keys `_src_path` and `_commit` record the template and the version; each key without a leading `_` is an answer to a
question of the template (copier's format: https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file).
A repository can hold several projects, each in a folder of its own: that folder, relative to the repository's root, is
the project's prefix. A folder can follow several templates, each with an answers file of its own, and is then one
project for each of them. Only the last commit counts: edits of an answers file that are not committed change nothing.
"""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from new_ops_project import git
from new_ops_project.base import paths, reading
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git.worktree import Repository, Status, find_repository
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.template.answers_file import (
    ANSWERS_FILE,
    answers_files,
    is_answers_path,
    may_name_template,
    parse_answers,
    project_of,
)


@dataclass(frozen=True)
class Project:
    """One project at a commit.

    `prefix` is its folder relative to the repository's root: '' for the root itself, else with a final `/`.
    `answers_file` is relative to that folder. `source` and `version` are `_src_path` and `_commit` as recorded.
    """

    repository: Repository
    prefix: str
    answers_file: str
    commit: str
    answers: dict[str, Any]
    source: str
    version: str

    @property
    def name(self) -> str:
        """What tells it from the other projects of its repository: its answers file, from the root."""
        return f"{self.prefix}{self.answers_file}"

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.repository.root / self.prefix


def find(path: Path, answers_file: str | None = None, *, verb: str = "update") -> tuple[Repository, str, str]:
    """The repository, the prefix and the answers file of the project at `path`.

    `path` is the project's folder or its answers file; it may begin with `~`. With `answers_file`, which is relative to
    that folder, it is the folder. Raises ToolError when there is no such project, without git, and for several
    templates, with the command line of `verb` for each.
    """
    git.require_on_path()
    path = paths.expanded(path)
    if not path.exists():
        raise ToolError(f"{path} does not exist.", "Give the PATH of a generated project.")
    folder, file = (path, "") if path.is_dir() else _split(path)
    if file and path.name != ANSWERS_FILE and not may_name_template(path):
        message = f"{path} is no answers file: it names no template (_src_path)."
        raise ToolError(message, "Give the folder of a generated project as PATH, or an answers file in it.")
    repository, prefix = find_repository(folder)
    if answers_file:
        name = PurePath(answers_file)
        name = name.relative_to(path.absolute()) if name.is_relative_to(path.absolute()) else name
        if path.is_file() or name.is_absolute() or ".." in name.parts or not (folder / name).is_file():
            message = f"There is no answers file {answers_file} in the folder {path}."
            raise ToolError(message, "Give the project's folder as PATH, and the answers file relative to it.")
        return repository, prefix, name.as_posix()
    return repository, prefix, file or _answers_file(folder, repository, prefix, verb)


def _split(file: Path) -> tuple[Path, str]:
    """The folder of the project whose answers file this is, and the file relative to it."""
    folder = file.absolute().parent
    is_for_answers = folder.name == ".copier-answers"
    return (folder.parent, f"{folder.name}/{file.name}") if is_for_answers else (file.parent, file.name)


def _answers_file(folder: Path, repository: Repository, prefix: str, verb: str) -> str:
    """The one answers file in a folder."""
    # In a sparse checkout, the usual one may be in the index only.
    names = answers_files(folder) or git.ask("ls-files", "--", ANSWERS_FILE, at=folder).split()
    if len(names) > 1:
        places = [ProjectPlace(repository.root, *project_of(f"{prefix}{name}")) for name in names]
        commands = "".join(f"\n  {place.command(verb)}" for place in places)
        raise ToolError(f"{folder} has several answers files: {', '.join(names)}.", f"Choose one of them:{commands}")
    if not names:
        message = f"{folder} was not generated from a template: it has no {ANSWERS_FILE}."
        hint = "Give the PATH of a generated project, or run `new-ops-project adopt` to add a template to this one."
        raise ToolError(message, hint)
    return names[0]


def templates_of(path: Path) -> list[str]:
    """The answers files of the project at `path`, relative to its folder; [] if `path` is no folder that has several.

    Those that may belong to projects in subfolders do not count.
    """
    folder = paths.expanded(path)
    names = answers_files(folder) if folder.is_dir() else []
    return names if len(names) > 1 and all(map(is_answers_path, names)) else []


def others(project: Project) -> list[str]:
    """The answers files of the project's other templates, relative to its folder."""
    return [name for name in templates_of(project.folder) if name != project.answers_file]


def read(repository: Repository, prefix: str, answers_file: str, status: Status) -> Project:
    """The project at the last commit; raises ToolError for an answers file without a template or a version."""
    name = f"{prefix}{answers_file}"
    file = repository.root / name
    # The work tree has it where the file is unchanged there, which saves starting a git process.
    content = reading.read(file) if not status.may_differ(name) and file.is_file() else b"\r"
    if b"\r" in content:  # a CR may come from git's conversion on checkout, so the commit has to be read
        try:
            content = git.git("cat-file", "blob", f"{status.head}:{name}", at=repository.root).stdout
        except ProcessError as error:
            raise ToolError(f"{name} is not committed.", f"git add --force {name} && git commit") from error
    return parse(repository, prefix, answers_file, content, commit=status.head)


def parse(repository: Repository, prefix: str, answers_file: str, content: bytes, *, commit: str) -> Project:
    """The project at `commit` whose answers file has this content; raises ToolError as `read` does."""
    name = f"{prefix}{answers_file}"
    record = parse_answers(name, content)
    source, version = record.get("_src_path"), record.get("_commit")
    if not source:
        raise ToolError(f"{name} names no template (_src_path).", "Restore that line from its history: git log -p.")
    if not version:
        message = f"{name} records no version of the template {source} (_commit)."
        raise ToolError(message, "Only a template in git has versions; add `_commit: VERSION` to that file.")
    answers = {key: value for key, value in record.items() if not key.startswith("_")}
    return Project(repository, prefix, answers_file, commit, answers, str(source), str(version))
