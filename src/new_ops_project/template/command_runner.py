"""How the tasks and migrations of a template run: in scratch folders, as children whose output is kept."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.scratch import system_folder, temporary_folder
from new_ops_project.formats.locks import is_lock
from new_ops_project.git import tree
from new_ops_project.git.tree import Tree
from new_ops_project.template.command_setting import EvaluatedCommand, Setting, evaluate
from new_ops_project.template.tasks import TemplateCommand

_ANY_CODE = tuple(range(-64, 256))
_SHOWN_LINES = 20


@contextmanager
def _evaluated(commands: list[TemplateCommand], setting: Setting, folder: Path) -> Iterator[list[EvaluatedCommand]]:
    """The commands that are wanted, evaluated for the project in `folder`.

    A command that names the template's own folder gets a copy of it, since all runs share the real one.
    """
    with temporary_folder() as holder:
        source = setting.checkout.root
        if any("src_path" in command.shown for command in commands):
            source = Path(shutil.copytree(source, holder / "template", symlinks=True))
        yield evaluate(commands, setting, folder, source)


def run(commands: list[TemplateCommand], setting: Setting, folder: Path) -> dict[str, str]:
    """Run the commands that are wanted in the project's folder; return the command by each lock that it wrote.

    Raises ToolError for one that cannot be evaluated, cannot start, or fails.
    """
    with _evaluated(commands, setting, folder) as evaluated:
        return run_evaluated(evaluated, folder, setting.checkout.source.name)


def run_evaluated(evaluated: list[EvaluatedCommand], folder: Path, template: str) -> dict[str, str]:
    """Run evaluated commands as `run` does."""
    written: dict[str, str] = {}
    for command in evaluated:
        at = Path(os.path.abspath(folder / command.folder))  # noqa: PTH100 - `..` is collapsed as copier does it
        before = _locks(folder, at)
        _run(command, at, template)
        written |= {
            path: f"(cd {command.folder} && {command.shown})" if at != folder else command.shown
            for path, state in _locks(folder, at).items()
            if before.get(path) != state
        }
    return written


def _locks(folder: Path, at: Path) -> dict[str, tuple[int, int]]:
    """The state of each lock in the project's folder and in that where a command runs, by path."""
    places = filter(Path.is_dir, {folder, at})
    locks = [file for place in places for file in place.iterdir() if is_lock(file.name) and file.is_file()]
    stats = {Path(os.path.relpath(file, folder)).as_posix(): file.stat() for file in locks}
    return {path: (stat.st_mtime_ns, stat.st_ino) for path, stat in stats.items()}


def _run(command: EvaluatedCommand, at: Path, template: str) -> None:
    shell = (os.environ.get("COMSPEC", "cmd.exe"), "/c") if os.name == "nt" else ("/bin/sh", "-c")
    args = (*shell, command.command) if isinstance(command.command, str) else tuple(command.command)
    # What the user has set for languages stays; a repository above the scratch folder is none of the command's.
    environment = {"LC_ALL": os.environ.get("LC_ALL", ""), "GIT_CEILING_DIRECTORIES": str(system_folder())}
    what = f"The {command.kind} of the template {template} failed"
    if not at.is_dir():
        message = f"{what}: {command.shown}\n  there is no folder {command.folder}"
        raise ToolError(message, "Nothing was written. Fix its working_directory in copier.yml of the template.")
    try:
        result = process.run(*args, cwd=at, env={**environment, **command.environment}, codes=_ANY_CODE)
    except ProcessError as error:
        raise ToolError(f"{what}: {command.shown}\n  {error.reason}", "Nothing was written.") from error
    if result.exit_code:
        lines = f"{result.text}\n{result.stderr}".split("\n")
        output = "".join(f"\n  {line}" for line in [line for line in lines if line.strip()][-_SHOWN_LINES:])
        message = f"{what} with exit code {result.exit_code}: {command.shown}{output}"
        hint = "Nothing was written. It ran in a copy of the project, without what git ignores."
        raise ToolError(message, hint)


def read_result(folder: Path, rendered: Tree) -> dict[str, tree.Entry]:
    """What is in `folder` after commands have run there: the files that were rendered, and those that git would add.

    A `.git` folder and what git ignores belong to no tree.
    """
    with temporary_folder() as holder:
        git.git(*git.TEMPORARY, "init", "--quiet", "--bare", str(holder))
        env = {"GIT_DIR": str(holder), "GIT_WORK_TREE": str(folder)}
        listing = ("-c", "core.bare=false", "ls-files", "--others", "--exclude-standard", "-z")
        output = git.git(*git.TEMPORARY, *listing, at=folder, env=env).stdout
    names = {*filter(None, map(os.fsdecode, output.split(b"\0"))), *rendered}
    below = {name: tree.read(folder / name) for name in names if name.endswith("/")}  # a repository of its own
    result = {f"{name}{path}": entry for name, entries in below.items() for path, entry in entries.items()}
    return result | {name: tree.read_file(folder / name) for name in names if os.path.lexists(folder / name)}
