"""A rendered project becomes a repository at its destination, wholly or not at all.

It is made in a temporary sibling and renamed into place. A sibling is locked while a run works in it, so the next run
knows a left-over one (killed, power lost) from one that is in use.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import interrupts
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder


@dataclass(frozen=True)
class Created:
    """What stands at `path` now; `commit` is None when the files are staged, `uncommitted` says why."""

    path: Path
    commit: str | None
    uncommitted: str
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


def create(path: Path, render: Callable[[Path], None], *, commit: bool, message: str) -> Created:
    """Make a git repository at `path` of what `render` writes into the folder that it is given.

    Raises ToolError when the destination is taken, also by another run that was quicker, or cannot be written.
    """
    require_free(path)
    outer = git.toplevel(path.parent)
    try:
        with whole_folder(path) as fresh:
            render(fresh)
            commit_id, why = _commit(fresh, message=message, commit=commit)
            interrupts.ignore()  # once it is there, a run that was stopped would leave it behind
    except ProcessError as error:
        raise ToolError(f"git could not create the repository: {error.reason}", "Nothing was kept.") from error
    except OSError as error:
        raise ToolError(f"{path} cannot be created: {error.strerror or error}.", "Nothing was kept.") from error
    return Created(path, commit_id, why, outer)


def _commit(folder: Path, *, message: str, commit: bool) -> tuple[str | None, str]:
    """Make `folder` a repository with everything staged, and committed where it can be."""
    # What a person ignores everywhere, or has in a template of git's own, has no say in what the project holds.
    try:
        git.git("init", "--quiet", "--template=", "--initial-branch=main", at=folder)
    except ProcessError:
        git.require()  # says so where git is too old for that
        raise
    git.git("-c", f"core.excludesFile={os.devnull}", "add", "--all", at=folder)
    if not commit:
        return None, "--no-commit was given"
    try:
        git.git(*_COMMITTING, "commit", "--quiet", f"--message={message}", at=folder)
    except ProcessError as error:
        if not git.has_identity(folder):
            return None, "git has no name and e-mail address to commit with"
        if "sign" not in error.stderr and "gpg" not in error.stderr:
            raise
        return None, f"git could not sign the commit: {error.reason}"
    head = folder / ".git" / "refs" / "heads" / "main"
    return head.read_text().strip() if head.is_file() else git.resolve(folder, "HEAD"), ""


# No hook of the user's runs on a tree that is not at its place yet; git guesses no author; nothing is packed.
_COMMITTING = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "user.useConfigOnly=true",
    "-c",
    "maintenance.auto=false",
    "-c",
    "gc.auto=0",
)
