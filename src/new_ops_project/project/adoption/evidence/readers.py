"""The evidence in a repository for answers to the template's questions."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from new_ops_project.formats import code_layout, document, python, python_version
from new_ops_project.formats.code_layout import Layout, layout
from new_ops_project.formats.document import Document, Files, decoded
from new_ops_project.formats.github import automation, workflow_values
from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.requirements import pep508
from new_ops_project.formats.setuptools import keywords
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.project.adoption.evidence import dependencies
from new_ops_project.project.adoption.evidence.licenses import identify_text, spdx_expression

_EMAIL = re.compile(r"[\w.!#$%&*+/=?^{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_RENOVATE = (
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".gitlab/renovate.json",
)


@dataclass(frozen=True)
class Evidence:
    """An answer with the place that it comes from.

    `where` is `path:line`, or words such as "the folder's name". `text` is what the file has there. `value` is None
    where that is not among the choices that the question offers (python_version, license).
    """

    name: str
    value: Any
    where: str
    text: str = ""


def gather(files: Files, folder: str, offered: Mapping[str, Sequence[Any]]) -> tuple[Evidence, ...]:
    """Find at most one piece of evidence for each question, in the order of the questions.

    `folder` is the name of the repository's folder; `offered` has the values that each question with choices offers.
    """
    repository = _read(files, folder)
    readings = {name: next(read(repository, offered.get(name, ())), None) for name, read in _READERS.items()}
    return tuple(Evidence(name, *reading) for name, reading in readings.items() if reading)


def parse_problems(files: Files) -> tuple[str, ...]:
    """Clauses about the files that do not parse, and so give no evidence."""
    repository = _read(files, "")
    trees = repository.automation.trees
    workflows = [f"{tree.path} does not parse as YAML: {tree.problem}" for tree in trees if tree.problem]
    others = (repository.pyproject.problem, document.toml(files, "Pipfile").problem)
    problems = (*repository.setup.problems, *others, *workflows)
    return tuple(dict.fromkeys(problem for problem in problems if problem))


@dataclass(frozen=True)
class _Repository:
    """The files that several questions need, each parsed once. `is_script`: people run it, and nothing installs it."""

    files: Files
    folder: str
    pyproject: Document
    setup: Setup
    automation: Automation
    layout: Layout
    is_script: bool

    def texts(self, name: str, keyword: str) -> Iterator[tuple[str, str]]:
        """The text of one key in each kind of metadata, with its place."""
        for keys in (("project", name), ("tool", "poetry", name)):
            if text := self.pyproject.string(*keys):
                yield text, self.pyproject.where(*keys)
        if text := self.setup.string(keyword):
            yield text, self.setup.where(keyword)

    @property
    def commands(self) -> Iterator[tuple[str, str]]:
        """The console scripts, with their places."""
        for keys in (("project", "scripts"), ("tool", "poetry", "scripts")):
            yield from ((name, self.pyproject.where(*keys, name)) for name in self.pyproject.table(*keys))
        scripts = self.setup.entry_points.get("console_scripts", {})
        yield from ((name, self.setup.where("entry_points", name)) for name in scripts)


def _read(files: Files, folder: str) -> _Repository:
    pyproject, setup = document.toml(files, "pyproject.toml"), keywords.read(files)
    code = layout(files, folder)
    is_script = code.place.endswith(".py") and not code_layout.is_built(files)
    return _Repository(files, folder, pyproject, setup, automation.read(files, iter(files)), code, is_script)


# Each reader yields the answers to its question, best first, as (value, where) or (value, where, text) of an Evidence.
Readings = Iterator[tuple[Any, ...]]
Choices = Sequence[Any]


def _name(repository: _Repository, _: Choices) -> Readings:
    """The template calls the program of a script NAME.py, so the file's name takes precedence over the metadata."""
    program, place = repository.layout.package, repository.layout.place
    declared = [*repository.texts("name", "name")]
    if repository.is_script and not (declared and _is_same_name(declared[0][0], program)):
        yield program, place
    yield from declared
    if program:
        yield program, place
    if repository.folder:
        yield repository.folder, "the folder's name"


def _is_same_name(name: str, other: str) -> bool:
    return code_layout.comparable_name(name) == code_layout.comparable_name(other)


def _python(repository: _Repository, choices: Choices) -> Readings:
    """The first exact version, offered or not, or else the first bound that is offered."""
    files, offered = repository.files, {str(choice) for choice in choices}
    versions = [*python_version.candidates(files, repository.pyproject, repository.setup, repository.automation)]
    fitting = [version for version in versions if version.is_exact or version.minor in offered]
    for version in (*fitting, *versions):
        yield version.minor if version.minor in offered else None, version.where, version.text


def _tier(repository: _Repository, _: Choices) -> Readings:
    place = repository.layout.place
    yield from (("cli", where) for _, where in repository.commands)
    if repository.is_script:
        line = python.running_line(python.parse_file(repository.files, place))
        yield "script", f"{place}:{line}" if line else place
    if place:
        yield "library", place
    yield from (("script", path) for path in sorted(repository.files) if "/" not in path and path.endswith(".py"))


def _description(repository: _Repository, _: Choices) -> Readings:
    for text, where in repository.texts("description", "description"):
        if text.upper() not in {"UNKNOWN", "ADD YOUR DESCRIPTION HERE", "TODO"}:
            yield " ".join(text.split()), where


def _author_name(repository: _Repository, _: Choices) -> Readings:
    yield from ((name, where) for name, _, where in _people(repository) if name)


def _author_email(repository: _Repository, _: Choices) -> Readings:
    yield from ((email, where) for _, email, where in _people(repository) if _EMAIL.fullmatch(email))


def _people(repository: _Repository) -> Iterator[tuple[str, str, str]]:
    """The name, address and place of each author; name or address may be ''."""
    pyproject, setup = repository.pyproject, repository.setup
    listed = pyproject.get("project", "authors")
    for index, _ in enumerate(listed if isinstance(listed, list) else ()):
        name, email = (pyproject.string("project", "authors", index, key) for key in ("name", "email"))
        yield name, email, pyproject.where("project", "authors", holding=name or email)
    for text in pyproject.strings("tool", "poetry", "authors"):
        name, _, email = text.partition("<")
        yield name.strip(), email.rstrip("> "), pyproject.where("tool", "poetry", "authors", holding=text)
    yield setup.string("author").split(",")[0].strip(), "", setup.where("author")
    yield "", setup.string("author_email").split(",")[0].strip(), setup.where("author_email")


def _license(repository: _Repository, choices: Choices) -> Readings:
    """A license that is not offered has the value None, since the default would be wrong."""
    statements = [*_licenses(repository)]
    files = {name for name, _, where in statements if "LICEN" in where.upper() or "COPYING" in where}
    for name, text, where in statements:
        offered = "Proprietary" if name == "LicenseRef-Proprietary" else name
        is_clear = len(files) < 2 and offered in choices  # noqa: PLR2004 (two license files say different things)
        yield offered if is_clear else None, where, text if len(files) < 2 else " and ".join(sorted(files))  # noqa: PLR2004


def _licenses(repository: _Repository) -> Iterator[tuple[str, str, str]]:
    """SPDX expression, text and place of each statement; license files come first, because they are what counts."""
    for path in sorted(repository.files):
        if re.fullmatch(r"(?:LICEN[SC]E|COPYING)(?:[.-]\w+)*", path, re.IGNORECASE) and not path.endswith(".py"):
            known, text, line = identify_text(decoded(repository.files[path]))
            yield known, text, f"{path}:{line}"
    pyproject, keys = repository.pyproject, ("project", "license", "text")
    for text, where in ((pyproject.string(*keys), pyproject.where(*keys)), *repository.texts("license", "license")):
        if text:
            yield spdx_expression(text), text.split("\n")[0][:80], where
    for text, where in python_version.classifiers(pyproject, repository.setup):
        if text.startswith("License ::") and text != "License :: OSI Approved":
            yield spdx_expression(text), text, where


def _runner(repository: _Repository, choices: Choices) -> Readings:
    for job in repository.automation.jobs:
        yield from ((image, node.where) for image, node in workflow_values.texts(job.labels) if image in choices)


def _dependencies(repository: _Repository, choices: Choices) -> Readings:
    """The offered ones in the order in which they are offered; an empty list is an answer if others are listed."""
    files, place = repository.files, repository.layout.place
    listed = dependencies.listed(files, repository.pyproject, repository.setup, place)
    listed = listed or dependencies.imported(files, place)
    names = {str(name): pep508.requirement_name(str(name)) for name in choices}
    held = [name for name, key in names.items() if key in listed]
    places = [*dict.fromkeys([listed[names[name]] for name in held] or listed.values())]
    if listed:
        yield held, ", ".join([*places[:3], *(["..."] if places[3:] else [])])


def _cloud(repository: _Repository, choices: Choices) -> Readings:
    logins = workflow_values.cloud_logins(repository.automation)
    yield from ((login, where) for login, where in logins if login in choices)


def _container(repository: _Repository, _: Choices) -> Readings:
    yield from ((True, path) for path in ("Dockerfile",) if path in repository.files)


def _updates(repository: _Repository, choices: Choices) -> Readings:
    places = {".github/dependabot.yml": "dependabot", ".github/dependabot.yaml": "dependabot"}
    places |= dict.fromkeys(_RENOVATE, "renovate")
    yield from ((bot, path) for path, bot in places.items() if path in repository.files and bot in choices)


def _command(repository: _Repository, _: Choices) -> Readings:
    """The only console script, or the one with the project's name."""
    commands, name = dict(repository.commands), next(_name(repository, ()), ("",))[0]
    same_name = [command for command in commands if _is_same_name(command, name)]
    chosen = [*commands] if len(commands) == 1 else same_name
    if len(chosen) == 1:
        yield chosen[0], commands[chosen[0]]


def _dry_run(repository: _Repository, _: Choices) -> Readings:
    """Whether the program's code has the option as a string of its own."""
    for path in code_layout.program_files(repository.files, repository.layout.place):
        lines = decoded(repository.files[path]).split("\n")
        numbers = (number for number, line in enumerate(lines, 1) if re.search(r"[\"']--dry-run[\"'/]", line))
        yield from ((True, f"{path}:{number}") for number in numbers)


_READERS: Mapping[str, Callable[[_Repository, Choices], Readings]] = {
    "project_name": _name,
    "python_version": _python,
    "tier": _tier,
    "description": _description,
    "author_name": _author_name,
    "author_email": _author_email,
    "license": _license,
    "runner": _runner,
    "dependencies": _dependencies,
    "cloud": _cloud,
    "container": _container,
    "updates": _updates,
    "command": _command,
    "dry_run": _dry_run,
}
