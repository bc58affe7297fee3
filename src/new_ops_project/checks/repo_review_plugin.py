"""The plugin that shows our rules in repo-review."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.base.finding import Finding
from new_ops_project.checks import catalogue, engine, remote_files, repo
from new_ops_project.checks.output.markdown import cell
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Rule

_OWN = "repo-review"  # the rule that runs repo-review is left out, or the two would call each other
_MOST = 20  # listed findings of one rule
_ORDER = 100  # after the families of other plugins, which start at 0


@dataclass(frozen=True)
class PluginInput:
    """The results of all rules for a package, computed at the first check: repo-review runs every one anyway."""

    package: Traversable

    @cached_property
    def checked(self) -> engine.Checked:
        """The findings; rules that need a linter are left out when the package is not in a local clone."""
        repository, is_clone = _repo(self.package)
        return engine.run(repository, [rule for rule in _rules() if is_clone or not rule.tool])

    def of(self, rule: Rule) -> str | bool | None:
        """True, or the rule's findings as Markdown; None if the rule could not be checked."""
        is_run = not rule.tool or isinstance(self.package, Path)
        if not is_run or any(rule.code in skipped.codes for skipped in self.checked.skipped):
            return None
        findings = [finding for finding in self.checked.findings if finding.code == rule.code and finding.counts]
        return _report(rule, findings) if findings else True


def new_ops_project(package: Traversable) -> PluginInput:
    """The fixture that repo-review passes to each check: the results of our rules for the package."""
    return PluginInput(package)


@dataclass(frozen=True)
class Check:
    """One rule in the form that repo-review expects; the docstring of the object is the description."""

    rule: Rule
    family: str
    url: str
    requires: frozenset[str] = field(default=frozenset())

    def check(self, new_ops_project: PluginInput) -> str | bool | None:
        """True if the repository keeps the rule, otherwise the findings and the remedy."""
        return new_ops_project.of(self.rule)


def checks() -> dict[str, Check]:
    """The check for each rule by its code."""
    return {
        rule.code: _check(rule, family.name)
        for family in catalogue.families()
        for rule in family.rules
        if rule.tool != _OWN
    }


def families() -> dict[str, dict[str, Any]]:
    """Our families, with a prefix in their names: other plugins may also have one for workflows."""
    return {
        _key(family.name): {"name": f"new-ops-project: {family.title}", "order": _ORDER + number}
        for number, family in enumerate(catalogue.families())
    }


def _key(name: str) -> str:
    return f"new-ops-project-{name}"


def _rules() -> list[Rule]:
    return [rule for rule in catalogue.rules() if rule.tool != _OWN]


def _check(rule: Rule, family: str) -> Check:
    check = Check(rule, _key(family), _literal(rule.link))
    # repo-review passes it to str.format, then to rich, which reads text in brackets as a style.
    object.__setattr__(check, "__doc__", _literal(re.sub(r"[\[\]]", "", rule.title)))
    return check


def _literal(text: str) -> str:
    """The text escaped so that `str.format` returns it unchanged."""
    return text.replace("{", "{{").replace("}", "}}")


def _repo(package: Traversable) -> tuple[Repo, bool]:
    """The repository, and whether linters can run in it."""
    if isinstance(package, Path):
        with suppress(ProcessError, ToolError):  # raised for a folder in no repository
            return repo.read(package, offline=True), True
    files = remote_files.read(package)
    return Repo(package if isinstance(package, Path) else Path("nowhere"), files, files.paths, offline=True), False


def _report(rule: Rule, findings: list[Finding]) -> str:
    """The findings as a Markdown list, followed by the remedies."""
    lines = [f"- {_place(finding)}{cell(finding.message)}" for finding in findings[:_MOST]]
    more = [f"- and {len(findings) - _MOST} more"] if len(findings) > _MOST else []
    remedies = list(dict.fromkeys(finding.remedy or rule.remedy for finding in findings))[:3]
    return "\n".join([*lines, *more, "", *(f"{cell(remedy)}\n" for remedy in remedies)]).rstrip()


def _place(finding: Finding) -> str:
    path = cell(finding.path)
    return f"{path}:{finding.line} " if finding.line else f"{path} " if path else ""
