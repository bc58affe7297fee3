"""Rules about the Python that runs and the environment that it runs in."""

from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Family, Rule, Write
from new_ops_project.finding import Severity
from new_ops_project.tree import PLAIN, Entry

_IGNORE = ".gitignore"


def venv_is_not_ignored(repo: Repo) -> Iterator[Breach]:
    """`.venv` is not kept out by the repository's own .gitignore; a person's global one helps nobody else."""
    from pathspec import GitIgnoreSpec

    text = repo.files.get(_IGNORE, b"").decode(errors="replace")
    if GitIgnoreSpec.from_lines(text.splitlines()).match_file(".venv/pyvenv.cfg"):
        return
    is_there = _IGNORE in repo.files
    step = Edit(_IGNORE, 1, 1, "", ".venv/\n") if is_there else Write(_IGNORE, Entry(PLAIN, b".venv/\n"))
    yield Breach(".venv is not ignored by git.", _IGNORE, int(is_there), int(is_there), fix=(step,))


FAMILY = Family(
    "environment",
    "Python and its environment",
    (
        Rule(
            "OPS201", ".venv is ignored", Severity.ERROR,
            "A virtual environment holds paths and binaries of one machine; committed, it breaks on every other.",
            "Add `.venv/` to .gitignore.",
            "https://docs.python.org/3/library/venv.html#how-venvs-work",
            venv_is_not_ignored, fixes=True,
        ),
    ),
)  # fmt: skip
