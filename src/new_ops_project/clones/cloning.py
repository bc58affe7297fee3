"""How a repository is cloned: to its final place in one rename, so that an interrupted clone leaves nothing there."""

import os
import re
from contextlib import closing
from itertools import groupby
from pathlib import Path

from new_ops_project import git
from new_ops_project.base import masking, paths
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.files import whole_folder
from new_ops_project.base.process import stream
from new_ops_project.base.progress import Progress
from new_ops_project.git import remotes, urls

_STAGE = re.compile(r"(?:remote: )?([A-Z][a-z]+ (?:objects|deltas|files)):")


def is_address(text: str) -> bool:
    """Whether `text` is an address to clone from rather than a path."""
    return ("://" in text or urls.is_short_address(text)) and not os.path.exists(text)  # noqa: PTH110 - Path.exists raises for a very long text


def existing_clone(given: str | Path) -> Path:
    """The folder `given` as an absolute path; raises ToolError if it is not a folder."""
    path = paths.absolute(given)
    if not os.path.isdir(path):  # noqa: PTH112 - as in is_address
        problem = "is a file" if os.path.exists(path) else "does not exist"  # noqa: PTH110 - as in is_address
        raise ToolError(f"{given} {problem}.", "Give the PATH of a clone.")
    return path


def ensure_clone(target: str, into: Path | None, progress: Progress, *, can_ask: bool) -> Path:
    """The clone at the path `target`, or a clone of it where it is an address or `into` says where to clone to.

    Raises ToolError or OSError if there is no such clone, and none can be made.
    """
    if not is_address(target):
        if into is None:
            return existing_clone(target)
        target = str(paths.absolute(target))
    else:
        urls.require_allowed(target)
    name = re.sub(r"\.git$", "", re.split(r"[/:\\]", target.rstrip("/\\"))[-1])
    if into is None and name in {"", ".", ".."}:
        raise ToolError(f"{masking.masked(target)} does not contain a name for the clone.", "Give --into DIR.")
    path = paths.absolute(into or name)
    if not is_cloned(target, path):
        clone(target, path, progress, can_ask=can_ask)
    return path


def is_cloned(url: str, path: Path) -> bool:
    """Whether `path` is already a clone of `url`; raises ToolError when something else is there."""
    if not path.is_symlink() and (not path.exists() or (path.is_dir() and not any(path.iterdir()))):
        return False
    origin = git.remote_url(path) if (path / ".git").exists() else ""
    if origin and _comparable(origin) == _comparable(urls.full_address(url)):
        return True
    problem = f"{path} is there already, and not a clone of {masking.masked(url)}."
    raise ToolError(problem, "Choose another destination with --into DIR.")


def clone(url: str, path: Path, progress: Progress, *, can_ask: bool) -> None:
    """Clone `url` to `path`, which is absent or empty; raises ToolError with git's own reason when that fails.

    Without `can_ask`, neither git nor ssh prompts, and a server that gives no sign of life is given up. Credentials in
    the address are used, and not kept in the clone.
    """
    address = urls.full_address(url)
    safe_url = masking.masked(url)
    options, env = remotes.access(address)
    quiet = {} if can_ask else remotes.without_prompts(None)
    progress(f"git clone {safe_url} {path.name}", 0, 1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(path) as fresh:
            silence = None if can_ask else (remotes.ANSWER, remotes.STALL)
            options = options if can_ask else (*remotes.NO_PROMPTS, *options)
            command = ("git", *options, "clone", "--quiet", "--progress", "--", urls.public(address), str(fresh))
            with closing(stream(*command, env={**env, **quiet}, silence=silence)) as lines:
                for stage, _ in groupby(match[1].lower() for line in lines if (match := _STAGE.match(line))):
                    progress(f"git clone {safe_url}: {stage}", 0, 1)
    except ProcessError as error:
        git.require_trusted(error.stderr)
        message = f"{safe_url} cannot be cloned: {remotes.failure_reason(error)}."
        raise ToolError(message, "Check the address, and your access to it with `git ls-remote`.") from error
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror or error}.", "Nothing was kept.") from error


def _comparable(url: str) -> str:
    """An address in a form in which two spellings of it are equal."""
    text = masking.masked(url).rstrip("/").removesuffix(".git")
    return str(Path(text).absolute()) if "://" not in text and not urls.is_short_address(text) else text
