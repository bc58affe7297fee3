"""Findings as the JSON object of --json."""

from dataclasses import asdict
from typing import Any

from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.run import CheckReport


def document(report: CheckReport) -> dict[str, Any]:
    """The findings with what was ignored, skipped, noted and fixed; `fixed` and `plans` are there only after --fix."""
    skipped = [_skipped(skip) for skip in report.skipped if not skip.is_note]
    ignored = [{**finding.as_json(), "reason": why.reason} for finding, why in report.ignored]
    fixed = [finding.as_json() for finding in report.fixed]
    return {
        "projects": list(report.projects),
        "findings": [finding.as_json() for finding in report.findings],
        "ignored": ignored,
        "skipped": skipped,
        "notes": [{"reason": skip.reason, "hint": skip.hint} for skip in report.skipped if skip.is_note],
        "drift": {name: {file.path: file.state for file in states} for name, states in report.drift.items()},
        **({"fixed": fixed, "plans": list(report.plans)} if report.plans else {}),
    }


def _skipped(skip: Skipped) -> dict[str, Any]:
    fields = {**asdict(skip), "codes": list(skip.codes)}
    del fields["is_note"]
    return fields
