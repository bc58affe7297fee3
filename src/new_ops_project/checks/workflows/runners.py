"""Rules about the runner of a job: its image, its time limit."""

import re
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.template import pins

_LATEST = re.compile(r"\b(ubuntu|windows|macos)-latest(?:-x?large)?(?![\w-])", re.IGNORECASE)
_EXAMPLES = {"windows": "windows-2025", "macos": "macos-15"}


def latest(repo: Repo) -> Iterator[Breach]:
    """Each GitHub image that is named with `-latest`, at its name in runs-on or in the matrix."""
    for job in repo.automation.jobs:
        is_hosted = all(label.scalar.lower() != "self-hosted" for label in job.labels)
        for node in job.labels if is_hosted else ():
            for match in _LATEST.finditer(node.text):
                example = _example(match[1].lower())
                yield Breach(
                    f"{match[0]} becomes another image whenever GitHub decides.",
                    *node.place_at(match.start()),
                    remedy=f"Name an image, such as {example}.",
                )


def _example(system: str) -> str:

    offered = next((image for image in pins.shipped().runners if image.startswith(system)), "ubuntu-24.04")
    return _EXAMPLES.get(system, offered)


def endless(repo: Repo) -> Iterator[Breach]:
    """Each job without a time limit of its own."""
    for job in repo.automation.jobs:
        is_bounded = job.node.get("timeout-minutes") or (
            job.steps and all(step.node.get("timeout-minutes") for step in job.steps)
        )
        if not is_bounded and not job.calls.node:
            yield Breach(f"Job `{job.key.text}` may run for six hours.", *job.key.place)
