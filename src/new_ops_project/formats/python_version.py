"""The Python versions that a repository's files name, the most reliable first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from new_ops_project.formats import document
from new_ops_project.formats.document import Document, Files, Keys, decoded
from new_ops_project.formats.github import workflow_values
from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.github.workflow_values import SETUPS
from new_ops_project.formats.setuptools.keywords import Setup

PINNED = ".python-version"
_MINOR = re.compile(r"3\.\d{1,2}(?![\d])")
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(?:\S+/)?python:(\S+)", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(\w+)=[\"']?([\w.-]+)", re.IGNORECASE)
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d{1,2})")
_POETRY = ("tool", "poetry", "dependencies", "python")


@dataclass(frozen=True)
class PythonVersion:
    """A minor version such as 3.12, the text that names it, its place as `path:line`; `is_exact`: not just a bound.

    `among`: how many versions a workflow tries there.
    """

    minor: str
    text: str
    where: str
    is_exact: bool = False
    among: int = 1

    @property
    def place(self) -> tuple[str, int]:
        """The path and the line, which is 1 where it is unknown."""
        path, _, line = self.where.rpartition(":")
        return (path, int(line)) if line.isdigit() else (self.where, 1)


def candidates(files: Files, pyproject: Document, setup: Setup, automation: Automation) -> Iterator[PythonVersion]:
    """Every version that the files name, the most reliable first.

    Version files, a single version in CI, Docker images, `requires-python` (exact ones before bounds), classifiers,
    several versions in CI, the targets of tools.
    """
    yield from pinned(files)
    tried = [*in_workflows(automation)]
    if len({version.minor for version in tried}) == 1:
        yield replace(tried[0], is_exact=True)
    yield from docker_images(files)
    yield from sorted(_bounds(files, pyproject, setup), key=lambda version: not version.is_exact)
    yield from _classified(pyproject, setup)
    yield from sorted(tried, key=_order, reverse=True)
    yield from (version for _, version in targets(files, pyproject))
    tox = document.ini(files, "tox.ini")
    for option in ("envlist", "env_list"):
        yield from _compact(tox.string("tox", option), tox.where("tox", option))


def classifiers(pyproject: Document, setup: Setup) -> Iterator[tuple[str, str]]:
    """Each trove classifier, with its place as `path:line`."""
    for keys in (("project", "classifiers"), ("tool", "poetry", "classifiers")):
        yield from ((text, pyproject.where(*keys, holding=text)) for text in pyproject.strings(*keys))
    yield from ((text, setup.where("classifiers", text)) for text in setup.strings("classifiers"))


def pinned(files: Files) -> Iterator[PythonVersion]:
    """Read the versions in .python-version (pyenv, uv), .tool-versions (asdf) and runtime.txt (Heroku)."""
    patterns = {
        PINNED: r"\s*(?:c?python-?)?(3\.\d{1,2})\b",
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


def in_workflows(automation: Automation) -> Iterator[PythonVersion]:
    """The versions that steps of GitHub workflows set up."""
    steps = (step for job in automation.jobs for step in job.steps if step.uses.action in SETUPS)
    for job, step in ((step.job, step) for step in steps if step.job):
        values = workflow_values.texts(job.values_of(step.input("python-version"), step))
        for text, node in values:
            if match := _MINOR.match(text):
                yield PythonVersion(match[0], text, node.where, among=len(values))


def required(pyproject: Document, setup: Setup) -> Iterator[tuple[str, str]]:
    """The specifiers of what the project allows (PEP 440, or Poetry's own form), each with its place."""
    for keys in (("project", "requires-python"), _POETRY):
        yield pyproject.string(*keys), pyproject.where(*keys)
    yield setup.string("python_requires"), setup.where("python_requires")


def only_minor(specifier: str) -> str:
    """The only minor version that a specifier allows: ==3.12.*, ==3.12.4 or ~=3.12.0; '' for a range."""
    # ~=3.12 without a patch release means >=3.12,<4, which is a range.
    match = re.fullmatch(r"(?:===?\s*(3\.\d+)(?:\.(?:\d+|\*))?|~=\s*(3\.\d+)\.\d+)", specifier.strip())
    return match[1] or match[2] if match else ""


def lowest(specifier: str) -> str:
    """The minor version of the first lower bound or exact version in a specifier; '' if there is none."""
    return next((version.minor for version in _bound(specifier, "")), "")


def _bounds(files: Files, pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    for text, where in required(pyproject, setup):
        yield from _bound(text, where)
    for path in sorted(path for path in files if "/" not in path and path.endswith(".py")):
        inline = document.script_metadata(files, path)
        yield from _bound(inline.string("requires-python"), inline.where("requires-python"))
    pipfile = document.toml(files, "Pipfile")
    yield from _bound(pipfile.string("requires", "python_version"), pipfile.where("requires", "python_version"))


def _bound(text: str, where: str) -> Iterator[PythonVersion]:
    """The first lower bound or exact version in a specifier, as PEP 440 or Poetry writes it."""
    for operator, minor in re.findall(r"(>=|<=|===?|!=|~=|\^|~|<|>)?\s*(3\.\d{1,2})(?!\d)", text):
        if operator not in {"<", "<=", "!="}:
            yield PythonVersion(minor, text, where, is_exact=operator in {"==", "===", "~", ""})
            return


def _classified(pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    """The versions in classifiers, the highest first."""
    known = [(_CLASSIFIER.fullmatch(text), where) for text, where in classifiers(pyproject, setup)]
    versions = (PythonVersion(match[1], match[0], where) for match, where in known if match)
    yield from sorted(versions, key=_order, reverse=True)


def targets(files: Files, pyproject: Document) -> Iterator[tuple[str, PythonVersion]]:
    """The version that ruff and mypy are set to, wherever their settings are, after the tool's name."""
    ruff, mypy = "target-version", "python_version"
    places: list[tuple[str, Document, Keys]] = [
        ("ruff", pyproject, ("tool", "ruff", ruff)),
        ("mypy", pyproject, ("tool", "mypy", mypy)),
        ("ruff", document.toml(files, "ruff.toml"), (ruff,)),
        ("ruff", document.toml(files, ".ruff.toml"), (ruff,)),
        ("mypy", document.ini(files, "mypy.ini"), ("mypy", mypy)),
        ("mypy", document.ini(files, "setup.cfg"), ("mypy", mypy)),
    ]
    for tool, source, keys in places:
        value = source.get(*keys)
        if isinstance(value, str | float):  # a number where it has no quotes, which mypy accepts
            yield from ((tool, version) for version in _compact(str(value).strip(), source.where(*keys)))


def _compact(text: str, where: str) -> Iterator[PythonVersion]:
    """The versions in names such as py311, the highest first."""
    minors = {f"3.{digits}" for digits in re.findall(r"py3\.?(\d{1,2})(?!\d)", text)} or {*_MINOR.findall(text)}
    yield from sorted((PythonVersion(minor, text, where) for minor in minors), key=_order, reverse=True)


def _order(version: PythonVersion) -> int:
    return int(version.minor.partition(".")[2])
