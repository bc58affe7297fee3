"""validate-pyproject: pyproject.toml compared with the schemas of PEP 621 and of tools that publish one."""

import re
from dataclasses import dataclass

from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.formats.document import Keys

NAME = "validate-pyproject"
_ERROR = re.compile(r"^\[ERROR\] (.*)$", re.MULTILINE)
_OFFLINE = {"VALIDATE_PYPROJECT_NO_NETWORK": "1"}  # it would download the list of classifiers otherwise
_PART = re.compile(r"\[(\d+)\]|'([^']*)'|([^.\[\]']+)")


@dataclass(frozen=True)
class Invalid:
    """An invalid value: its keys, and the message of validate-pyproject."""

    message: str
    keys: Keys


def report(repo: Repo) -> Invalid | None:
    """The first invalid value, if any; raises UncheckedError if validate-pyproject is not installed."""
    if PYPROJECT not in repo.files or repo.pyproject.problem:
        return None
    result = program.run(repo, NAME, PYPROJECT, env=_OFFLINE)
    error = _ERROR.search(f"{result.stderr}\n{result.text}")
    return _invalid(error[1]) if result.exit_code and error else None


def _invalid(message: str) -> Invalid:
    named = re.search(r"`([^`]+)`", message)
    return Invalid(message.replace("`", "").rstrip(":"), keys(named[1]) if named else ())


def keys(name: str) -> Keys:
    """The keys in a name such as `project.authors[0].name`."""
    return tuple(int(number) if number else quoted or plain for number, quoted, plain in _PART.findall(name))
