"""Findings as workflow commands, which GitHub shows beside the lines (its `::error` syntax)."""

from collections.abc import Iterator

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.text import Drawn, escape_invisible
from new_ops_project.checks.output import repository_paths
from new_ops_project.checks.run import CheckReport

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def lines(report: CheckReport) -> Iterator[Drawn]:
    """One workflow command, on a line, for each finding and for whatever leaves the run incomplete."""
    yield from (_command(finding) for finding in report.findings)
    for skip in report.skipped:
        if skip.fails:
            line = f"::error title=not checked::{_data(f'{skip.reason} {skip.hint}')}"
            yield Drawn(f"{escape_invisible(line)}\n")


def _command(finding: Finding) -> Drawn:
    values = {
        "file": repository_paths.path(finding.path),
        "line": finding.line or "",
        "col": finding.column or "",
        "title": finding.code,
    }
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in values.items() if value)
    line = f"::{_WORDS[finding.severity]} {properties}::{_data(f'{finding.message} {finding.remedy}')}"
    return Drawn(f"{escape_invisible(line)}\n")


def _data(text: str) -> str:
    """The message of a command, escaped as @actions/core does: a line end would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
