"""Rules about the environment that the code runs in, and about what of it is committed."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.environment import committed_files, supported_python
from new_ops_project.checks.rule import Family, Rule

_VENV = "https://docs.python.org/3/library/venv.html#how-venvs-work"
_ENDS = "https://devguide.python.org/versions/"

FAMILY = Family(
    "environment",
    "Python and its environment",
    (
        Rule(
            "OPS201",
            ".venv is ignored",
            Severity.ERROR,
            "A virtual environment holds paths and binaries of one machine; committed, it breaks on every other.",
            "Add `.venv/` to .gitignore.",
            _VENV,
            committed_files.venv_is_not_ignored,
            fixes=True,
        ),
        Rule(
            "OPS202",
            "No virtual environment is committed",
            Severity.ERROR,
            "A virtual environment holds paths and binaries of one machine; it is made anew, never moved.",
            "Take it out of git: git rm -r --cached --quiet FOLDER",
            _VENV,
            committed_files.environment_is_tracked,
        ),
        Rule(
            "OPS203",
            "No byte code is committed",
            Severity.WARNING,
            "Python writes byte code anew for each version; committed, it is noise in every diff, and may be stale.",
            "Take it out of git, and add `__pycache__/` to .gitignore.",
            "https://docs.python.org/3/tutorial/modules.html#compiled-python-files",
            committed_files.compiled_is_tracked,
        ),
        Rule(
            "OPS204",
            ".python-version names one Python",
            Severity.WARNING,
            "Without it, everybody runs what is on their machine; pyenv, uv and setup-python read it.",
            "Write the exact minor into .python-version, such as 3.14.",
            "https://docs.astral.sh/uv/concepts/python-versions/#python-version-files",
            supported_python.is_not_pinned,
            fixes=True,
        ),
        Rule(
            "OPS205",
            "Python is supported",
            Severity.ERROR,
            "Past its end of life no hole in it is mended any more, and packages stop to support it.",
            "Move to a Python that is supported.",
            _ENDS,
            supported_python.has_ended,
        ),
        Rule(
            "OPS206",
            "Python is supported for six months more",
            Severity.WARNING,
            "A move to another Python takes planning; it is easier before support ends than after.",
            "Plan the move to a newer Python.",
            _ENDS,
            supported_python.ends_soon,
        ),
        Rule(
            "OPS207",
            "Every file names the same Python",
            Severity.ERROR,
            "What is tested on one version and runs on another is not tested.",
            "Decide for one minor, and write it everywhere.",
            "https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python",
            supported_python.disagree,
        ),
    ),
)
