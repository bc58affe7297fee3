"""Rules about the environment that the code runs in, and about what of it is committed."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from new_ops_project.checks import pythons
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Family, Rule, Write
from new_ops_project.finding import Severity
from new_ops_project.tree import PLAIN, Entry

_IGNORE = ".gitignore"
_COMPILED = re.compile(r"(?:.*/)?__pycache__/|.*\.py[co]$")
_VENV = "https://docs.python.org/3/library/venv.html#how-venvs-work"
_ENDS = "https://devguide.python.org/versions/"


def venv_is_not_ignored(repo: Repo) -> Iterator[Breach]:
    """`.venv` is not kept out by the repository's own .gitignore; a person's global one helps nobody else."""
    from pathspec import GitIgnoreSpec

    text = repo.files.get(_IGNORE, b"").decode(errors="replace")
    if GitIgnoreSpec.from_lines(text.splitlines()).match_file(".venv/pyvenv.cfg"):
        return
    is_there = _IGNORE in repo.files
    step = Edit(_IGNORE, 1, 1, "", ".venv/\n") if is_there else Write(_IGNORE, Entry(PLAIN, b".venv/\n"))
    is_free = is_there or _IGNORE not in repo.paths
    yield Breach(".venv is not ignored by git.", _IGNORE, int(is_there), int(is_there), fix=(step,) if is_free else ())


def environment_is_tracked(repo: Repo) -> Iterator[Breach]:
    """A virtual environment is committed, by its pyvenv.cfg (PEP 405) or, without that, by its site-packages."""
    found = {str(PurePosixPath(path).parent) for path in repo.tracked if PurePosixPath(path).name == "pyvenv.cfg"}
    for path in repo.tracked:
        head, sign, _ = path.partition("/site-packages/")
        if sign and not any(path.startswith(f"{folder}/") for folder in found):
            found.add(re.sub(r"/(?:lib|lib64|Lib)(?:/python3\.\d+)?$", "", head))
    for folder in sorted(found):
        remedy = f"Take it out of git, and keep it here: git rm -r --cached --quiet {folder}"
        yield Breach(f"The virtual environment {folder} is committed.", folder, remedy=remedy)


def compiled_is_tracked(repo: Repo) -> Iterator[Breach]:
    """Byte code is committed; told once for each folder."""
    found = {path.partition("__pycache__/")[0] + "__pycache__" if "__pycache__/" in path else path
             for path in repo.tracked if _COMPILED.match(path) and "/site-packages/" not in path}  # fmt: skip
    for path in sorted(found):
        yield Breach("Byte code is committed.", path, remedy=f"git rm -r --cached --quiet {path}")


FAMILY = Family(
    "environment",
    "Python and its environment",
    (
        Rule(
            "OPS201", ".venv is ignored", Severity.ERROR,
            "A virtual environment holds paths and binaries of one machine; committed, it breaks on every other.",
            "Add `.venv/` to .gitignore.", _VENV, venv_is_not_ignored, fixes=True,
        ),
        Rule(
            "OPS202", "No virtual environment is committed", Severity.ERROR,
            "A virtual environment holds paths and binaries of one machine; it is made anew, never moved.",
            "Take it out of git: git rm -r --cached --quiet FOLDER", _VENV, environment_is_tracked,
        ),
        Rule(
            "OPS203", "No byte code is committed", Severity.WARNING,
            "Python writes byte code anew for each version; committed, it is noise in every diff, and may be stale.",
            "Take it out of git, and add `__pycache__/` to .gitignore.",
            "https://docs.python.org/3/tutorial/modules.html#compiled-python-files", compiled_is_tracked,
        ),
        Rule(
            "OPS204", ".python-version names one Python", Severity.WARNING,
            "Without it, everybody runs what is on their machine; pyenv, uv and setup-python read it.",
            "Write the exact minor into .python-version, such as 3.14.",
            "https://docs.astral.sh/uv/concepts/python-versions/#python-version-files", pythons.is_not_pinned,
            fixes=True,
        ),
        Rule(
            "OPS205", "Python is supported", Severity.ERROR,
            "Past its end of life no hole in it is mended any more, and packages stop to support it.",
            "Move to a Python that is supported.", _ENDS, pythons.has_ended,
        ),
        Rule(
            "OPS206", "Python is supported for six months more", Severity.WARNING,
            "A move to another Python takes planning; it is easier before support ends than after.",
            "Plan the move to a newer Python.", _ENDS, pythons.ends_soon,
        ),
        Rule(
            "OPS207", "Every file names the same Python", Severity.ERROR,
            "What is tested on one version and runs on another is not tested.",
            "Decide for one minor, and write it everywhere.",
            "https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python",
            pythons.disagree,
        ),
    ),
)  # fmt: skip
