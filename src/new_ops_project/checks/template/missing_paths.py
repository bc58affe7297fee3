"""What files of the template, and pyproject.toml, still name although it is gone."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from new_ops_project import git
from new_ops_project.base.finding import Severity
from new_ops_project.checks.places import with_folders
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.checks.template import files
from new_ops_project.checks.template.files import Compared

_IGNORE_FILE = re.compile(r"\.\w*ignore")
# Keys of pyproject.toml whose values are no paths that have to be there.
_NO_PATHS = re.compile(
    r"exclude|omit|ignore|name|readme|license|description|keywords|classifiers|dependencies|urls|scripts|entry-points"
)
# A command that takes paths; `tests` is a word in other lines.
_TAKES_PATHS = r"\b(?:pytest|mypy|ruff|python|pip|build|COPY|ADD)\b.*?\s"


def named(repo: Repo, comparison: Compared) -> Iterator[Breach]:
    """A breach for each path that is gone, in each file that names it: a workflow that runs a script, say."""
    gone = _gone(repo, comparison)
    for path in gone:
        for file in (file for file in comparison.states if file.is_maintained and gone):
            is_relevant = not _IGNORE_FILE.fullmatch(PurePosixPath(file.path).name)
            text = files.content(repo, file.path) if is_relevant else None
            if number := _line(text or b"", path):
                yield _breach(path, (file.path, number, 1))
        if keys := _keys(repo.pyproject.data, path, ()):
            yield _breach(path, repo.in_pyproject(*keys))


def _breach(path: str, place: tuple[str, int, int]) -> Breach:
    remedy = f"Name what took its place, or bring it back (git log --diff-filter=D -- {shlex.quote(path)} finds it)."
    return Breach(f"{path} is named here, but does not exist.", *place, remedy=remedy, severity=Severity.WARNING)


def _gone(repo: Repo, comparison: Compared) -> list[str]:
    """What of the template is not there: whole folders, or files in folders that are there."""
    rows = comparison.reference.rows
    left_out = comparison.reference.migrated.answers.values.get("left_out", ()) if rows else ()
    own = {file.path for file in comparison.states if file.is_maintained}
    written = {*rows, *(file.path for file in comparison.states if file.state == "deleted")} - own - {*left_out}
    absent = [path for path in sorted(written - repo.paths) if not os.path.lexists(repo.folder / path)]
    ignored = {*git.ignored(repo.folder, absent)} if absent else {}
    folders = {folder for path in repo.paths for folder in with_folders(path)} if absent else {}
    above = (
        [folder for folder in with_folders(path) if folder not in folders] for path in absent if path not in ignored
    )
    return sorted({places[-1] for places in above if places})


def _line(text: bytes, path: str) -> int:
    """The first line, from 1, that names the path or something in it, outside of comments; 0 if none does."""
    before = b"" if {".", "/"} & {*path} else f"(?:{_TAKES_PATHS}|(?={re.escape(path)}/))".encode()
    name = re.compile(before + rb"(?<![\w./-])" + re.escape(os.fsencode(path)) + rb"(?![\w-]|\.\w)")
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if name.search(line.partition(b"#")[0])), 0)


def _keys(value: Any, path: str, keys: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The keys of the first value in pyproject.toml that is the path or something in it; () if none is."""
    if isinstance(value, str):
        is_word = not {".", "/"} & {*path} and keys[:1] != ("tool",)
        return keys if f"{value}/".startswith(f"{path}/") and not is_word else ()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = (_keys(item, path, (*keys, key)) for key, item in items if not _NO_PATHS.search(str(key)))
    return next(filter(None, inner), ())
