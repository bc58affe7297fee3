"""Rules about what of an environment is committed, or could be."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Write
from new_ops_project.git.tree import PLAIN, Entry

_IGNORE = ".gitignore"
_PARTS = re.compile(
    r"/(?:(?:lib|lib64|Lib)/(?:python3\.\d+/)?)?site-packages/|/bin/(?:activate|python3?(?:\.\d+)?)$|/Scripts/(?:activate|python\.exe)$"
)
_NAMED = re.compile(r"^((?:.*?/)?)\.venv/")
_COMPILED = re.compile(r"(?:.*/)?__pycache__/|.*\.py[co]$")


def venv_is_not_ignored(repo: Repo) -> Iterator[Breach]:
    """`.venv` is not kept out by the repository's own .gitignore; a person's global one helps nobody else."""
    rules = {**repo.outer_rules, "": repo.files.get(_IGNORE, b"")}
    if any(_ignores(text, f"{prefix}.venv/pyvenv.cfg") for prefix, text in rules.items()):
        return
    is_there = _IGNORE in repo.files
    step = Edit(_IGNORE, 1, 1, "", ".venv/\n") if is_there else Write(_IGNORE, Entry(PLAIN, b".venv/\n"))
    is_free = is_there or _IGNORE not in repo.paths
    yield Breach(".venv is not ignored by git.", _IGNORE, int(is_there), int(is_there), fix=(step,) if is_free else ())


def _ignores(rules: bytes, path: str) -> bool:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(rules.decode(errors="replace").splitlines()).match_file(path)


def environment_is_tracked(repo: Repo) -> Iterator[Breach]:
    """A virtual environment is committed, by its pyvenv.cfg (PEP 405), its name or, without both, what is in each."""
    found = {str(PurePosixPath(path).parent) for path in repo.tracked if PurePosixPath(path).name == "pyvenv.cfg"}
    found |= {f"{head}.venv" for path in repo.tracked for head in _NAMED.findall(path)}
    for path in repo.tracked:
        inside = _PARTS.search(path)
        if inside and not any(path.startswith(f"{folder}/") for folder in found):
            found.add(path[: inside.start()])
    for folder in sorted(found):
        remedy = f"Take it out of git, and keep it here: git rm -r --cached --quiet {folder}"
        yield Breach(f"The virtual environment {folder} is committed.", folder, remedy=remedy)


def compiled_is_tracked(repo: Repo) -> Iterator[Breach]:
    """Byte code is committed; told once for each folder."""
    found = {
        path.partition("__pycache__/")[0] + "__pycache__" if "__pycache__/" in path else path
        for path in repo.tracked
        if _COMPILED.match(path) and "/site-packages/" not in path
    }
    for path in sorted(found):
        yield Breach("Byte code is committed.", path, remedy=f"git rm -r --cached --quiet {path}")
