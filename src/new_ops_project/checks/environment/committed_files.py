"""Rules about files of an environment that git tracks, or would."""

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix, Write
from new_ops_project.formats import gitignore
from new_ops_project.git.tree import PLAIN, Entry

_IGNORE = ".gitignore"
_PARTS = re.compile(
    r"/(?:(?:lib|lib64|Lib)/(?:python3\.\d+/)?)?site-packages/|/bin/(?:activate|python3?(?:\.\d+)?)$|/Scripts/(?:activate|python\.exe)$"
)
_NAMED = re.compile(r"^((?:.*?/)?)\.venv/")
_COMPILED = re.compile(r"(?:.*/)?__pycache__/|.*\.py[co]$")


def unignored_venv(repo: Repo) -> Iterator[Breach]:
    """`.venv`, unless the repository's own .gitignore excludes it: a person's global one helps nobody else.

    It is a note until there is one that git would add.
    """
    rules = {**repo.outer_rules, "": repo.files.get(_IGNORE, b"")}
    if any(_ignores(text, f"{prefix}.venv/pyvenv.cfg") for prefix, text in rules.items()):
        return
    message = "No .gitignore of the repository excludes .venv."
    severity = None if any(path.startswith(".venv/") for path in repo.untracked) else Severity.INFO
    if _IGNORE in repo.files:
        # Not above a rule that lets it in, which then still does.
        is_enough = _ignores(b".venv/\n" + rules[""], ".venv/pyvenv.cfg")
        fix: Fix = (Edit(_IGNORE, 1, 1, "", ".venv/\n"),) if is_enough else ()
        yield Breach(message, _IGNORE, 1, 1, fix, severity=severity)
    else:
        # A .gitignore that is in the repository but has no readable text is not overwritten.
        is_free = _IGNORE not in repo.paths
        fix = (Write(_IGNORE, Entry(PLAIN, b".venv/\n")),) if is_free else ()
        yield Breach(message, _IGNORE, fix=fix, severity=severity)


def _ignores(rules: bytes, path: str) -> bool:
    lines = rules.splitlines()
    if b".venv/" in lines and not any(line.startswith(b"!") for line in lines):
        return True  # as in most files, without the import that patterns need
    return gitignore.spec(rules.decode(errors="replace").splitlines()).match_file(path)


def committed_environments(repo: Repo) -> Iterator[Breach]:
    """Each virtual environment in git: by its pyvenv.cfg (PEP 405), its name, or files that only environments have."""
    folders = {str(PurePosixPath(path).parent) for path in repo.tracked if path.endswith(("/pyvenv.cfg", "pyvenv.cfg"))}
    folders |= {f"{head}.venv" for path in repo.tracked for head in _NAMED.findall(path)}
    for path in repo.tracked:
        part = _PARTS.search(path)
        # A layer of AWS Lambda is laid out like an environment in a folder `python`, and is meant to be there.
        is_layer = part and "site-packages" in part[0] and path[: part.start()].split("/")[-1] == "python"
        if part and not is_layer and not any(path.startswith(f"{folder}/") for folder in folders):
            folders.add(path[: part.start()])
    for folder in sorted(folders):
        remedy = f"Remove it from git, and keep it here: git rm -r --cached --quiet {shlex.quote(folder)}"
        yield Breach(f"The virtual environment {folder} is committed.", folder, remedy=remedy)


def committed_bytecode(repo: Repo) -> Iterator[Breach]:
    """Bytecode in git, once for each folder."""
    paths = {
        path.partition("__pycache__/")[0] + "__pycache__" if "__pycache__/" in path else path
        for path in repo.tracked
        if _COMPILED.match(path) and "/site-packages/" not in path
    }
    for path in sorted(paths):
        remedy = f"Remove it from git: git rm -r --cached --quiet {shlex.quote(path)}"
        yield Breach("Bytecode is committed.", path, remedy=remedy)
