"""Rules about what a job's token may do."""

from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Workflow
from new_ops_project.formats.yaml import Node

_USUAL = ("contents", "read")


def unlimited(repo: Repo) -> Iterator[Breach]:
    """Each workflow whose jobs have the default token, at the first of these; also each write-all."""
    for workflow in repo.automation.workflows:
        without = [job for job in workflow.jobs if not job.node.get("permissions")]
        if without and not workflow.root.get("permissions") and set(workflow.triggers) != {"workflow_call"}:
            more = f" and {len(without) - 1} more have" if len(without) > 1 else " has"
            yield Breach(
                f"Job `{without[0].key.text}`{more} the permissions that the repository's settings give.",
                *without[0].key.place,
            )
        for grants in _blocks(workflow):
            if grants.scalar == "write-all":
                yield Breach("`write-all` lets the token change everything.", *grants.place, severity=Severity.ERROR)


def _blocks(workflow: Workflow) -> Iterator[Node]:
    yield from (node.get("permissions") for node in (workflow.root, *(job.node for job in workflow.jobs)))


def unexplained(repo: Repo) -> Iterator[Breach]:
    """Each block that grants more than reading the code without saying why, at the first such grant."""
    for workflow in repo.automation.workflows:
        for grants in _blocks(workflow):
            silent = [
                key for key, value in grants.entries() if _is_unusual(key, value) and not _is_explained(key, value)
            ]
            if silent:
                names = ", ".join(key.text for key in silent)
                yield Breach(f"No comment gives the reason for granting {names}.", *silent[0].place)


def _is_unusual(key: Node, value: Node) -> bool:
    return value.scalar in {"read", "write"} and (key.text, value.scalar) != _USUAL


def _is_explained(key: Node, value: Node) -> bool:
    """Whether a comment follows the grant, or is on the line above it."""
    if value.comment:
        return True
    above = key.source.line(key.line - 1)
    return "#" in above and (above.lstrip().startswith("#") or above.partition("#")[0].strip() == "permissions:")
