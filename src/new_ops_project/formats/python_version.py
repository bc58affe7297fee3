"""The version of Python that a repository's files name: exact statements first, then bounds."""

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
    """A minor, the text that names it, and its place. `is_exact`: no other minor is meant."""

    minor: str
    text: str
    where: str
    is_exact: bool = False


def candidates(files: Files, pyproject: Document, setup: Setup, flows: Sequence[Document]) -> Iterator[PythonVersion]:
    """What each file says, in the order in which it is to be believed."""
    yield from pinned(files)
    steps = [one for flow in flows for one in workflow_values.python_versions(flow) if _MINOR.match(one.text)]
    minors = sorted({_minor(one.text) for one in steps}, key=_order)
    if len(minors) == 1:
        yield PythonVersion(minors[0], steps[0].text, steps[0].where, is_exact=True)
    yield from docker_images(files)
    yield from sorted(_required(files, pyproject, setup), key=lambda one: not one.is_exact)
    yield from _classified(pyproject, setup)
    for one in (one for minor in reversed(minors) for one in steps if _minor(one.text) == minor):
        yield PythonVersion(_minor(one.text), one.text, one.where)
    yield from _targets(files, pyproject)


def classifiers(pyproject: Document, setup: Setup) -> Iterator[tuple[str, str]]:
    """Each classifier, with its place."""
    for keys in (("project", "classifiers"), ("tool", "poetry", "classifiers")):
        yield from ((text, pyproject.where(*keys, holding=text)) for text in pyproject.strings(*keys))
    found = setup.get("classifiers")
    listed = found.split("\n") if isinstance(found, str) else found if isinstance(found, list) else []
    texts = (text.strip() for text in listed if isinstance(text, str))
    yield from ((text, setup.where("classifiers", text)) for text in texts if text)


def pinned(files: Files) -> Iterator[PythonVersion]:
    """.python-version (pyenv, uv), .tool-versions (asdf) and runtime.txt (Heroku)."""
    signs = {
        ".python-version": r"\s*(?:c?python-?)?(3\.\d{1,2})\b",
        ".tool-versions": r"\s*python\s+(3\.\d{1,2})\b",
        "runtime.txt": r"\s*python-(3\.\d{1,2})\b",
    }
    for path, sign in signs.items():
        lines = decoded(files.get(path, b"")).split("\n")
        found = ((number, re.match(sign, line), line) for number, line in enumerate(lines, 1))
        for number, match, line in found:
            if match:
                yield PythonVersion(match[1], line.strip(), f"{path}:{number}", is_exact=True)
                break


def docker_images(files: Files) -> Iterator[PythonVersion]:
    """The images of the Dockerfile; the last is that which runs."""
    named: dict[str, str] = {}
    found: list[PythonVersion] = []
    for number, line in enumerate(decoded(files.get("Dockerfile", b"")).split("\n"), 1):
        if argument := _ARG.match(line.strip()):
            named[argument[1]] = argument[2]
        filled = re.sub(r"\$\{?(\w+)(?::-[^}]*)?\}?", lambda at: named.get(at[1], ""), line.strip())
        if (image := _FROM.match(filled)) and (minor := _MINOR.match(image[1])):
            found.append(PythonVersion(minor[0], filled, f"Dockerfile:{number}", is_exact=True))
    yield from reversed(found)


def _required(files: Files, pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    poetry = ("tool", "poetry", "dependencies", "python")
    yield from _bound(pyproject.string("project", "requires-python"), pyproject.where("project", "requires-python"))
    yield from _bound(pyproject.string(*poetry), pyproject.where(*poetry))
    yield from _bound(setup.string("python_requires"), setup.where("python_requires"))
    for inline in (document.script_metadata(files, path) for path in sorted(files) if "/" not in path and path.endswith(".py")):
        yield from _bound(inline.string("requires-python"), inline.where("requires-python"))
    pipfile = document.toml(files, "Pipfile")
    yield from _bound(pipfile.string("requires", "python_version"), pipfile.where("requires", "python_version"))


def _bound(text: str, where: str) -> Iterator[PythonVersion]:
    """The lower bound of a specifier, as PEP 440 or poetry has it; what only excludes or ends is none."""
    for operator, minor in re.findall(r"(>=|<=|==|!=|~=|\^|~|<|>)?\s*(3\.\d{1,2})(?!\d)", text):
        if operator not in {"<", "<=", "!="}:
            yield PythonVersion(minor, text, where, is_exact=operator in {"==", "~", ""})
            return


def _classified(pyproject: Document, setup: Setup) -> Iterator[PythonVersion]:
    """The highest first."""
    found = []
    for text, where in classifiers(pyproject, setup):
        if match := re.fullmatch(r"Programming Language :: Python :: (3\.\d{1,2})", text):
            found.append(PythonVersion(match[1], text, where))
    yield from sorted(found, key=lambda one: _order(one.minor), reverse=True)


def _targets(files: Files, pyproject: Document) -> Iterator[PythonVersion]:
    """What tools are set to: ruff, mypy, black, and the environments of tox."""
    for keys in (("tool", "ruff", "target-version"), ("tool", "mypy", "python_version")):
        yield from _compact(pyproject.string(*keys), pyproject.where(*keys))
    ruff, tox = document.toml(files, "ruff.toml"), document.ini(files, "tox.ini")
    yield from _compact(ruff.string("target-version"), ruff.where("target-version"))
    for option in ("envlist", "env_list"):
        yield from _compact(tox.string("tox", option), tox.where("tox", option))


def _compact(text: str, where: str) -> Iterator[PythonVersion]:
    """Names such as py311, the highest first."""
    minors = [f"3.{digits}" for digits in re.findall(r"py3\.?(\d{1,2})(?!\d)", text)] or _MINOR.findall(text)
    yield from (PythonVersion(minor, text, where) for minor in sorted(set(minors), key=_order, reverse=True))


def _minor(text: str) -> str:
    found = _MINOR.match(text)
    return found[0] if found else ""


def _order(minor: str) -> int:
    return int(minor.partition(".")[2] or 0)
