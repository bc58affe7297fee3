"""Trees without a reasonable end: a few objects that name each other can stand for billions of files."""

from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from new_ops_project.base import process
from new_ops_project.base.errors import ProcessError, ToolError

MOST = 1_000_000
"""How many files and folders a tree may have."""
_LONGEST = 500_000_000  # characters of all their paths
_MOST_NAMES = 9


def refusal(command: tuple[str, ...], env: Mapping[str, str], at: Path, args: Iterable[str]) -> ToolError | None:
    """The error for the first tree with too many entries among HEAD and those that the `args` of a git name.

    `command` is git with its options, `env` its variables. Counting ends at the limit, after about a second.
    """
    names = [arg for arg in args if not arg.startswith("-")][:_MOST_NAMES]
    for name in dict.fromkeys(["HEAD", *names]):
        with suppress(ProcessError):  # it names no tree
            if not _is_small(command, env, at, name):
                return too_large(name, at)
    return None


def _is_small(command: tuple[str, ...], env: Mapping[str, str], at: Path, name: str) -> bool:
    size, listing = 0, ("ls-tree", "-r", "-t", "--name-only", "--full-tree", name)
    with closing(process.stream(*command, *listing, cwd=at, env=env)) as paths:
        for number, path in enumerate(paths, 1):
            size += len(path)
            if number > MOST or size > _LONGEST:
                return False
    return True


def too_large(name: str, at: Path) -> ToolError:
    """The error for such a tree, which `name` names in the repository `at`."""
    return ToolError(
        f"{name} of the repository {at} has more than {MOST:,} files and folders.",
        "Such a tree may have been made to fill memory and disks; use another commit.",
    )
