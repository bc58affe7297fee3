"""ruff, run once over the Python files with the repository's own configuration."""

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from new_ops_project.base.scratch import temporary_folder
from new_ops_project.checks.lazy_files import LazyFiles
from new_ops_project.checks.linters import own_ruff, program, workdir
from new_ops_project.checks.linters.own_ruff import NAME, ChosenProgram
from new_ops_project.checks.linters.program import Partial
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.formats import document
from new_ops_project.formats.document import Document
from new_ops_project.template import shared_folders

SYNTAX = "invalid-syntax"
UNREADABLE = "E902"
_CODES = "S110,S112,T201,S105,S106,S107,S602,S604,S605,S113,PLW1510,DTZ003,DTZ004,S501,S507,S323,S506"
# The rules of one linter: S, DTZ, PLW; T20 of T, which is another linter than T10.
_GROUP = re.compile(r"T20|[A-Z]+")
# A syntax error "on Python 3.x" is valid on a newer Python, which the file may be for.
_NEWER = re.compile(r"on Python 3\.\d+")
# How ruff names a configuration that it cannot use.
_CONFIG = re.compile(r"(?:configuration|from) `([^`]+)`")


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic; `line`, `column` and the exclusive `end` count from 1, in characters."""

    path: str
    code: str
    line: int
    column: int
    message: str
    end: tuple[int, int]


@dataclass(frozen=True)
class RuffReport:
    """The diagnostics with the codes above and the syntax errors, and the files that the repository does not exclude.

    What a comment (`noqa`), an ignored code or an exclude of the repository exempts is not among them.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    files: frozenset[str] = frozenset()


def report(repo: Repo) -> Partial:
    """Run ruff; raises UncheckedError if it is not installed, or fails.

    A folder whose configuration it refuses is left out, and named, unless it is excluded by that of the project.
    """
    # A template's configuration does not parse; a path with a line end cannot be in a list.
    paths = [path for path in _sources(repo) if path.isprintable() and "{{" not in path and repo.is_asked(path)]
    # In a folder with several, ruff reads the last of these names.
    configs = {
        path.rpartition("/")[0]: path
        for name in (PYPROJECT, "ruff.toml", ".ruff.toml")
        for path in repo.paths
        if path.rpartition("/")[2] == name and path in repo.files and "{{" not in path
    }
    choice = own_ruff.choose(repo) if paths else ChosenProgram("")
    gaps = [*choice.gaps]
    while paths:
        try:
            return Partial(_run(repo, choice, paths, configs), tuple(gaps))
        except UncheckedError as error:
            folder = posixpath.dirname(error.path)
            others = [path for path in paths if not path.startswith(f"{folder}/")]
            if not folder or others == paths:
                raise
            gaps += [error] if _is_read(repo, choice, folder) else []
            paths = others
            configs = {base: path for base, path in configs.items() if not f"{base}/".startswith(f"{folder}/")}
    return Partial(RuffReport(), tuple(gaps))


def _sources(repo: Repo) -> Sequence[str]:
    """The Python files, by path; few of those on the disk are read for that, so that ruff starts at once."""
    if not isinstance(repo.files, LazyFiles) or repo.files.over:
        return repo.python_sources
    probable = repo.files.probable
    named = (path for path in repo.paths if path.endswith(".py") and (path in probable or path in repo.files))
    return sorted({*named, *repo.python_scripts})


def _is_read(repo: Repo, choice: ChosenProgram, folder: str) -> bool:
    """Whether ruff reads the files in the folder if it is not told to: those that the project excludes, it does not."""
    with temporary_folder() as scratch:
        try:
            files = _ask(repo, choice, "--show-files", "--quiet", ".", cwd=repo.folder, scratch=scratch).splitlines()
        except UncheckedError:
            return True
        return any(_relative(file, os.path.realpath(repo.folder)).startswith(f"{folder}/") for file in files)


def _run(repo: Repo, choice: ChosenProgram, paths: Sequence[str], configs: Mapping[str, str]) -> RuffReport:
    settings = [table.path for path in configs.values() for table in _tables(repo, path)]
    with workdir.folder(repo, [*paths, *settings]) as folder, temporary_folder() as scratch:
        listed = scratch / "files"
        # The paths can be too many for a command line; `./` hides a leading `-` or `@`.
        listed.write_text("".join(f"./{path}\n" for path in paths), "utf-8", newline="\n")
        options = ["--no-fix", "--quiet", "--force-exclude", _cache(is_copy=folder != repo.folder), f"@{listed}"]
        selected = ["--output-format=json", f"--select={_CODES},{UNREADABLE}", *_ignored(repo, configs)]
        ask = partial(_ask, repo, choice, *options, cwd=folder, scratch=scratch)
        with ThreadPoolExecutor(1, "ruff") as pool:
            listing = pool.submit(ask, "--show-files")
            output, files = ask(*selected), listing.result().splitlines()
        root = os.path.realpath(folder)
        known = (each for each in _diagnostics(output, root) if each.path in repo.files)  # not what is binary
        return RuffReport(tuple(known), frozenset(_relative(file, root) for file in files))


def _cache(*, is_copy: bool) -> str:
    """The option for a cache outside of the project, where nothing is written; for none, if that is not possible."""
    folder = shared_folders.cache_folder() / "ruff"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    is_usable = not is_copy and os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()
    return f"--cache-dir={folder}" if is_usable else "--no-cache"


def _ask(repo: Repo, choice: ChosenProgram, *options: str, cwd: Path, scratch: Path) -> str:
    """The output of `ruff check`; raises UncheckedError, with the path of the configuration that it refuses."""
    # Without --output-file, ruff would write to the file that RUFF_OUTPUT_FILE names.
    output = scratch / ("listing" if "--show-files" in options else "diagnostics")
    args = ("check", *options, f"--output-file={output}")
    env = {"XDG_CONFIG_HOME": str(scratch)}  # where no configuration of the user is
    done = program.run(repo, NAME, *args, program=choice.program, cwd=cwd, env=env, codes=(0, 1, 2))
    if done.exit_code > 1:
        raise _refused(done.stderr, os.path.realpath(cwd), choice)
    if not output.exists():
        raise program.unreadable(NAME)
    return output.read_text("utf-8", errors="surrogateescape")


def _refused(stderr: str, root: str, choice: ChosenProgram) -> UncheckedError:
    """The error for a run that failed, by its first and last line about the cause."""
    cause = [line for line in stderr.rpartition("Cause: ")[2].splitlines() if line and "|" not in line] or [""]
    config = _CONFIG.search(stderr)
    path = _relative(config[1], root) if config else ""
    text = " ".join(dict.fromkeys([path and f"{path}:", cause[0], cause[-1]])).replace(f"{root}{os.sep}", "").strip()
    error = program.failed(NAME, text, path)
    is_version = "Required version" in text
    return UncheckedError(error.reason, choice.hint if is_version else error.hint, fails=True, path=path)


def _ignored(repo: Repo, configs: Mapping[str, str]) -> Iterator[str]:
    """The codes that each configuration switches off, as options: --select would override that, and only that."""
    for base, path in configs.items():
        for code in _switched_off(repo, path):
            yield f"--extend-per-file-ignores={base or '.'}/*:{code}"


def _switched_off(repo: Repo, path: str) -> Iterator[str]:
    """What a configuration ignores, and what it leaves out where it selects some of the same group, such as S1 of S."""
    tables = [*_tables(repo, path)]
    yield from _codes(tables, "ignore", "extend-ignore")
    selected = tuple(_codes(tables, "select", "extend-select"))
    for code in () if "ALL" in selected else _CODES.split(","):
        group = _GROUP.match(code)
        is_chosen = group and any(re.fullmatch(rf"{group[0]}\d*", selector) for selector in selected)
        if is_chosen and not code.startswith(selected):
            yield code


def _tables(repo: Repo, path: str) -> Iterator[Document]:
    """The configuration and those that it extends in turn, each with the keys of ruff."""
    seen = set[str]()
    while path in repo.files and path not in seen:
        seen.add(path)
        whole = document.toml(repo.files, path)
        yield whole
        extended = whole.string(*_keys(whole, "extend"))
        path = posixpath.normpath(f"{posixpath.dirname(path)}/{extended}").lstrip("/") if extended else ""


def _keys(table: Document, *keys: str) -> tuple[str, ...]:
    return ("tool", "ruff", *keys) if table.path.endswith(PYPROJECT) else keys


def _codes(tables: Iterable[Document], *names: str) -> Iterator[str]:
    for table in tables:
        for keys in ((*lint, name) for lint in ((), ("lint",)) for name in names):
            yield from table.strings(*_keys(table, *keys))


def _relative(file: str, root: str) -> str:
    prefix = f"{root}{os.sep}"
    path = file[len(prefix) :] if file.startswith(prefix) else os.path.relpath(file, root)
    return path.replace(os.sep, "/")


def _diagnostics(output: str, root: str) -> Iterator[Diagnostic]:
    try:
        items: list[dict[str, Any]] = json.loads(output)
        for item in items:
            place, end, message = item["location"], item["end_location"], str(item["message"])
            code = item["code"] or SYNTAX
            if code != SYNTAX or not _NEWER.search(message):
                path = _relative(item["filename"], root)
                yield Diagnostic(path, code, place["row"], place["column"], message, (end["row"], end["column"]))
    except (ValueError, KeyError, TypeError) as error:
        raise program.unreadable(NAME) from error
