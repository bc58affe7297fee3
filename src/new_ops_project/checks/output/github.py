"""Findings as workflow commands, which GitHub shows beside the lines (its `::error` syntax)."""

from collections.abc import Iterator

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.checks.run import Checkup

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def lines(checkup: Checkup) -> Iterator[str]:
    """One command for each finding."""
    yield from (_command(finding) for finding in checkup.findings)


def _command(finding: Finding) -> str:
    places = {"file": finding.path, "line": finding.line or "", "col": finding.column or "", "title": finding.code}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value)
    return f"::{_WORDS[finding.severity]} {told}::{_data(f'{finding.message} {finding.remedy}')}"


def _data(text: str) -> str:
    """What a command says, with what would end it escaped (@actions/core has the rules)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
