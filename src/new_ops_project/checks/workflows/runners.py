"""Rules about the runner of a job: its image, its time limit."""

import re
from collections.abc import Iterator
from itertools import groupby

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Job
from new_ops_project.template import pins

_LATEST = re.compile(r"\b(ubuntu|windows|macos)-latest(?:-x?large)?(?![\w-])", re.IGNORECASE)
_EXAMPLES = {"windows": "windows-2025", "macos": "macos-15"}


def latest(repo: Repo) -> Iterator[Breach]:
    """Each GitHub image that runs-on names with `-latest`; only a note where the job does nothing but test."""
    for job in repo.automation.jobs:
        is_hosted = all(label.scalar.lower() != "self-hosted" for label in job.labels)
        for node in job.own_labels if is_hosted else ():
            for match in _LATEST.finditer(node.text):
                example = _example(match[1].lower())
                yield Breach(
                    f"{match[0]} becomes another image whenever GitHub decides.",
                    *node.place_at(match.start()),
                    remedy=f"Name an image, such as {example}.",
                    severity=_severity(job),
                )


def _severity(job: Job) -> Severity:
    return Severity.WARNING if job.workflow.changes_things else Severity.INFO


def _example(system: str) -> str:
    offered = next((image for image in pins.shipped().runners if image.startswith(system)), "ubuntu-24.04")
    return _EXAMPLES.get(system, offered)


def endless(repo: Repo) -> Iterator[Breach]:
    """Each workflow with jobs without a time limit, at the first; only a note where they do nothing but test."""
    for _, jobs in groupby(filter(_is_endless, repo.automation.jobs), lambda job: job.workflow):
        first, *others = jobs
        names = ", ".join(f"`{job.key.text}`" for job in (first, *others))
        message = f"Job{'s' if others else ''} {names} may run for six hours."
        yield Breach(message, *first.key.place, severity=_severity(first))


def _is_endless(job: Job) -> bool:
    has_limits = bool(job.steps) and all(step.node.get("timeout-minutes") for step in job.steps)
    return not (job.node.get("timeout-minutes") or has_limits or job.calls.node)
