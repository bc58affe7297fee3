"""validate-pyproject: whether pyproject.toml keeps the schemas of PEP 621 and of the tools that publish one."""

import re
from dataclasses import dataclass

from new_ops_project.checks.linters import program
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.formats.document import Keys

NAME = "validate-pyproject"
_ERROR = re.compile(r"^\[ERROR\] (.*)$", re.MULTILINE)
_OFFLINE = {"VALIDATE_PYPROJECT_NO_NETWORK": "1"}  # or it would fetch a list of classifiers that it lacks
_PART = re.compile(r"\[(\d+)\]|'([^']*)'|([^.\[\]']+)")


@dataclass(frozen=True)
class Invalid:
    """What is wrong, in its words, and the keys of the value that it is about."""

    message: str
    keys: Keys


def report(repo: Repo) -> Invalid | None:
    """The first thing that is wrong, None for nothing; raises UncheckedError where validate-pyproject is absent."""
    if PYPROJECT not in repo.files or repo.pyproject.problem:
        return None
    done = program.said(NAME, PYPROJECT, cwd=repo.folder, env=_OFFLINE)
    found = _ERROR.search(f"{done.stderr}\n{done.text}")
    return _invalid(found[1]) if done.code and found else None


def _invalid(message: str) -> Invalid:
    named = re.search(r"`([^`]+)`", message)
    return Invalid(message.replace("`", "").rstrip(":"), keys(named[1]) if named else ())


def keys(name: str) -> Keys:
    """The keys that a name such as `project.authors[0].name` stands for."""
    return tuple(int(number) if number else quoted or plain for number, quoted, plain in _PART.findall(name))
