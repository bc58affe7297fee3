"""Rules about when workflows run, including two runs at once."""

import re
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Job, Workflow
from new_ops_project.formats.yaml import Node

_ROUND = re.compile(r"0?0|30")


# ---- OPS115 and OPS116 ---------------------------------------------------------------------------------------------


def overlapping(repo: Repo) -> Iterator[Breach]:
    """Each workflow whose runs can pile up or overlap."""
    for workflow in repo.automation.workflows:
        groups = [*_groups(workflow)]
        if "pull_request" in workflow.triggers:
            place = workflow.triggers["pull_request"][0].place
            if not any(group.key("cancel-in-progress") for group in groups):
                yield Breach("A newer commit does not cancel the run of the previous one.", *place)
        elif not groups and workflow.changes_things:
            first = next((place for place, _ in workflow.triggers.values()), workflow.root)
            remedy = "Write `concurrency: {group: NAME, cancel-in-progress: false}`."
            yield Breach("Two runs of this workflow can overlap.", *first.place, remedy=remedy)


def _groups(workflow: Workflow) -> Iterator[Node]:
    for node in (workflow.root, *(job.node for job in workflow.jobs)):
        if group := node.get("concurrency"):
            yield group


def _deploys(job: Job) -> bool:
    return bool(job.node.get("environment"))


def cancelled_runs(repo: Repo) -> Iterator[Breach]:
    """Each scheduled, release or deployment run that a newer run cancels."""
    for workflow in repo.automation.workflows:
        if "pull_request" in workflow.triggers:
            continue
        is_timed = "schedule" in workflow.triggers and set(workflow.triggers) <= {"schedule", "workflow_dispatch"}
        is_meant = is_timed or workflow.is_release
        yield from _cancelled_runs(workflow.root, is_meant or any(map(_deploys, workflow.jobs)))
        for job in workflow.jobs:
            yield from _cancelled_runs(job.node, is_meant or _deploys(job))


def _cancelled_runs(node: Node, changes: bool) -> Iterator[Breach]:  # noqa: FBT001 - one caller
    value = node.get("concurrency", "cancel-in-progress")
    if changes and value.scalar == "true":
        yield Breach("A newer run cancels this one halfway.", *value.place)


# ---- OPS118 and OPS119 ----------------------------------------------------------------------------------------------


def not_manual(repo: Repo) -> Iterator[Breach]:
    """Each workflow that starts on its own and cannot be started by hand."""
    for workflow in repo.automation.workflows:
        events = workflow.triggers.keys()
        if events & {"push", "schedule"} and "workflow_dispatch" not in events:
            yield Breach("Nobody can start this workflow by hand.", *workflow.root.key("on").place)


def full_hours(repo: Repo) -> Iterator[Breach]:
    """Each schedule at a full or half hour."""
    for workflow in repo.automation.workflows:
        times = workflow.triggers["schedule"][1].items if "schedule" in workflow.triggers else []
        for cron in (item.get("cron") for item in times):
            minute, *rest = cron.scalar.split() or [""]
            if _ROUND.fullmatch(minute):
                other = " ".join(["17", *rest])
                yield Breach(
                    f"`{cron.scalar}` is when everybody else's schedules start.",
                    *cron.place,
                    remedy=f'Choose another minute: "{other}".',
                )
