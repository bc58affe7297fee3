"""Rules about conventions of workflows: names, caches, artifacts."""

import re
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Step, Workflow
from new_ops_project.formats.yaml import Node

_CACHES = {
    "actions/cache": "",
    "actions/cache/restore": "",
    "actions/setup-python": "cache",
    "actions/setup-node": "cache",
    "astral-sh/setup-uv": "enable-cache",
}
_AFTER_FAILURE = re.compile(r"\b(?:failure|always|cancelled)\s*\(")


def unnamed_parts(repo: Repo) -> Iterator[Breach]:
    """Each workflow in which something has no name, at the first such place."""
    for workflow in repo.automation.workflows:
        unnamed = [*_unnamed_parts(workflow)]
        if unnamed:
            kinds = [kind for kind, _ in unnamed]
            counts = [f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in dict.fromkeys(kinds)]
            yield Breach(f"{', '.join(counts)} without a name.", *unnamed[0][1].place)


def _unnamed_parts(workflow: Workflow) -> Iterator[tuple[str, Node]]:
    if not workflow.root.get("name"):
        yield "workflow", workflow.root
    for job in workflow.jobs:
        if not job.node.get("name"):
            yield "job", job.key
        yield from (("step", step.node) for step in job.steps if not step.node.get("name"))


def cached_release(repo: Repo) -> Iterator[Breach]:
    """Each cache that a release workflow restores."""
    for workflow in (each for each in repo.automation.workflows if each.is_release):
        for step in (step for job in workflow.jobs for step in job.steps):
            name = _CACHES.get(step.uses.action)
            value = step.input(name) if name else Node(step.node.source)
            if name == "" or value.scalar not in {"", "false"}:
                place = value.place if value else step.uses.node.place
                yield Breach("This release is built with files from a cache.", *place)


def vague_cache(repo: Repo) -> Iterator[Breach]:
    """Each pip cache whose key follows requirements.txt, in a repository with other locks."""
    if {file.path for file in repo.requirements} <= {"requirements.txt"}:
        return
    for step in repo.automation.steps:
        cache = step.input("cache")
        is_pip = step.uses.action == "actions/setup-python" and cache.scalar == "pip"
        if is_pip and not step.input("cache-dependency-path"):
            # The longest list: what development needs includes what runs.
            path = max(repo.requirements, key=lambda file: len(file.text)).path
            yield Breach(
                "The cache does not name the files that its key depends on.",
                *cache.place,
                remedy=f"Write `cache-dependency-path: {path}`.",
            )


def empty_upload(repo: Repo) -> Iterator[Breach]:
    """Each upload that passes when there is nothing to upload, except of files that only a failure leaves behind."""
    for step in repo.automation.steps:
        is_upload = step.uses.action == "actions/upload-artifact"
        if is_upload and not step.input("if-no-files-found") and not _may_be_missing(step):
            yield Breach("The step passes when there is nothing to upload.", *step.uses.node.place)


def _may_be_missing(step: Step) -> bool:
    return bool(_AFTER_FAILURE.search(step.node.get("if").text))
