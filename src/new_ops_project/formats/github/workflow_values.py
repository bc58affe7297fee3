"""Settings that workflows reveal about a project: runner images, Python versions, cloud logins."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from new_ops_project.formats.github import expressions
from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.yaml import Node

SETUPS = ("actions/setup-python", "astral-sh/setup-uv")
_AWS_KEY = re.compile(r"^\s*(?:- )?AWS_ACCESS_KEY_ID:.*\bsecrets\.", re.MULTILINE)


@dataclass(frozen=True)
class WorkflowValue:
    """A value with its place as `path:line`; `matrix_size` is the number of values in its matrix, or 1."""

    text: str
    where: str
    matrix_size: int = 1


def runner_images(automation: Automation) -> Iterator[WorkflowValue]:
    """The runner images of the jobs (`runs-on`), each value of a matrix separately."""
    for job in automation.jobs:
        yield from _values(job.labels)


def python_versions(automation: Automation) -> Iterator[WorkflowValue]:
    """The Python versions that the jobs set up."""
    for job in automation.jobs:
        for step in job.steps:
            if step.uses.action in SETUPS:
                yield from _values(job.values_of(step.input("python-version"), step))


def _values(nodes: Iterable[Node]) -> Iterator[WorkflowValue]:
    lines = [(line.strip(), node) for node in nodes for line in expressions.abbreviate(node.text).split("\n")]
    values = [(text, node) for text, node in lines if text and "${{" not in text]
    yield from (WorkflowValue(text, _where(node), len(values)) for text, node in values)


def cloud_logins(automation: Automation) -> Iterator[WorkflowValue]:
    """How the jobs log in to a cloud, in the template's words: aws-oidc, aws-keys, gcp-oidc, azure-oidc."""
    for step in (step for job in automation.jobs for step in job.steps):
        if step.uses.action == "aws-actions/configure-aws-credentials" and step.input("aws-access-key-id"):
            yield WorkflowValue("aws-keys", _where(step.uses.node))  # with keys, a role to assume is not OpenID Connect
        for action, (name, login) in _LOGINS.items():
            if step.uses.action == action and step.input(name):
                yield WorkflowValue(login, _where(step.uses.node))
    for workflow in automation.workflows:
        source = workflow.root.source
        for match in _AWS_KEY.finditer(source.text):
            path, line, _ = source.place(match.end())
            yield WorkflowValue("aws-keys", f"{path}:{line}")


def _where(node: Node) -> str:
    path, line, _ = node.place
    return f"{path}:{line}"


# The input of each action that asks for a login by OpenID Connect, and the template's word for that.
_LOGINS = {
    "aws-actions/configure-aws-credentials": ("role-to-assume", "aws-oidc"),
    "google-github-actions/auth": ("workload_identity_provider", "gcp-oidc"),
    "azure/login": ("client-id", "azure-oidc"),
}
