"""Rules about how a distribution is built, and what it says of itself."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import validate_pyproject
from new_ops_project.checks.packaging import backends, entry_points, metadata, typed
from new_ops_project.checks.rule import Family, Rule

_SPEC = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"

FAMILY = Family(
    "packaging",
    "How it is built",
    (
        Rule(
            "OPS400",
            "pyproject.toml parses",
            Severity.ERROR,
            "Every tool that reads it stops: pip, the build, the linters.",
            "Mend the line.",
            "https://toml.io/en/v1.0.0",
            metadata.unparsable,
        ),
        Rule(
            "OPS401",
            "The build backend exists",
            Severity.ERROR,
            "With a backend that does not exist, or that nothing installs, neither pip nor build can make the project.",
            "Write the name of a backend that exists: setuptools.build_meta, hatchling.build.",
            _SPEC,
            backends.no_such_backend,
            fixes=True,
        ),
        Rule(
            "OPS402",
            "setuptools is new enough for the license",
            Severity.WARNING,
            "License expressions and license-files (PEP 639) came with setuptools 77: an older one fails.",
            'Require "setuptools>=77" in [build-system].',
            "https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html",
            backends.license_too_new,
            fixes=True,
        ),
        Rule(
            "OPS403",
            "pyproject.toml says how it is built",
            Severity.WARNING,
            "A build from setup.py alone has no declared requirements, and has to be run to be read.",
            "Move it to pyproject.toml; `new-ops-project adopt` does that.",
            "https://packaging.python.org/en/latest/guides/modernize-setup-py-project/",
            backends.only_setup_py,
        ),
        Rule(
            "OPS404",
            "A distribution has a [build-system]",
            Severity.WARNING,
            "Without it pip takes setuptools as it was before pyproject.toml, and uv installs nothing of the project: "
            "no package, no command.",
            'Write [build-system], with requires = ["setuptools>=77"] and build-backend = "setuptools.build_meta".',
            _SPEC,
            backends.no_build_system,
            fixes=True,
        ),
        Rule(
            "OPS405",
            "Entry points name what is there",
            Severity.ERROR,
            "The command is installed, and fails with an ImportError when somebody runs it.",
            "Name a module and a function that are there.",
            "https://packaging.python.org/en/latest/specifications/entry-points/",
            entry_points.nothing_there,
        ),
        Rule(
            "OPS406",
            "A typed package says so",
            Severity.WARNING,
            "Without py.typed, type checkers take everything of the package as Any: its annotations help nobody who "
            "imports it (PEP 561).",
            "Add an empty py.typed to the package.",
            "https://typing.python.org/en/latest/spec/distributing.html#packaging-typed-libraries",
            typed.no_marker,
            fixes=True,
        ),
        Rule(
            "OPS407",
            "pyproject.toml is valid",
            Severity.ERROR,
            "Backends refuse what is not as the specification has it, or pass over it without a word.",
            "Write it as the specification has it.",
            _SPEC,
            metadata.invalid,
            tool=validate_pyproject.NAME,
        ),
        Rule(
            "OPS408",
            "A distribution says which Python it needs",
            Severity.WARNING,
            "Without it pip installs it on every Python, and it fails there on the first new syntax.",
            "Write requires-python, with the oldest Python that is tested.",
            f"{_SPEC}#requires-python",
            metadata.no_python,
        ),
        Rule(
            "OPS409",
            "Readme and license are there",
            Severity.ERROR,
            "A build fails when a file that the metadata names is not there. Most licenses ask that their text be "
            "passed on.",
            "Add the file, or correct the name.",
            f"{_SPEC}#license",
            metadata.missing_files,
        ),
    ),
)
