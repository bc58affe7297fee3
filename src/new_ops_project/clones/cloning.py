"""A repository is cloned to its place in one rename: an interrupted clone leaves nothing under the final name."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import new_folder, paths
from new_ops_project.base.errors import ToolError
from new_ops_project.base.process import ProcessError, output_lines
from new_ops_project.git import remotes, urls

_STAGE = re.compile(r"(?:remote: )?([A-Z][a-z]+ (?:objects|deltas|files)):\s+(\d+)%")


def is_address(text: str) -> bool:
    """Whether `text` is an address to clone from rather than a path."""
    return ("://" in text or urls.is_short_address(text)) and not os.path.exists(text)  # noqa: PTH110 - of any length


def existing_clone(given: str | Path) -> Path:
    """The clone at the path `given`, absolute; raises ToolError for what is no folder."""
    path = paths.absolute(given)
    if not os.path.isdir(path):  # noqa: PTH112 - the same
        what = "is a file" if os.path.exists(path) else "does not exist"  # noqa: PTH110 - the same
        raise ToolError(f"{given} {what}.", "Give the PATH of a clone.")
    return path


def clone_destination(url: str, into: Path | None) -> Path:
    """Where a clone of `url` goes, absolute; raises ToolError for an address that gives no name."""
    name = re.sub(r"\.git$", "", re.split(r"[/:\\]", url.rstrip("/\\"))[-1])
    if into is None and name in {"", ".", ".."}:
        raise ToolError(f"{urls.without_secrets(url)} gives the clone no name.", "Give --into DIR.")
    return paths.absolute(into or name)


def is_cloned(url: str, path: Path) -> bool:
    """Whether `path` is a clone of `url` already; raises ToolError when something else is there."""
    if not path.is_symlink() and (not path.exists() or (path.is_dir() and not any(path.iterdir()))):
        return False
    origin = git.remote_url(path) if (path / ".git").exists() else ""
    if origin and _plain(origin) == _plain(urls.full_address(url)):
        return True
    what = f"a clone of {urls.without_secrets(origin)}" if origin else "and not empty" if path.is_dir() else "a file"
    raise ToolError(f"{path} is there already, {what}.", "Choose another place with --into DIR.")


def clone(url: str, path: Path, progress: Callable[[str, int, int], None], *, can_ask: bool) -> None:
    """Clone `url` to `path`, which is absent or empty; raises ToolError with git's own reason when that fails.

    Without `can_ask` neither git nor ssh asks anything.
    """
    shown = urls.without_secrets(url)
    env = {} if can_ask else remotes.without_prompts(Path.cwd())
    progress(f"git clone {shown} {path.name}", 0, 100)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_folder.temporary_sibling(path) as fresh:
            quiet = () if can_ask else remotes.NO_PROMPTS
            command = ("git", *quiet, "clone", "--progress", "--", urls.full_address(url), str(fresh))
            with closing(output_lines(*command, env=env)) as said:
                for stage, percent in _stages(said):
                    progress(f"git clone {shown}: {stage}", percent, 100)
            new_folder.move_into_place(fresh, path)
    except ProcessError as error:
        message = f"{shown} cannot be cloned: {remotes.failure_reason(error)}."
        raise ToolError(message, "Check the address, and your access to it with `git ls-remote`.") from error
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Nothing was kept.") from error


def _stages(said: Iterable[str]) -> Iterator[tuple[str, int]]:
    """What git is at, and how far in percent; not for each percent, for there may be a line for each."""
    before = ("", -1)
    for line in said:
        found = _STAGE.match(line)
        if found and (now := (found[1].lower(), int(found[2]) // 20)) != before:
            yield now[0], int(found[2])
            before = now


def _plain(url: str) -> str:
    """An address without what may differ between two ways to write it."""
    text = urls.without_secrets(url).rstrip("/").removesuffix(".git")
    return str(Path(text).absolute()) if "://" not in text and not urls.is_short_address(text) else text
