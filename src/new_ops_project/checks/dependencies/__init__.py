"""Rules about what a project needs: its requirements, the locks of them, and what its code imports."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.dependencies import bounds, imports, lock_coverage, unneeded, unpinned
from new_ops_project.checks.linters import deptry
from new_ops_project.checks.rule import Family, Rule

_PIP_HASHES = "https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode"
_DEPTRY = "https://deptry.com/rules-violations/"

FAMILY = Family(
    "dependencies",
    "What it needs",
    (
        Rule(
            "OPS301",
            "A distribution requires no exact versions",
            Severity.ERROR,
            "Two packages that require different exact versions of a third cannot be installed together, and a fix of "
            "that third reaches nobody. The exact versions belong in a lock.",
            "Write a lower bound; a lock holds the exact version.",
            "https://packaging.python.org/en/latest/discussions/install-requires-vs-requirements/",
            bounds.exact_versions,
            fixes=True,
        ),
        Rule(
            "OPS302",
            "A script's requirements are exact versions",
            Severity.ERROR,
            "A requirement without an exact version is another one on the next machine, or after the next release of "
            "somebody else: what ran yesterday fails today.",
            "Pin it with ==, or let `uv pip compile` or pip-compile write the list.",
            "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
            unpinned.unpinned,
        ),
        Rule(
            "OPS303",
            "Requirements have hashes, all of them",
            Severity.ERROR,
            "Without a hash, pip installs whatever the index serves under that version. Where one entry has a hash pip "
            "wants one for each, and refuses the whole list otherwise.",
            "Write the list with `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`.",
            _PIP_HASHES,
            unpinned.unhashed,
        ),
        Rule(
            "OPS304",
            "Locks hold what pyproject.toml requires",
            Severity.ERROR,
            "A lock that was not written anew after a change installs what used to be required; with --no-deps, the "
            "new dependency is not there at all.",
            "Write the lock anew.",
            "https://docs.astral.sh/uv/pip/compile/",
            lock_coverage.uncovered,
        ),
        Rule(
            "OPS305",
            "Locks hold nothing that is not needed",
            Severity.WARNING,
            "What no dependency needs is still installed, scanned and updated, and can be attacked.",
            "Write the lock anew.",
            "https://docs.astral.sh/uv/pip/compile/",
            unneeded.superfluous,
        ),
        Rule(
            "OPS306",
            "What is imported is declared",
            Severity.WARNING,
            "It works only where something else happens to install it: not in a clean environment.",
            "Add it to the dependencies, or remove the import.",
            _DEPTRY,
            imports.undeclared,
            tool=deptry.NAME,
        ),
        Rule(
            "OPS307",
            "What is declared is imported",
            Severity.INFO,
            "A dependency that nothing imports may be left over. Some are needed all the same: plugins, "
            "drivers, servers.",
            "Remove it if nothing else needs it.",
            _DEPTRY,
            imports.unused,
            tool=deptry.NAME,
        ),
        Rule(
            "OPS308",
            "What the program imports is not for development only",
            Severity.ERROR,
            "Whoever installs the program does not get what is declared for its development, so the import fails "
            "there.",
            "Move it to the dependencies of the project.",
            _DEPTRY,
            imports.misplaced,
            tool=deptry.NAME,
        ),
    ),
)
