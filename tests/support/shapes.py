"""The shapes of repository in which `.git` is no folder of the work tree, or names its work tree.

A test whose shape is asked for (the fixture `shape`, or `pytest --shape`) gets its projects in that one.
"""

import os
import shutil
from pathlib import Path

from support.command import git

ASKED = "TEST_SHAPE"  # the environment variable with the shape of this test
SHAPES = (
    "submodule",
    "linked worktree",
    "worktree of a bare repository",
    "separate git directory",
    "core.worktree",
    "symbolic link",
)


def as_asked(repository: Path) -> Path:
    """The same repository, at the same place and with nothing to commit, in the shape that is asked for."""
    shape = os.environ.get(ASKED)
    return shaped(repository, shape) if shape else repository


def shaped(repository: Path, shape: str) -> Path:
    """The same repository in another shape."""
    beside = repository.with_name(f"{repository.name} beside")
    match shape:
        case "submodule":
            above = repository.parent
            git("init", "--quiet", at=above)
            add = ("-c", "advice.addEmbeddedRepo=false", "submodule", "--quiet", "add", f"./{repository.name}")
            git(*add, repository.name, at=above, env={"GIT_ALLOW_PROTOCOL": "file"})
            git("submodule", "--quiet", "absorbgitdirs", at=above)
        case "linked worktree":
            repository.rename(beside)
            branch = git("branch", "--show-current", at=beside)
            git("switch", "--quiet", "--detach", at=beside)
            git("worktree", "add", "--quiet", str(repository), branch, at=beside)
        case "worktree of a bare repository":
            branch = git("branch", "--show-current", at=repository)
            (repository / ".git").rename(beside)
            git("config", "core.bare", "true", at=beside)
            git("update-ref", "--no-deref", "HEAD", branch, at=beside)
            shutil.rmtree(repository)
            git("worktree", "add", "--quiet", str(repository), branch, at=beside)
        case "separate git directory":
            git("init", "--quiet", f"--separate-git-dir={beside}", at=repository)
        case "core.worktree":
            git("config", "core.worktree", str(repository), at=repository)
        case "symbolic link":
            (repository / ".git").rename(beside)
            (repository / ".git").symlink_to(os.path.relpath(beside, repository))
        case _:
            raise ValueError(shape)
    return repository
