"""Our rules as a plugin of repo-review: its fixture, its checks, its families."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.base.process import ProcessError
from new_ops_project.checks import catalogue, engine
from new_ops_project.checks import repo as repository
from new_ops_project.checks.remote_files import RemoteFiles
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Rule

_OWN = "repo-review"  # what asks repo-review is not asked by it
_MOST = 20  # findings of one rule that are listed
_ORDER = 100  # behind the families of other plugins, which begin at 0


@dataclass(frozen=True)
class PluginInput:
    """What all rules say of a package, asked at the first check: repo-review runs every one, selected or not."""

    package: Traversable

    @cached_property
    def checked(self) -> engine.Checked:
        """The findings; only rules that need no other program look at what is not on this disk."""
        repo, is_here = _repo(self.package)
        return engine.run(repo, [rule for rule in _rules() if is_here or not rule.tool])

    def of(self, rule: Rule) -> str | bool | None:
        """True, or its findings as Markdown; None where the rule could not look."""
        asked = not rule.tool or isinstance(self.package, Path)
        if not asked or any(rule.code in skipped.codes for skipped in self.checked.skipped):
            return None
        found = [one for one in self.checked.findings if one.code == rule.code and one.counts]
        return _told(rule, found) if found else True


def new_ops_project(package: Traversable) -> PluginInput:
    """Fixture: what the rules of new-ops-project say of the package."""
    return PluginInput(package)


@dataclass(frozen=True)
class Check:
    """One rule as repo-review wants it; its description is the docstring of the object."""

    rule: Rule
    family: str
    url: str
    requires: frozenset[str] = field(default=frozenset())

    def check(self, new_ops_project: PluginInput) -> str | bool | None:
        """Whether the rule is kept; where it is not, the findings and the remedy."""
        return new_ops_project.of(self.rule)


def checks() -> dict[str, Check]:
    """Every rule by its code."""
    return {
        rule.code: _check(rule, family.name)
        for family in catalogue.families()
        for rule in family.rules
        if rule.tool != _OWN
    }


def families() -> dict[str, dict[str, Any]]:
    """Our families, named as ours: other plugins have their own for workflows and the like."""
    return {
        _key(family.name): {"name": f"new-ops-project: {family.title}", "order": _ORDER + number}
        for number, family in enumerate(catalogue.families())
    }


def _key(name: str) -> str:
    return f"new-ops-project-{name}"


def _rules() -> list[Rule]:
    return [rule for rule in catalogue.rules() if rule.tool != _OWN]


def _check(rule: Rule, family: str) -> Check:
    made = Check(rule, _key(family), _literal(rule.link))
    # repo-review formats it, and rich reads what is in brackets as a style.
    object.__setattr__(made, "__doc__", _literal(re.sub(r"[\[\]]", "", rule.title)))
    return made


def _literal(text: str) -> str:
    """Text that `str.format` gives back as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def _repo(package: Traversable) -> tuple[Repo, bool]:
    """The repository, and whether other programs can look at it."""
    if isinstance(package, Path):
        try:
            return repository.read(package, offline=True), True
        except (ProcessError, ToolError):  # a folder that is in no repository
            return repository.Repo(package, files := RemoteFiles.walked(package), files.names, offline=True), False
    files = RemoteFiles.walked(package)
    return repository.Repo(Path("nowhere"), files, files.names, offline=True), False


def _told(rule: Rule, found: list[Finding]) -> str:
    """The findings as a list in Markdown, then what to do."""
    lines = [f"- {_place(one)}{_marked(one.message)}" for one in found[:_MOST]]
    more = [f"- and {len(found) - _MOST} more"] if len(found) > _MOST else []
    remedies = list(dict.fromkeys(one.remedy or rule.remedy for one in found))[:3]
    return "\n".join([*lines, *more, "", *(f"{_marked(remedy)}\n" for remedy in remedies)]).rstrip()


def _place(finding: Finding) -> str:
    path = _marked(finding.path)
    return f"{path}:{finding.line} " if finding.line else f"{path} " if path else ""


def _marked(text: str) -> str:
    """Text on one line that means itself in Markdown, but for code between backticks."""
    plain = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    parts = plain.split("`")
    if len(parts) % 2 == 0:
        return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", plain)
    return "`".join(
        part if number % 2 else re.sub(r"([\\*_\[\]<>#|])", r"\\\1", part) for number, part in enumerate(parts)
    )
