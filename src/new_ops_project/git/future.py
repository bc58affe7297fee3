"""The settings of git in a repository that is not there yet.

What a person configures for the repositories in a folder, or for a branch, (`includeIf`, git-config(1), "Conditional
includes") holds from the moment in which a repository is at its place. Until then git has to be told which files to
include.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from new_ops_project import git
from new_ops_project.git import identity
from new_ops_project.git.identity import Identity

_KEYS = "|".join(re.escape(key) for key in (*identity.KEYS, "init.defaultbranch"))
_WANTED = rf"^({_KEYS}|includeif\..*\.path)$"


@dataclass(frozen=True)
class Settings:
    """What git will read in a repository: its `author`, and the `branch` that it would begin with ('' for git's own).

    `options` give a git command that runs elsewhere the same settings.
    """

    author: Identity
    branch: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    """One value in a file of settings; `folder` is that of the file, or None for a value from the environment."""

    key: str
    value: str
    folder: Path | None


def settings_at(path: Path, branch: str = "") -> Settings:
    """The settings for a repository that will be at `path`, on `branch`, or on the one that git is set to begin with.

    Settings of a repository around `path` or the current folder have no say. Raises ProcessError for settings that
    git cannot read.
    """
    files: dict[Path, None] = {}
    while True:
        options = tuple(word for file in files for word in ("-c", f"include.path={file}"))
        entries = _entries(options)
        values = {entry.key: entry.value for entry in entries}
        begins_with = values.get("init.defaultbranch", "")
        known = len(files)
        files |= dict.fromkeys(_included(entries, path, branch or begins_with))  # which may include more
        if len(files) == known:
            return Settings(identity.in_settings(values), begins_with, options)


def _entries(options: tuple[str, ...]) -> list[_Entry]:
    """The settings of the user and of the machine, the ones that count most last."""
    command = ("config", "--null", "--show-origin", "--get-regexp", _WANTED)
    output = git.git(*options, *command, env={"GIT_DIR": os.devnull}, codes=(0, 1)).stdout
    fields = iter(os.fsdecode(output).split("\0"))
    entries = []
    for origin, setting in zip(fields, fields, strict=False):
        key, _, value = setting.partition("\n")
        kind, _, file = origin.partition(":")
        entries.append(_Entry(key, value, Path(file).absolute().parent if kind == "file" else None))
    return entries


def _included(entries: list[_Entry], path: Path, branch: str) -> Iterator[Path]:
    """The files that git includes once the repository is there."""
    for entry in entries:
        condition = entry.key.removeprefix("includeif.").removesuffix(".path")
        if condition != entry.key and _holds(condition, entry.folder, path, branch):
            file = Path(os.path.expanduser(entry.value))  # noqa: PTH111 - a user who is unknown is no error here
            yield (entry.folder or Path.cwd()) / file


def _holds(condition: str, folder: Path | None, path: Path, branch: str) -> bool:
    """Whether a condition will hold; one for the address of a remote does not, for there is none yet."""
    kind, _, pattern = condition.partition(":")
    if kind == "onbranch":
        return bool(re.fullmatch(expression(_whole(pattern)), branch))
    if kind not in {"gitdir", "gitdir/i"}:
        return False
    if pattern.startswith("~/"):
        pattern = Path("~").expanduser().resolve().as_posix() + pattern[1:]
    elif pattern.startswith("./") and folder:
        pattern = folder.resolve().as_posix() + pattern[1:]
    elif not Path(pattern).is_absolute():
        pattern = f"**/{pattern}"
    wanted = re.compile(expression(_whole(pattern)), re.IGNORECASE if kind == "gitdir/i" else 0)
    git_dir = path.absolute() / ".git"
    return any(wanted.fullmatch(place.as_posix()) for place in (git_dir.resolve(), git_dir))


def _whole(pattern: str) -> str:
    """A pattern; one that ends with a slash stands for everything below."""
    return f"{pattern}**" if pattern.endswith("/") else pattern


# The parts of a pattern, as git's wildmatch with WM_PATHNAME takes them; anything else stands for itself.
_PART = re.compile(
    r"(?P<deep>(?:(?<=/)|^)\*\*/)|(?P<rest>(?<=/)\*\*$)|(?P<some>\*+)|(?P<any>\?)"
    r"|\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]|\\?(?P<itself>.)",
    re.DOTALL,
)
_EXPRESSIONS = {"deep": "(?:.*/)?", "rest": ".*", "some": "[^/]*", "any": "[^/]"}


def expression(pattern: str) -> str:
    """The regular expression for a pattern of paths in which `*` stops at slashes and `**` between slashes does not."""
    return "".join(map(_expression, _PART.finditer(pattern)))


def _expression(part: re.Match[str]) -> str:
    if part["set"]:
        inner = part["set"].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"(?!/)[{'^' * bool(part['not'])}{inner}]"
    return re.escape(part["itself"]) if part["itself"] else _EXPRESSIONS[str(part.lastgroup)]
