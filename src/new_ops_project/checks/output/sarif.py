"""Findings as SARIF 2.1.0 (OASIS), which code scanning reads."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from new_ops_project import __version__
from new_ops_project.base.finding import Finding, Severity
from new_ops_project.base.text import escape_undecodable
from new_ops_project.checks.engine import Skipped
from new_ops_project.checks.ignoring.entries import Ignore
from new_ops_project.checks.output import repository_paths
from new_ops_project.checks.rule import Rule
from new_ops_project.checks.run import CheckReport

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def log(report: CheckReport) -> dict[str, Any]:
    """The whole log: one run with its rules; each finding as a result, ignored ones as suppressed results."""
    indexes = {rule.code: index for index, rule in enumerate(report.rules)}
    driver = {
        "name": "new-ops-project",
        "semanticVersion": __version__,
        "informationUri": "https://pypi.org/project/new-ops-project/",
        "rules": [_rule(rule) for rule in report.rules],
    }
    results = [_result(finding, indexes) for finding in report.findings]
    results += [_suppressed(finding, why, indexes) for finding, why in report.ignored]
    invocation = {
        "executionSuccessful": report.is_complete,
        "toolExecutionNotifications": [_notification(skip) for skip in report.skipped],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(skip: Skipped) -> dict[str, Any]:
    codes = f"{', '.join(skip.codes)}: " if skip.codes else ""
    start = "" if skip.is_note else "Not checked: "
    text = escape_undecodable(f"{start}{codes}{skip.reason} {skip.hint}".strip())
    return {"level": "error" if skip.fails else "note", "message": {"text": text}}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy},
        "helpUri": rule.link,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, indexes: Mapping[str, int]) -> dict[str, Any]:
    """The result of a finding; its fingerprint leaves out the line, which may move while the finding stays the same."""
    path = repository_paths.path(finding.path)
    identity = (finding.code, escape_undecodable(path), escape_undecodable(finding.message))
    fingerprint = sha256("\0".join(identity).encode()).hexdigest()
    return {
        "ruleId": finding.code,
        "ruleIndex": indexes[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": escape_undecodable(f"{finding.message} {finding.remedy}".strip())},
        "locations": _locations(finding),
        "partialFingerprints": {"newOpsProject/v1": fingerprint},
    }


def _suppressed(finding: Finding, ignore: Ignore, indexes: Mapping[str, int]) -> dict[str, Any]:
    suppression = {"kind": "external", "justification": ignore.reason}
    return {**_result(finding, indexes), "suppressions": [suppression]}


def _locations(finding: Finding) -> Sequence[Mapping[str, Any]]:
    path = repository_paths.path(finding.path)
    location = {"uri": quote(path.encode(errors="surrogateescape"))}
    if not Path(path).is_absolute():
        location["uriBaseId"] = _ROOT
    place: dict[str, Any] = {"artifactLocation": location}
    if finding.line:
        column = {"startColumn": finding.column} if finding.column else {}
        place["region"] = {"startLine": finding.line, **column}
    return [{"physicalLocation": place}]
