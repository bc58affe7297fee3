"""The requirements that a project declares, each with the place where it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from new_ops_project.base.errors import ToolError
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.formats.document import Keys
from new_ops_project.formats.requirements import groups, pep508
from new_ops_project.formats.requirements.pep508 import canonical_name
from new_ops_project.formats.setuptools.keywords import Setup
from new_ops_project.formats.toml.places import TomlPlace

if TYPE_CHECKING:
    from packaging.requirements import Requirement


@dataclass(frozen=True)
class DeclaredRequirement:
    """One requirement as it is written; `place.raw` is '' outside TOML, `extra` the extra that it belongs to."""

    text: str
    path: str
    place: TomlPlace
    extra: str = ""

    @cached_property
    def parsed(self) -> "Requirement | None":
        """The requirement, parsed by PEP 508; None if it is invalid."""
        return pep508.parse(self.text)

    @property
    def name(self) -> str:
        """The package's name, normalised by PEP 503; '' if the requirement is invalid."""
        return canonical_name(self.parsed.name) if self.parsed else ""


def required(repo: Repo) -> tuple[DeclaredRequirement, ...]:
    """The dependencies of [project]."""
    return tuple(_listed(repo, ("project", "dependencies")))


def of_distribution(repo: Repo) -> tuple[DeclaredRequirement, ...]:
    """What the distribution needs without any extra, wherever that is declared; of Poetry's, only the names."""
    if "dependencies" in repo.pyproject.table("project"):
        return required(repo)
    needed = (each for each in of_poetry(repo) if not (each.group or each.has_marker or each.is_extra))
    named = (DeclaredRequirement(each.name, repo.pyproject.path, each.place) for each in needed)
    return (*named, *(each for each in of_setup(repo) if not each.extra))


def extras(repo: Repo) -> Mapping[str, tuple[DeclaredRequirement, ...]]:
    """The extras of [project]."""
    table = repo.pyproject.table("project", "optional-dependencies")
    keys = ("project", "optional-dependencies")
    return {name: tuple(_listed(repo, (*keys, name), name)) for name in table}


def of_groups(repo: Repo) -> Mapping[str, tuple[DeclaredRequirement, ...]]:
    """The dependency groups (PEP 735) by their PEP 503 names, each with the requirements of groups that it includes.

    Raises UncheckedError if they are not valid.
    """
    names = repo.pyproject.table(groups.TABLE)
    written = {str(each.parsed): each for name in names for each in _listed(repo, (groups.TABLE, name))}
    try:
        resolved = {canonical_name(name): groups.resolve(repo.pyproject, name) for name in names}
    except ToolError as error:
        raise UncheckedError(error.message, error.hint) from error
    return {name: tuple(written[text] for text in listed) for name, listed in resolved.items()}


def optional(repo: Repo) -> tuple[DeclaredRequirement, ...]:
    """The requirements of all extras and groups; raises UncheckedError if the groups are not valid."""
    return tuple(each for listed in (*extras(repo).values(), *of_groups(repo).values()) for each in listed)


def _listed(repo: Repo, keys: Keys, extra: str = "") -> Iterator[DeclaredRequirement]:
    items = repo.pyproject.get(*keys)
    for index, text in enumerate(items if isinstance(items, list) else ()):
        if isinstance(text, str):
            yield DeclaredRequirement(text, repo.pyproject.path, repo.pyproject.place(*keys, index), extra)


def of_setup(repo: Repo) -> Iterator[DeclaredRequirement]:
    """The requirements of setup.py and setup.cfg, with those of their extras."""
    yield from (_placed(repo.setup, "install_requires", text) for text in repo.setup.strings("install_requires"))
    extras = repo.setup.get("extras_require")
    for name, value in extras.items() if isinstance(extras, dict) else ():
        texts = value.split("\n") if isinstance(value, str) else value if isinstance(value, list) else []
        for text in (text.strip() for text in texts if isinstance(text, str) and text.strip()):
            yield _placed(repo.setup, "extras_require", text, str(name))


def _placed(setup: Setup, keyword: str, text: str, extra: str = "") -> DeclaredRequirement:
    path, _, line = setup.where(keyword, text).partition(":")
    number = int(line or 0)
    source = setup.py if setup.py.path == path else setup.cfg
    lines = source.text_lines  # Python counts form feeds and lone carriage returns too
    column = lines[number - 1].find(text) + 1 if 0 < number <= len(lines) else 0
    return DeclaredRequirement(text, path, TomlPlace(number, max(column, min(number, 1))), extra)


@dataclass(frozen=True)
class PoetryRequirement:
    """A dependency in Poetry's own form: `version` is its constraint, '' if it has another source, such as git.

    `is_extra`: only an extra installs it.
    """

    name: str
    version: str
    place: TomlPlace
    group: str = ""
    has_marker: bool = False
    is_extra: bool = False


def of_poetry(repo: Repo) -> Iterator[PoetryRequirement]:
    """The dependencies in [tool.poetry] and its groups, without Python itself."""
    tool = ("tool", "poetry")
    yield from _poetry_table(repo, (*tool, "dependencies"), "")
    yield from _poetry_table(repo, (*tool, "dev-dependencies"), "dev")
    for group in repo.pyproject.table(*tool, "group"):
        yield from _poetry_table(repo, (*tool, "group", group, "dependencies"), group)


def _poetry_table(repo: Repo, keys: Keys, group: str) -> Iterator[PoetryRequirement]:
    for name, value in repo.pyproject.table(*keys).items():
        if canonical_name(name) == "python":
            continue
        within = (*keys, name) if isinstance(value, str) else (*keys, name, "version")
        version = repo.pyproject.string(*within)
        has_marker = isinstance(value, list) or (
            isinstance(value, dict) and {"markers", "python", "platform"} & value.keys()
        )
        is_extra = isinstance(value, dict) and bool(value.get("optional"))
        place = repo.pyproject.place(*within)
        yield PoetryRequirement(canonical_name(name), version, place, group, bool(has_marker), is_extra)
