"""The family of rules about Python's environment: versions, virtual environments, committed files."""

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
            "A virtual environment contains paths and binaries of one machine; if committed, it breaks on all others."
            " It is a note until there is one that git would add.",
            "Add `.venv/` to .gitignore.",
            _VENV,
            committed_files.unignored_venv,
            fixes=True,
        ),
        Rule(
            "OPS202",
            "No virtual environment is committed",
            Severity.ERROR,
            "A virtual environment contains paths and binaries of one machine: recreate it, never copy it.",
            "Remove it from git: git rm -r --cached --quiet FOLDER",
            _VENV,
            committed_files.committed_environments,
        ),
        Rule(
            "OPS203",
            "No bytecode is committed",
            Severity.WARNING,
            "Each Python version writes its own bytecode; if committed, it is noise in every diff, and may be stale.",
            "Remove it from git, and add `__pycache__/` to .gitignore.",
            "https://docs.python.org/3/tutorial/modules.html#compiled-python-files",
            committed_files.committed_bytecode,
        ),
        Rule(
            "OPS204",
            ".python-version names one Python version",
            Severity.WARNING,
            "pyenv, uv and setup-python read it; without it, everybody runs the Python that is on their machine. It is"
            " a note where nothing is installed, and not needed where a distribution is tested on several versions.",
            "Write the minor version into .python-version, such as 3.14.",
            "https://docs.astral.sh/uv/concepts/python-versions/#python-version-files",
            supported_python.unpinned,
            fixes=True,
        ),
        Rule(
            "OPS205",
            "Python is supported",
            Severity.ERROR,
            "After its end of life, its vulnerabilities are no longer fixed, and packages stop supporting it.",
            "Move to a supported Python.",
            _ENDS,
            supported_python.unsupported,
        ),
        Rule(
            "OPS206",
            "Python is supported for six more months",
            Severity.WARNING,
            "A move to another Python takes planning; it is easier before support ends than after.",
            "Plan the move to a newer Python.",
            _ENDS,
            supported_python.ending_soon,
        ),
        Rule(
            "OPS207",
            "What runs is allowed and tested",
            Severity.WARNING,
            "Code that is tested on one version and runs on another is not tested. It is an error where requires-python"
            " does not allow what runs, and where ruff writes code for a newer Python than the lowest; a linter that is"
            " set to an older one is a note.",
            "Test the version that runs, let requires-python allow it, and set linters to the lowest that is allowed.",
            "https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python",
            supported_python.disagreeing,
        ),
    ),
)
