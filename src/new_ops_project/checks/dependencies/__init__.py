"""The family of rules about dependencies: requirements, locks, imports."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.dependencies import bounds, imports, lock_coverage, unneeded, unpinned
from new_ops_project.checks.linters import deptry
from new_ops_project.checks.rule import Family, Rule

_PIP_HASHES = "https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode"
_DEPTRY = "https://deptry.com/rules-violations/"

FAMILY = Family(
    "dependencies",
    "Dependencies",
    (
        Rule(
            "OPS301",
            "A distribution requires no exact versions",
            Severity.ERROR,
            "Two packages that require different exact versions of a third cannot be installed together, and nobody "
            "gets a fix of the third. Exact versions belong in a lock.",
            "Write a lower bound; a lock holds the exact version.",
            "https://packaging.python.org/en/latest/discussions/install-requires-vs-requirements/",
            bounds.exact_versions,
        ),
        Rule(
            "OPS302",
            "A script's requirements are exact versions",
            Severity.WARNING,
            "Without an exact version, the next installation may get another release: what ran yesterday fails today.",
            "Pin it with ==, or let `uv pip compile` or pip-compile write the list.",
            "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
            unpinned.unpinned,
        ),
        Rule(
            "OPS303",
            "All requirements have hashes",
            Severity.ERROR,
            "Without a hash, pip installs whatever the index serves under that version. If one entry has a hash, pip "
            "wants one for each of them, and otherwise refuses the whole list.",
            "Write the list with `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`.",
            _PIP_HASHES,
            unpinned.unhashed,
        ),
        Rule(
            "OPS304",
            "Locks contain what pyproject.toml requires",
            Severity.ERROR,
            "A lock that was not updated after a change installs what used to be required; with --no-deps, the new "
            "dependency is missing altogether.",
            "Update the lock.",
            "https://docs.astral.sh/uv/pip/compile/",
            lock_coverage.uncovered,
        ),
        Rule(
            "OPS305",
            "Locks contain nothing that is not needed",
            Severity.WARNING,
            "A package that nothing needs is still installed, scanned and updated, and can be attacked.",
            "If your code needs it, add it to the dependencies; then update the lock.",
            "https://docs.astral.sh/uv/pip/compile/",
            unneeded.superfluous,
        ),
        Rule(
            "OPS306",
            "Every import is declared",
            Severity.WARNING,
            "An undeclared import works only where something else happens to install it, not in a clean environment.",
            "Add it to the dependencies.",
            _DEPTRY,
            imports.undeclared,
            tool=deptry.NAME,
        ),
        Rule(
            "OPS307",
            "Every dependency is imported",
            Severity.INFO,
            "A dependency that nothing imports may be left over. Some are needed anyway: plugins, drivers, servers.",
            "Remove it if nothing else needs it.",
            _DEPTRY,
            imports.unused,
            tool=deptry.NAME,
        ),
        Rule(
            "OPS308",
            "The program imports no development dependencies",
            Severity.WARNING,
            "Whoever installs the program does not get its development dependencies, so the import fails there.",
            "Move it to the project's dependencies.",
            _DEPTRY,
            imports.misplaced,
            tool=deptry.NAME,
        ),
    ),
)
