"""What all formats show: the findings of one run of check, over one repository or several."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from new_ops_project.checks.engine import Checked, Skipped
from new_ops_project.checks.ignores import Ignore
from new_ops_project.checks.rule import Rule
from new_ops_project.finding import Finding, Severity


@dataclass(frozen=True)
class Checkup:
    """One run: paths of findings are as the folder was given on the command line; `fixed` are those that were mended.

    `more` is what --fix adds to the JSON object.
    """

    rules: tuple[Rule, ...]
    projects: tuple[str, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    fixed: tuple[Finding, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        return {severity: sum(one.severity is severity for one in self.findings) for severity in Severity}

    def rule(self, code: str) -> Rule:
        """The rule of a finding."""
        return next(rule for rule in self.rules if rule.code == code)


def joined(rules: Sequence[Rule], parts: Iterable[tuple[str, Checked, Sequence[Finding]]]) -> Checkup:
    """One checkup of several: each is the folder as it was given, what was found, and what was mended."""
    found = [(given, checked, fixed) for given, checked, fixed in parts]
    return Checkup(
        tuple(rules),
        tuple(given for given, _, _ in found),
        tuple(_placed(given, one) for given, checked, _ in found for one in checked.findings),
        tuple((_placed(given, one), why) for given, checked, _ in found for one, why in checked.ignored),
        tuple(dict.fromkeys(skipped for _, checked, _ in found for skipped in checked.skipped)),
        tuple(_placed(given, one) for given, _, fixed in found for one in fixed),
    )


def _placed(given: str, finding: Finding) -> Finding:
    """The finding with its path from where the command was run."""
    return replace(finding, path=str(PurePosixPath(given, finding.path)) if finding.path else given)


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}{'s' * (number != 1)}"


def summary(checkup: Checkup) -> str:
    """The counts in one line, worst first."""
    parts = [counted(number, word) if (word := str(severity)) != "info" else f"{number} to know"
             for severity, number in checkup.counts.items() if number]  # fmt: skip
    return ", ".join(parts) or "nothing found"
