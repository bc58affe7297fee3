"""The family of rules about packaging: build system, entry points, metadata."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.linters import validate_pyproject
from new_ops_project.checks.packaging import backends, entry_points, metadata, typed
from new_ops_project.checks.rule import Family, Rule

_SPEC = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"

FAMILY = Family(
    "packaging",
    "Packaging",
    (
        Rule(
            "OPS400",
            "pyproject.toml parses",
            Severity.ERROR,
            "Every tool that reads it fails: pip, the build, the linters.",
            "Fix the line.",
            "https://toml.io/en/v1.0.0",
            metadata.unparsable,
        ),
        Rule(
            "OPS401",
            "The build backend exists",
            Severity.ERROR,
            "With a backend that does not exist, or that nothing installs, no tool can build the project.",
            "Write the name of an existing backend, such as setuptools.build_meta or hatchling.build.",
            _SPEC,
            backends.no_such_backend,
            fixes=True,
        ),
        Rule(
            "OPS402",
            "setuptools is new enough for the license",
            Severity.WARNING,
            "setuptools accepts license expressions and license-files (PEP 639) since version 77; older ones fail.",
            'Require "setuptools>=77" in [build-system].',
            "https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html",
            backends.license_too_new,
            fixes=True,
        ),
        Rule(
            "OPS403",
            "pyproject.toml describes the build",
            Severity.WARNING,
            "A setup.py alone declares no build requirements, and tools must run it to read it.",
            "Move it to pyproject.toml; `new-ops-project adopt` does that.",
            "https://packaging.python.org/en/latest/guides/modernize-setup-py-project/",
            backends.only_setup_py,
        ),
        Rule(
            "OPS404",
            "A distribution has a [build-system]",
            Severity.WARNING,
            "Without it, pip falls back to a legacy setuptools build, and uv installs neither the package nor its "
            "commands.",
            'Add [build-system] with requires = ["setuptools>=77"] and build-backend = "setuptools.build_meta".',
            _SPEC,
            backends.no_build_system,
            fixes=True,
        ),
        Rule(
            "OPS405",
            "Entry points name objects that exist",
            Severity.ERROR,
            "The command is installed, but fails with an ImportError when somebody runs it. One without a function is "
            "not installed at all: pip and uv refuse it.",
            "Name a module and a function that exist.",
            "https://packaging.python.org/en/latest/specifications/entry-points/",
            entry_points.missing_objects,
        ),
        Rule(
            "OPS406",
            "A typed package has py.typed",
            Severity.WARNING,
            "Without py.typed, type checkers treat everything in the package as Any: its annotations help nobody who "
            "imports it (PEP 561).",
            "Add an empty py.typed to the package.",
            "https://typing.python.org/en/latest/spec/distributing.html#packaging-typed-libraries",
            typed.missing_marker,
            fixes=True,
        ),
        Rule(
            "OPS407",
            "pyproject.toml is valid",
            Severity.ERROR,
            "Build backends reject what violates the specification, or silently ignore it.",
            "Correct the value; the specification says what is allowed.",
            _SPEC,
            metadata.invalid,
            tool=validate_pyproject.NAME,
        ),
        Rule(
            "OPS408",
            "A distribution says which Python it needs",
            Severity.WARNING,
            "Without it, pip installs the distribution on every Python, even where its syntax is too new.",
            "Write requires-python with the oldest Python that you test.",
            f"{_SPEC}#requires-python",
            metadata.no_python,
        ),
        Rule(
            "OPS409",
            "The readme and the license exist",
            Severity.ERROR,
            "A build fails when a file that the metadata names does not exist. Most licenses require that their text "
            "is passed on.",
            "Add the file, or correct the name.",
            f"{_SPEC}#license",
            metadata.missing_files,
        ),
    ),
)
