"""The Python versions that a repository's files name, the most reliable first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from new_ops_project.formats import document
from new_ops_project.formats.document import Document, Files, decoded
from new_ops_project.formats.github import workflow_values
from new_ops_project.formats.setuptools.keywords import Setup

_MINOR = re.compile(r"3\.\d{1,2}(?![\d])")
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(?:\S+/)?python:(\S+)", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(\w+)=[\"']?([\w.-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class PythonVersion:
    """A minor version such as 3.12, the text that names it, its place as `path:line`; `is_exact`: not just a bound."""

    minor: str
    text: str
    where: str
    is_exact: bool = False


def candidates(files: Files, pyproject: Document, setup: Setup, flows: Sequence[Document]) -> Iterator[PythonVersion]:
    """Every version that the files name, the most reliable first.

    Version files, a single version in CI, Docker images, `requires-python` (exact ones before bounds), classifiers,
    several versions in CI, the targets of tools.
    """
    yield from pinned(files)
    steps = [step for flow in flows for step in workflow_values.python_versions(flow) if _MINOR.match(step.text)]
    minors = sorted({_minor(step.text) for step in steps}, key=_order)
    if len(minors) == 1:
        yield PythonVersion(minors[0], steps[0].text, steps[0].where, is_exact=True)
    yield from docker_images(files)
    yield from sorted(_required(files, pyproject, setup), key=lambda version: not version.is_exact)
    yield from _classified(pyproject, setup)
    for step in (step for minor in reversed(minors) for step in steps if _minor(step.text) == minor):
        yield PythonVersion(_minor(step.text), step.text, step.where)
    yield from _targets(files, pyproject)


def classifiers(pyproject: Document, setup: Setup) -> Iterator[tuple[str, str]]:
    """Each trove classifier, with its place as `path:line`."""
    for keys in (("project", "classifiers"), ("tool", "poetry", "classifiers")):
        yield from ((text, pyproject.where(*keys, holding=text)) for text in pyproject.strings(*keys))
    value = setup.get("classifiers")
    listed = value.split("\n") if isinstance(value, str) else value if isinstance(value, list) else []
    texts = (text.strip() for text in listed if isinstance(text, str))
    yield from ((text, setup.where("classifiers", text)) for text in texts if text)


def pinned(files: Files) -> Iterator[PythonVersion]:
    """Read the versions in .python-version (pyenv, uv), .tool-versions (asdf) and runtime.txt (Heroku)."""
    patterns = {
        ".python-version": r"\s*(?:c?python-?)?(3\.\d{1,2})\b",
        ".tool-versions": r"\s*python\s+(3\.\d{1,2})\b",
        "runtime.txt": r"\s*python-(3\.\d{1,2})\b",
    }
    for path, pattern in patterns.items():
        lines = decoded(files.get(path, b"")).split("\n")
        for number, line in enumerate(lines, 1):
            if match := re.match(pattern, line):
                yield PythonVersion(match[1], line.strip(), f"{path}:{number}", is_exact=True)
                break


def docker_images(files: Files) -> Iterator[PythonVersion]:
    """The Python images of the Dockerfile, the last first: that is the one which runs."""
    arguments: dict[str, str] = {}
    versions: list[PythonVersion] = []
    for number, line in enumerate(decoded(files.get("Dockerfile", b"")).split("\n"), 1):
        if argument := _ARG.match(line.strip()):
            arguments[argument[1]] = argument[2]
        filled = re.sub(r"\$\{?(\w+)(?::-[^}]*)?\}?", lambda match: arguments.get(match[1], ""), line.strip())
        if (image := _FROM.match(filled)) and (minor := _MINOR.match(image[1])):
            versions.append(PythonVersion(minor[0], filled, f"Dockerfile:{number}", is_exact=True))
    yield from reversed(versions)


def _required(files: Files, pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    poetry = ("tool", "poetry", "dependencies", "python")
    yield from _bound(pyproject.string("project", "requires-python"), pyproject.where("project", "requires-python"))
    yield from _bound(pyproject.string(*poetry), pyproject.where(*poetry))
    yield from _bound(setup.string("python_requires"), setup.where("python_requires"))
    for path in sorted(path for path in files if "/" not in path and path.endswith(".py")):
        inline = document.script_metadata(files, path)
        yield from _bound(inline.string("requires-python"), inline.where("requires-python"))
    pipfile = document.toml(files, "Pipfile")
    yield from _bound(pipfile.string("requires", "python_version"), pipfile.where("requires", "python_version"))


def _bound(text: str, where: str) -> Iterator[PythonVersion]:
    """The first lower bound or exact version in a specifier, as PEP 440 or Poetry writes it."""
    for operator, minor in re.findall(r"(>=|<=|==|!=|~=|\^|~|<|>)?\s*(3\.\d{1,2})(?!\d)", text):
        if operator not in {"<", "<=", "!="}:
            yield PythonVersion(minor, text, where, is_exact=operator in {"==", "~", ""})
            return


def _classified(pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    """The versions in classifiers, the highest first."""
    versions = []
    for text, where in classifiers(pyproject, setup):
        if match := re.fullmatch(r"Programming Language :: Python :: (3\.\d{1,2})", text):
            versions.append(PythonVersion(match[1], text, where))
    yield from sorted(versions, key=lambda version: _order(version.minor), reverse=True)


def _targets(files: Files, pyproject: Document) -> Iterator[PythonVersion]:
    """The versions that ruff, mypy and tox are set to."""
    for keys in (("tool", "ruff", "target-version"), ("tool", "mypy", "python_version")):
        yield from _compact(pyproject.string(*keys), pyproject.where(*keys))
    ruff, tox = document.toml(files, "ruff.toml"), document.ini(files, "tox.ini")
    yield from _compact(ruff.string("target-version"), ruff.where("target-version"))
    for option in ("envlist", "env_list"):
        yield from _compact(tox.string("tox", option), tox.where("tox", option))


def _compact(text: str, where: str) -> Iterator[PythonVersion]:
    """The versions in names such as py311, the highest first."""
    minors = [f"3.{digits}" for digits in re.findall(r"py3\.?(\d{1,2})(?!\d)", text)] or _MINOR.findall(text)
    yield from (PythonVersion(minor, text, where) for minor in sorted(set(minors), key=_order, reverse=True))


def _minor(text: str) -> str:
    match = _MINOR.match(text)
    return match[0] if match else ""


def _order(minor: str) -> int:
    return int(minor.partition(".")[2] or 0)
