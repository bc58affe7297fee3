"""A rendered project becomes a repository at its destination, wholly or not at all.

It is made in a temporary sibling and renamed into place. A sibling is locked while a run works in it, so the next run
knows a left-over one (killed, power lost) from one that is in use.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import interrupts
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.git import identity


@dataclass(frozen=True)
class Start:
    """How a repository begins: on which branch, and with which options git acts as it will at the destination.

    `must_hold_all`: that a rendered file is in no commit, because the ignore rules among them hide it, is an error.
    """

    branch: str
    options: tuple[str, ...] = ()
    must_hold_all: bool = False


@dataclass(frozen=True)
class Created:
    """What stands at `path` now; `commit` is None when the files are staged, `uncommitted` says why.

    `ignored`: the files that are not even staged, since the project's own rules ignore them.
    """

    path: Path
    branch: str
    commit: str | None
    uncommitted: str
    ignored: tuple[str, ...]
    outer: Path | None


def require_free(path: Path) -> None:
    """Raise ToolError unless a repository can be made at `path`."""
    if path == Path.cwd():
        message = f"{path} is the current folder, which cannot be replaced."
        raise ToolError(message, f"Run this in {path.parent}, with --path {path.name}.")
    if path.is_symlink() or path.is_file() or (path.is_dir() and any(path.iterdir())):
        kind = "exists and is not empty" if path.is_dir() else "exists and is not a folder"
        raise ToolError(f"{path} {kind}.", "Choose another name, or another destination with --path.")
    if not path.parent.is_dir():
        raise ToolError(f"{path.parent}, the folder to create {path.name} in, does not exist.", f"mkdir {path.parent}")


def create(path: Path, render: Callable[[Path], None], start: Start, *, message: str | None) -> Created:
    """Make a git repository at `path` of what `render` writes into the folder that it is given.

    It is committed with `message`, or only staged without one. A repository and commits that `render` makes, as tasks
    of a template do, stay. Raises ToolError when the destination is taken, also by another run that was quicker, or
    cannot be written.
    """
    require_free(path)
    outer = _outer(path)
    try:
        with whole_folder(path) as fresh:
            render(fresh)
            if is_made := os.path.lexists(fresh / ".git"):
                if not os.path.lexists(fresh / ".git" / "HEAD") and (fresh / ".git").is_dir():
                    raise ToolError("The template writes files to .git, which belongs to git.", "Fix it there.")
                start = replace(start, branch=git.ask(*_ALONE, "branch", "--show-current", at=fresh))
            else:
                _init(fresh, start)
            ignored = _staged(fresh, start)
            by_task = _all_committed(fresh) if is_made else None
            commit_id, why = (by_task, "") if by_task else _committed(fresh, start, message)
            interrupts.ignore()  # once it is there, a run that was stopped would leave it behind
    except ProcessError as error:
        raise ToolError(f"git could not create the repository: {error.reason}", "Nothing was kept.") from error
    except OSError as error:
        raise ToolError(f"{path} cannot be created: {error.strerror or error}.", "Nothing was kept.") from error
    return Created(path, start.branch, commit_id, why, ignored, outer)


def _outer(path: Path) -> Path | None:
    """The repository that will be around `path`, be it one that git does not trust."""
    try:
        return git.toplevel(path.parent)
    except ToolError:
        return next(above for above in path.parents if os.path.lexists(above / ".git"))


def _init(folder: Path, start: Start) -> None:
    try:
        git.git(*_ALONE, "init", "--quiet", "--template=", f"--initial-branch={start.branch}", at=folder)
    except ProcessError:
        git.require()  # says so where git is too old for that
        raise


def _staged(folder: Path, start: Start) -> tuple[str, ...]:
    """Stage everything in `folder`; return what its own rules ignore."""
    added = git.git(*start.options, *_ALONE, "add", "--all", "--verbose", at=folder, filters=True).stdout
    files = sum(len(names) for above, _, names in os.walk(folder) if ".git" not in Path(above).parts)
    if added.count(b"\n") == files:  # a line for each, so git need not be asked
        return ()
    whole = [] if start.must_hold_all else ["--directory"]  # tasks may have made folders of many files, such as .venv
    command = ("ls-files", "--others", "--ignored", "--exclude-standard", *whole, "-z")
    output = git.git(*_ALONE, *command, at=folder).stdout
    ignored = tuple(os.fsdecode(name) for name in output.split(b"\0") if name)
    if ignored and start.must_hold_all:
        rule = git.hiding_rule(folder, ignored[0], *_ALONE)
        message = f"{ignored[0]} would be in no commit, because the template's own {rule} hides it."
        raise ToolError(message, "Choose another name, or a newer version of the template.")
    return ignored


def _all_committed(folder: Path) -> str | None:
    """The last commit, if nothing that is staged differs from it."""
    head = git.resolve(folder, "HEAD")
    return head if head and not git.git(*_ALONE, "diff", "--cached", "--name-only", at=folder).stdout else None


def _committed(folder: Path, start: Start, message: str | None) -> tuple[str | None, str]:
    """Commit what is staged; return the commit's id, or None and why there is none."""
    if message is None:
        return None, "--no-commit was given"
    try:
        git.git(*start.options, *_ALONE, "commit", "--quiet", f"--message={message}", at=folder, filters=True)
    except ProcessError as error:
        if not git.git(*_ALONE, "ls-files", "--cached", at=folder).stdout:
            raise _nothing_to_commit(folder) from error
        if not identity.author(folder):
            return None, "git has no name and e-mail address to commit with"
        if "sign" not in error.stderr and "gpg" not in error.stderr:
            raise
        return None, f"git could not sign the commit: {error.reason}"
    head = folder / ".git" / "refs" / "heads" / start.branch
    return head.read_text().strip() if head.is_file() else git.resolve(folder, "HEAD"), ""


def _nothing_to_commit(folder: Path) -> ToolError:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    path = next((path.as_posix() for path in paths if path.parts[0] != ".git"), "")
    if rule := path and git.hiding_rule(folder, path, *_ALONE):
        message = f"Nothing can be committed, because the template's own {rule} hides all of its files."
        return ToolError(message, "Fix it there, or add --no-commit to get the files as they are.")
    return ToolError("Nothing can be committed: the template writes no file for these answers.", "Fix it there.")


# What a person has configured for all repositories has no say in what the project holds. No hook runs on a tree that is
# not at its place yet; git guesses no author; nothing is packed. The folder is ours, whoever owns its file system.
_ALONE = (
    *("-c", f"core.excludesFile={os.devnull}"),
    *("-c", "core.safecrlf=false"),
    *("-c", "safe.directory=*"),
    *("-c", "maintenance.auto=false"),
    *("-c", "gc.auto=0"),
    *identity.UNGUESSED,
)
