"""Counts of findings in words."""

from collections.abc import Mapping

from new_ops_project.base.finding import Severity
from new_ops_project.base.text import counted


def summary(severities: Mapping[Severity, int]) -> str:
    """The counts in one line, worst first."""
    parts = [
        counted(number, "note" if severity is Severity.INFO else str(severity))
        for severity, number in severities.items()
        if number
    ]
    return ", ".join(parts) or "nothing found"
