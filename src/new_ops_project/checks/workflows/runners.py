"""Rules about where jobs run, and for how long."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.checks.workflows import links
from new_ops_project.formats.github.automation import Job
from new_ops_project.formats.yaml import Node

_LATEST = re.compile(r"\b(ubuntu|windows|macos)-latest(?:-x?large)?(?![\w-])", re.IGNORECASE)
_EXAMPLES = {"windows": "windows-2025", "macos": "macos-15"}


def latest(repo: Repo) -> Iterator[Breach]:
    """Each image of GitHub that is named by `-latest`, where its name stands: in runs-on or in the matrix."""
    for job in repo.automation.jobs:
        for node in _labels(job):
            for found in _LATEST.finditer(node.text):
                example = _image(found[1].lower())
                yield Breach(
                    f"{found[0]} becomes another image when GitHub decides so.",
                    *node.at(found.start()),
                    remedy=f"Name an image, such as {example}.",
                )


def _labels(job: Job) -> Iterator[Node]:
    """What runs-on says, without the labels of machines of one's own."""
    on = job.node.get("runs-on")
    on = on if on.kind == "scalar" or on.items else on.get("labels")
    labels = [on] if on.kind == "scalar" else [item for item in on.items if item.kind == "scalar"]
    if any(label.scalar.lower() == "self-hosted" for label in labels):
        return
    for label in labels:
        if "${{" in label.text:
            yield label
        yield from job.meant(label)


def _image(system: str) -> str:
    from new_ops_project.template import pins

    offered = next((one for one in pins.shipped().runners if one.startswith(system)), "ubuntu-24.04")
    return _EXAMPLES.get(system, offered)


def endless(repo: Repo) -> Iterator[Breach]:
    """Each job that may run for as long as GitHub lets it."""
    for job in repo.automation.jobs:
        is_bounded = job.node.get("timeout-minutes") or (
            job.steps and all(step.node.get("timeout-minutes") for step in job.steps)
        )
        if not is_bounded and not job.calls.node:
            yield Breach(f"Job `{job.id}` may run for six hours.", *job.key.place)


RULES = (
    Rule(
        "OPS105",
        "Jobs name the image that they run on",
        Severity.WARNING,
        "`-latest` moves to another image, with other tools in it, on a day that GitHub chooses.",
        "Name an image, such as ubuntu-24.04.",
        links.RUNNERS,
        latest,
    ),
    Rule(
        "OPS106",
        "Jobs have a timeout",
        Severity.WARNING,
        "A job that hangs is stopped after 360 minutes: until then it holds a runner, and what waits behind it.",
        "Write `timeout-minutes: 10` into the job, or what it needs at most.",
        links.SYNTAX,
        endless,
    ),
)
