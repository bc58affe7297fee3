"""ruff, run once over the Python files with the repository's own configuration."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.scratch import temporary_folder
from new_ops_project.checks.linters import program, workdir
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.formats import document

SYNTAX = "invalid-syntax"
_CODES = "E722,BLE001,S110,S112,T201,T203,S105,S106,S107,S602,S604,S605,S113,PLW1510,DTZ003,DTZ004,S501,S507,S323,S506"
# A syntax error "on Python 3.x" is valid on a newer Python, which the file may be for.
_NEWER = re.compile(r"on Python 3\.\d+")


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


def report(repo: Repo) -> RuffReport:
    """Run ruff; raises UncheckedError if it is not installed, or fails even without a configuration."""
    # A template's configuration does not parse; a path with a line end cannot be in a list.
    paths = [path for path in repo.python_sources if path.isprintable() and "{{" not in path]
    program.find("ruff", repo)
    # In a folder with several, ruff reads the last of these names.
    configs = {
        path.rpartition("/")[0]: path
        for name in (PYPROJECT, "ruff.toml", ".ruff.toml")
        for path in repo.paths
        if path.rpartition("/")[2] == name and path in repo.files and "{{" not in path
    }
    if not paths:
        return RuffReport()
    try:
        return _run(repo, paths, configs)
    except UncheckedError:  # a configuration for another version of ruff, or an invalid one
        return _run(repo, paths, {}, "--isolated")


def _run(repo: Repo, paths: Sequence[str], configs: Mapping[str, str], *more: str) -> RuffReport:
    with workdir.folder(repo, [*paths, *configs.values()]) as folder, temporary_folder() as scratch:
        listed, output = scratch / "files", scratch / "output"
        # The paths can be too many for a command line; `./` hides a leading `-` or `@`.
        listed.write_text("".join(f"./{path}\n" for path in paths), "utf-8", newline="\n")
        # Without --output-file, ruff would write to the file that RUFF_OUTPUT_FILE names.
        options = (*more, "--no-cache", "--no-fix", "--quiet", f"--output-file={output}", "--force-exclude")
        env = {"XDG_CONFIG_HOME": str(scratch)}  # where no configuration of the user is
        program.run(repo, "ruff", "check", "--show-files", *options, f"@{listed}", cwd=folder, env=env)
        files = output.read_text("utf-8").splitlines() if output.exists() else []
        options += ("--output-format=json", f"--select={_CODES}", *_ignored(repo, configs), f"@{listed}")
        program.run(repo, "ruff", "check", *options, cwd=folder, env=env)
        root = os.path.realpath(folder)
        diagnostics = tuple(_diagnostics(output.read_bytes() if output.exists() else b"[]", root))
        return RuffReport(diagnostics, frozenset(_relative(file, root) for file in files))


def _ignored(repo: Repo, configs: Mapping[str, str]) -> Iterator[str]:
    """The codes that each configuration ignores, as options: --select would override these settings, and only these."""
    for base, path in configs.items():
        table = document.toml(repo.files, path)
        prefix = ("tool", "ruff") if path.endswith(PYPROJECT) else ()
        for keys in ((*prefix, *lint, key) for lint in ((), ("lint",)) for key in ("ignore", "extend-ignore")):
            for code in table.strings(*keys):
                yield f"--extend-per-file-ignores={base or '.'}/*:{code}"


def _relative(file: str, root: str) -> str:
    return Path(os.path.relpath(file, root)).as_posix()


def _diagnostics(output: bytes, root: str) -> Iterator[Diagnostic]:
    try:
        items: list[dict[str, Any]] = json.loads(output)
        for item in items:
            place, end, message = item["location"], item["end_location"], str(item["message"])
            code = item["code"] or SYNTAX
            if code != SYNTAX or not _NEWER.search(message):
                path = _relative(item["filename"], root)
                yield Diagnostic(path, code, place["row"], place["column"], message, (end["row"], end["column"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UncheckedError(f"The output of ruff could not be read: {error}", "Try a newer ruff.") from error
