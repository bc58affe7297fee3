"""The evidence in a repository for answers to the template's questions."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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

__all__ = ["Evidence", "Files", "Layout", "gather", "layout", "parse_problems"]

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
    repository = _Repository(files, folder)
    evidence: list[Evidence] = []
    for read in (
        _name,
        _python,
        _tier,
        _description,
        _author,
        _license,
        _runner,
        _dependencies,
        _cloud,
        _container,
        _updates,
        _command,
        _dry_run,
    ):
        evidence.extend(read(repository, offered))
    return tuple(evidence)


def parse_problems(files: Files) -> tuple[str, ...]:
    """Clauses about the files that do not parse, and so give no evidence."""
    setup = keywords.read(files)
    others = [document.toml(files, "pyproject.toml"), document.toml(files, "Pipfile")]
    trees = automation.read(files, iter(files)).trees
    workflows = [f"{tree.path} does not parse as YAML: {tree.problem}" for tree in trees if tree.problem]
    problems = (*setup.problems, *(other.problem for other in others), *workflows)
    return tuple(dict.fromkeys(problem for problem in problems if problem))


@dataclass(frozen=True)
class _Repository:
    """The files that several questions need, each parsed once."""

    files: Files
    folder: str

    @cached_property
    def pyproject(self) -> Document:
        return document.toml(self.files, "pyproject.toml")

    @cached_property
    def setup(self) -> Setup:
        return keywords.read(self.files)

    @cached_property
    def automation(self) -> Automation:
        return automation.read(self.files, iter(self.files))

    @cached_property
    def layout(self) -> Layout:
        return layout(self.files, self.folder)

    @cached_property
    def is_script(self) -> bool:
        """Whether it is a file that people run, and not a distribution."""
        return self.layout.place.endswith(".py") and not code_layout.is_built(self.files)

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


Offered = Mapping[str, Sequence[Any]]
Readings = Iterator[Evidence]


def _name(repository: _Repository, _: Offered) -> Readings:
    """The template calls the program of a script NAME.py, so the file's name takes precedence over the metadata."""
    stem, declared = repository.layout.package, next(repository.texts("name", "name"), None)
    if repository.is_script and not (
        declared and code_layout.comparable_name(declared[0]) == code_layout.comparable_name(stem)
    ):
        yield Evidence("project_name", stem, repository.layout.place)
    elif declared:
        yield Evidence("project_name", declared[0], declared[1])
    elif repository.layout.package:
        yield Evidence("project_name", repository.layout.package, repository.layout.place)
    elif repository.folder:
        yield Evidence("project_name", repository.folder, "the folder's name")


def _python(repository: _Repository, offered: Offered) -> Readings:
    """The first exact version, offered or not, or else the first bound that is offered."""
    versions = [
        *python_version.candidates(repository.files, repository.pyproject, repository.setup, repository.automation)
    ]
    choices = [str(choice) for choice in offered.get("python_version", ())]
    fitting = (version for version in versions if version.is_exact or version.minor in choices)
    chosen = next(fitting, None) or next(iter(versions), None)
    if chosen:
        value = chosen.minor if chosen.minor in choices else None
        yield Evidence("python_version", value, chosen.where, chosen.text)


def _tier(repository: _Repository, _: Offered) -> Readings:
    place = repository.layout.place
    if command := next(repository.commands, None):
        yield Evidence("tier", "cli", command[1])
    elif repository.is_script:
        line = python.running_line(python.parse_file(repository.files, place))
        yield Evidence("tier", "script", f"{place}:{line}" if line else place)
    elif place:
        yield Evidence("tier", "library", place)
    elif scripts := sorted(path for path in repository.files if "/" not in path and path.endswith(".py")):
        yield Evidence("tier", "script", scripts[0])


def _description(repository: _Repository, _: Offered) -> Readings:
    for text, where in repository.texts("description", "description"):
        if text.upper() not in {"UNKNOWN", "ADD YOUR DESCRIPTION HERE", "TODO"}:
            yield Evidence("description", " ".join(text.split()), where)
            return


def _author(repository: _Repository, _: Offered) -> Readings:
    """The first author with a name, and the first valid address."""
    people = [*_people(repository)]
    if named := next((person for person in people if person[0]), None):
        yield Evidence("author_name", named[0], named[2])
    if reachable := next((person for person in people if _EMAIL.fullmatch(person[1])), None):
        yield Evidence("author_email", reachable[1], reachable[2])


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
    first = [setup.string(keyword).split(",")[0].strip() for keyword in ("author", "author_email")]
    yield first[0], "", setup.where("author")
    yield "", first[1], setup.where("author_email")


def _license(repository: _Repository, offered: Offered) -> Readings:
    """A license that is not offered has the value None, since the default would be wrong."""
    statements = [*_licenses(repository)]
    files = {name for name, _, where in statements if "LICEN" in where.upper() or "COPYING" in where}
    if not statements:
        return
    name, text, where = statements[0]
    if len(files) > 1:
        yield Evidence("license", None, where, " and ".join(sorted(files)))
    else:
        name = "Proprietary" if name == "LicenseRef-Proprietary" else name
        yield Evidence("license", name if name in offered.get("license", ()) else None, where, text)


def _licenses(repository: _Repository) -> Iterator[tuple[str, str, str]]:
    """SPDX expression, text and place of each statement; license files come first, because they are what counts."""
    for path in sorted(repository.files):
        if re.fullmatch(r"(?:LICEN[SC]E|COPYING)(?:[.-]\w+)*", path, re.IGNORECASE) and not path.endswith(".py"):
            known, text, line = identify_text(decoded(repository.files[path]))
            yield known, text, f"{path}:{line}"
    pyproject = repository.pyproject
    texts = [*repository.texts("license", "license")]
    if text := pyproject.string("project", "license", "text"):
        texts.insert(0, (text, pyproject.where("project", "license", "text")))
    yield from ((spdx_expression(text), text.split("\n")[0][:80], where) for text, where in texts)
    for text, where in python_version.classifiers(pyproject, repository.setup):
        if text.startswith("License ::") and text != "License :: OSI Approved":
            yield spdx_expression(text), text, where


def _runner(repository: _Repository, offered: Offered) -> Readings:
    images = [*workflow_values.runner_images(repository.automation)]
    images = [image for image in images if image.text in offered.get("runner", ())]
    for text, _ in Counter(image.text for image in images).most_common(1):
        yield Evidence("runner", text, next(image.where for image in images if image.text == text))


def _dependencies(repository: _Repository, offered: Offered) -> Readings:
    """The offered ones in the order in which they are offered; an empty list is an answer if others are listed."""
    listed = dependencies.listed(repository.files, repository.pyproject, repository.setup, repository.layout.place)
    if not listed:
        listed = dependencies.imported(repository.files, repository.layout.place)
    names = [name for name in offered.get("dependencies", ()) if pep508.requirement_name(str(name)) in listed]
    places = dict.fromkeys(listed[pep508.requirement_name(str(name))] for name in names) or dict.fromkeys(
        listed.values()
    )
    if listed:
        yield Evidence("dependencies", names, ", ".join([*places][:3]) + (", ..." if len(places) > 3 else ""))  # noqa: PLR2004


def _cloud(repository: _Repository, offered: Offered) -> Readings:
    logins = workflow_values.cloud_logins(repository.automation)
    if login := next((login for login in logins if login.text in offered.get("cloud", ())), None):
        yield Evidence("cloud", login.text, login.where)


def _container(repository: _Repository, _: Offered) -> Readings:
    if "Dockerfile" in repository.files:
        yield Evidence("container", value=True, where="Dockerfile")


def _updates(repository: _Repository, offered: Offered) -> Readings:
    places = {".github/dependabot.yml": "dependabot", ".github/dependabot.yaml": "dependabot"}
    places |= dict.fromkeys(_RENOVATE, "renovate")
    for path, value in places.items():
        if path in repository.files and value in offered.get("updates", ()):
            yield Evidence("updates", value, path)
            return


def _command(repository: _Repository, _: Offered) -> Readings:
    """The only console script, or the one with the project's name."""
    commands = dict(repository.commands)
    name = next((item.value for item in _name(repository, {})), "")
    same_name = [
        command for command in commands if code_layout.comparable_name(command) == code_layout.comparable_name(name)
    ]
    chosen = [*commands] if len(commands) == 1 else same_name
    if len(chosen) == 1:
        yield Evidence("command", chosen[0], commands[chosen[0]])


def _dry_run(repository: _Repository, _: Offered) -> Readings:
    """Whether the program's code has the option as a string of its own."""
    place = repository.layout.place
    for path in sorted(repository.files):
        if place and path.endswith(".py") and (path == place or path.startswith(f"{place}/")):
            texts = (
                node for node in ast.walk(python.parse_file(repository.files, path)) if isinstance(node, ast.Constant)
            )
            lines = [node.lineno for node in texts if str(node.value).split("/")[0] == "--dry-run"]
            if lines:
                yield Evidence("dry_run", value=True, where=f"{path}:{min(lines)}")
                return
