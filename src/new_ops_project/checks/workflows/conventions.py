"""Rules about what makes workflows readable and their steps sound: names, caches, artifacts."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.checks.workflows import links
from new_ops_project.formats.github.automation import Step, Workflow
from new_ops_project.formats.yaml import Node

_CACHES = {
    "actions/cache": "",
    "actions/cache/restore": "",
    "actions/setup-python": "cache",
    "actions/setup-node": "cache",
    "astral-sh/setup-uv": "enable-cache",
}
_MAY_LACK = re.compile(r"\b(?:failure|always|cancelled)\s*\(")


def nameless(repo: Repo) -> Iterator[Breach]:
    """Each workflow in which something has no name, at the first such place."""
    for workflow in repo.automation.workflows:
        found = [*_nameless(workflow)]
        if found:
            kinds = [kind for kind, _ in found]
            told = [f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in dict.fromkeys(kinds)]
            yield Breach(f"{', '.join(told)} without a name.", *found[0][1].place)


def _nameless(workflow: Workflow) -> Iterator[tuple[str, Node]]:
    if not workflow.root.get("name"):
        yield "workflow", workflow.root
    for job in workflow.jobs:
        if not job.node.get("name"):
            yield "job", job.key
        yield from (("step", step.node) for step in job.steps if not step.node.get("name"))


def cached_release(repo: Repo) -> Iterator[Breach]:
    """Each cache that a workflow restores which only releases."""
    for workflow in (one for one in repo.automation.workflows if one.is_release):
        for step in (step for job in workflow.jobs for step in job.steps):
            name = _CACHES.get(step.uses.action)
            value = step.given(name) if name else Node(step.node.source)
            if name == "" or value.scalar not in {"", "false"}:
                place = value.place if value else step.uses.node.place
                yield Breach("What is released is built with files of a cache.", *place)


def vague_cache(repo: Repo) -> Iterator[Breach]:
    """Each cache of pip whose key follows requirements.txt, in a repository that has other locks."""
    if repo.requirements in {(), ("requirements.txt",)}:
        return
    for step in repo.automation.steps:
        cache = step.given("cache")
        is_pip = step.uses.action == "actions/setup-python" and cache.scalar == "pip"
        if is_pip and not step.given("cache-dependency-path"):
            path = max(repo.requirements, key=lambda path: len(repo.files[path]))  # what develops holds what runs
            yield Breach(
                "The cache does not say which files decide what is in it.",
                *cache.place,
                remedy=f"Write `cache-dependency-path: {path}`.",
            )


def empty_upload(repo: Repo) -> Iterator[Breach]:
    """Each upload that passes when there is nothing to upload, but for what only a failure leaves behind."""
    for step in repo.automation.steps:
        is_upload = step.uses.action == "actions/upload-artifact"
        if is_upload and not step.given("if-no-files-found") and not _may_lack(step):
            yield Breach("The step passes when there is nothing to upload.", *step.uses.node.place)


def _may_lack(step: Step) -> bool:
    return bool(_MAY_LACK.search(step.node.get("if").text))


RULES = (
    Rule(
        "OPS117",
        "Workflows, jobs and steps have names",
        Severity.INFO,
        "Names are what people read in the list of runs, and what branch protection asks for.",
        "Write `name:`.",
        links.SYNTAX,
        nameless,
    ),
    Rule(
        "OPS122",
        "Releases are built without a cache",
        Severity.WARNING,
        "Any run on the default branch can write a cache: what it puts there would be in the release.",
        "Leave the cache out of workflows that release.",
        links.ZIZMOR + "#cache-poisoning",
        cached_release,
    ),
    Rule(
        "OPS123",
        "A cache follows the files that decide what is in it",
        Severity.INFO,
        "Without cache-dependency-path the key follows requirements.txt or pyproject.toml, so a changed lock keeps the "
        "old cache.",
        "Write `cache-dependency-path` with the lock files that the job installs.",
        links.SETUP_PYTHON,
        vague_cache,
    ),
    Rule(
        "OPS124",
        "An upload fails when there is nothing to upload",
        Severity.INFO,
        "By default a missing artifact is a warning: the job is green, and what needs the artifact fails later.",
        "Write `if-no-files-found: error`, or `warn` where nothing is right, too.",
        links.UPLOAD,
        empty_upload,
    ),
)
