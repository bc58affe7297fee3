"""What keeps git from running the programs that the settings of a repository itself name; docs/security.md has why.

Settings of the user and of the machine are trusted; those in the folder of a repository come with it, for whoever
unpacks or copies it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from new_ops_project.base import process, reading
from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git import special_files, urls

# Whatever git is asked, no file system monitor and no verifier of signatures answers.
_ALWAYS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_WITHOUT_HOOKS = ("-c", f"core.hooksPath={os.devnull}")

# What may name programs in a file of settings (git-config(1)); a file that is included may hold anything.
_FILTERS = re.compile(rb"\[(?:filter|include)", re.IGNORECASE)
_HOOKS = re.compile(rb"\[(?:hook|include)", re.IGNORECASE)  # since git 2.54, beside those in core.hooksPath
_KEY = rb"\[include|(?:^|\])\s*(?:%s)\s*(?:=|$)"
_LAZY = re.compile(_KEY % rb"promisor|partialclone", re.IGNORECASE | re.MULTILINE)
_FETCHING = re.compile(_KEY % rb"sshcommand|gitproxy|askpass|helper|uploadpack|vcs", re.IGNORECASE | re.MULTILINE)
_LACKING = re.compile(r"promisor|transport '.*' not allowed|unable to read|missing|bad object", re.IGNORECASE)
_PROTOCOLS, _NONE = "GIT_ALLOW_PROTOCOL", "none"
_OF_REPOSITORY = {"local", "worktree"}  # as `git config --show-scope` says it


def of(
    at: Path, git_dir: str = "", *, filters: bool = False, hooks: bool = False
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The options and the variables for a command of git in the folder `at`: no program of the repository runs.

    `filters`, `hooks`: those of the repository may run. `git_dir`: the value of GIT_DIR, if it is set. A partial clone
    fetches what it lacks by the user's own programs, and nothing where its settings name others. Raises ToolError for a
    filter or a hook whose name fits in no option.
    """
    text = _settings(at, git_dir)
    options = (*_ALWAYS, *(() if hooks else _WITHOUT_HOOKS))
    without_filters, without_hooks = (not filters and _FILTERS.search(text)), (not hooks and _HOOKS.search(text))
    if without_filters or without_hooks:
        sections = "|".join(name for name, is_off in (("filter", without_filters), ("hook", without_hooks)) if is_off)
        options += _without(at, git_dir, sections)
    if not _LAZY.search(text):
        return options, {}
    return options, {_PROTOCOLS: _NONE if _FETCHING.search(text) else urls.allowed_protocols()}


def fetches_nothing(env: Mapping[str, str]) -> bool:
    """Whether these variables, of `of`, keep a partial clone from fetching what it lacks."""
    return env.get(_PROTOCOLS) == _NONE


def lacking(at: Path) -> ToolError:
    """The error for such a clone where git needs an object that it lacks."""
    message = f"The partial clone {at} lacks objects, and they are not fetched by the programs that its settings name."
    return ToolError(message, "If you trust these, bring everything: git fetch --refetch --no-filter")


def is_lacking(messages: str) -> bool:
    """Whether git's messages may be about an object that could not be fetched."""
    return bool(_LACKING.search(messages))


@contextmanager
def borrowing(git_dir: Path) -> Iterator[None]:
    """For work in a repository that borrows the objects of the one in `git_dir`: say what a partial clone lacks."""
    try:
        yield
    except ProcessError as error:
        _, env = of(git_dir)
        if not is_lacking(error.stderr) or _PROTOCOLS not in env:
            raise
        if fetches_nothing(env):
            raise lacking(git_dir) from error
        message = f"The partial clone {git_dir} lacks objects that are needed here."
        raise ToolError(message, "Bring everything: git fetch --refetch --no-filter") from error


def defines_filters(at: Path) -> bool:
    """Whether the settings of the repository may define filters."""
    return bool(_FILTERS.search(_settings(at, "")))


def _without(at: Path, git_dir: str, sections: str) -> tuple[str, ...]:
    """The options against what the repository itself says in these sections.

    For a filter, the user's own value or none takes its place; a hook is disabled.
    """
    command = ("git", "config", "--null", "--show-scope", "--get-regexp", rf"^({sections})\..*\.")
    env = {"GIT_DIR": git_dir} if git_dir else None
    obstacle = partial(special_files.refusal, at)
    fields = iter(process.run(*command, cwd=at, env=env, codes=(0, 1), obstacle=obstacle).text.split("\0"))
    rows = [(scope, *setting.partition("\n")) for scope, setting in zip(fields, fields, strict=False)]
    trusted = {key: value if sign else "true" for scope, key, sign, value in rows if scope not in _OF_REPOSITORY}
    named = [key for scope, key, *_ in rows if scope in _OF_REPOSITORY]
    if key := next((key for key in named if "=" in key), ""):
        message = f"The repository at {at} has a setting with a = in its name: {key}."
        raise ToolError(message, "Rename that section in its .git/config.")
    values = {key: trusted.get(key, "") for key in named if key.startswith("filter.")}
    values |= {f"{key.rpartition('.')[0]}.enabled": "false" for key in named if key.startswith("hook.")}
    return tuple(word for key, value in values.items() for word in ("-c", f"{key}={value}"))


def _settings(at: Path, git_dir: str) -> bytes:
    """The settings of each repository that git may take for that of the folder `at`.

    Git knows which one it is. To look at another one too costs a question; to look at one too few would be a hole.
    """
    folders = [at / git_dir] if git_dir else _git_dirs(at.resolve())
    return b"\n".join(_text(file) for folder in folders for file in _files(folder))


def _git_dirs(at: Path) -> Iterator[Path]:
    for folder in (at, *at.parents):
        if os.path.lexists(f"{folder}/HEAD"):  # a bare repository
            yield folder
        if os.path.lexists(f"{folder}/.git/HEAD"):
            yield folder / ".git"
        elif os.path.lexists(f"{folder}/.git"):  # a file, as in a linked work tree
            yield folder / os.fsdecode(_text(folder / ".git").removeprefix(b"gitdir: ").rstrip(b"\r\n"))


def _files(git_dir: Path) -> Iterator[Path]:
    """The files with the settings of a repository (gitrepository-layout(5)); in a linked work tree, two folders."""
    common = os.fsdecode(_text(git_dir / "commondir").rstrip(b"\r\n"))
    yield from (folder / name for folder in {git_dir, git_dir / common} for name in ("config", "config.worktree"))


def _text(file: Path) -> bytes:
    """The content of the file; nothing where git could not read it either. Raises ToolError for a pipe."""
    return reading.read_if_there(file) or b"" if os.access(file, os.R_OK) else b""
