"""Settings that workflows reveal about a project: runner images, Python versions, cloud logins."""

import re
from collections.abc import Iterable, Iterator

from new_ops_project.formats.github.automation import Automation
from new_ops_project.formats.yaml import Node

SETUPS = ("actions/setup-python", "astral-sh/setup-uv")
# It may contain line breaks. Repetitions are bounded, so that no file can make the search take quadratic time.
_EXPRESSION = re.compile(r"\$\{\{(?:'[^']{0,1000}'|[^'}]|\}(?!\})){0,1000}\}\}")
_AWS_KEY = re.compile(r"^\s*(?:- )?AWS_ACCESS_KEY_ID:.*\bsecrets\.", re.MULTILINE)


# Actions with the input that makes them log in, and the template's word for that. Keys come first: with them, a role to
# assume is not OpenID Connect.
_LOGINS = (
    ("aws-actions/configure-aws-credentials", "aws-access-key-id", "aws-keys"),
    ("aws-actions/configure-aws-credentials", "role-to-assume", "aws-oidc"),
    ("google-github-actions/auth", "workload_identity_provider", "gcp-oidc"),
    ("azure/login", "client-id", "azure-oidc"),
)


def texts(nodes: Iterable[Node]) -> list[tuple[str, Node]]:
    """Each line of the scalars, with its node; lines with an expression, whose value is unknown, are left out."""
    lines = [(line.strip(), node) for node in nodes for line in _EXPRESSION.sub("${{", node.text).split("\n")]
    return [(text, node) for text, node in lines if text and "${{" not in text]


def cloud_logins(automation: Automation) -> Iterator[tuple[str, str]]:
    """How the jobs log in to a cloud, in the template's words (aws-oidc, aws-keys, gcp-oidc, azure-oidc), and where."""
    for step in (step for job in automation.jobs for step in job.steps):
        for action, name, login in _LOGINS:
            if step.uses.action == action and step.input(name):
                yield login, step.uses.node.where
    for workflow in automation.workflows:
        source = workflow.root.source
        for match in _AWS_KEY.finditer(source.text):
            path, line, _ = source.place(match.end())
            yield "aws-keys", f"{path}:{line}"
