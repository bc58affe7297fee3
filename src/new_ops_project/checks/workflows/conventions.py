"""Rules about conventions of workflows: caches, artifacts."""

import re
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Step

_AFTER_FAILURE = re.compile(r"\b(?:failure|always|cancelled)\s*\(")


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
