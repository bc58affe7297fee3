"""Settings that workflows reveal about a project: runner images, Python versions, cloud logins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from new_ops_project.formats import document
from new_ops_project.formats.document import Document, Files, Keys

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_EXPRESSION = re.compile(r"\$\{\{\s*(matrix|env)\.([\w-]+)\s*\}\}")
_SETUPS = ("actions/setup-python", "astral-sh/setup-uv")


@dataclass(frozen=True)
class WorkflowValue:
    """A value with its place as `path:line`; `matrix_size` is the number of values in its matrix, or 1."""

    text: str
    where: str
    matrix_size: int = 1


def read(files: Files) -> tuple[Document, ...]:
    """Read every workflow, sorted by path."""
    return tuple(document.yaml_file(files, path) for path in sorted(files) if _WORKFLOW.fullmatch(path))


def runner_images(workflow: Document) -> Iterator[WorkflowValue]:
    """The runner images of its jobs (`runs-on`), each value of a matrix separately."""
    for job in workflow.table("jobs"):
        yield from _values(workflow, job, ("jobs", job, "runs-on"))


def python_versions(workflow: Document) -> Iterator[WorkflowValue]:
    """The Python versions that its steps set up."""
    for job, keys, action in _steps(workflow):
        if action in _SETUPS:
            yield from _values(workflow, job, (*keys, "with", "python-version"))


def cloud_logins(workflow: Document) -> Iterator[WorkflowValue]:
    """How its steps log in to a cloud, in the template's words: aws-oidc, aws-keys, gcp-oidc, azure-oidc."""
    for _, keys, action in _steps(workflow):
        inputs = {name for name, value in workflow.table(*keys, "with").items() if value}
        login = {
            "aws-actions/configure-aws-credentials": _aws_login(inputs),
            "google-github-actions/auth": "gcp-oidc" if "workload_identity_provider" in inputs else "",
            "azure/login": "azure-oidc" if "client-id" in inputs else "",
        }.get(action)
        if login:
            yield WorkflowValue(login, workflow.where(*keys, "uses"))
    for number, line in enumerate(workflow.text.split("\n"), 1):
        if re.match(r"\s*(?:- )?AWS_ACCESS_KEY_ID:.*\bsecrets\.", line):
            yield WorkflowValue("aws-keys", f"{workflow.path}:{number}")


def _aws_login(inputs: set[str]) -> str:
    """Static keys first: with them, even a role to assume is not OpenID Connect."""
    if "aws-access-key-id" in inputs:
        return "aws-keys"
    return "aws-oidc" if "role-to-assume" in inputs else ""


def _steps(workflow: Document) -> Iterator[tuple[str, Keys, str]]:
    """Each step: its job, its keys, and the action that it uses without the version, or ''."""
    for job in workflow.table("jobs"):
        steps = workflow.get("jobs", job, "steps")
        for index in range(len(steps) if isinstance(steps, list) else 0):
            keys = ("jobs", job, "steps", index)
            yield job, keys, workflow.string(*keys, "uses").partition("@")[0].lower()


def _values(workflow: Document, job: str, keys: Keys) -> Iterator[WorkflowValue]:
    """The values at `keys`: a text, its lines, or a list. A reference to `matrix.x` or `env.x` is resolved."""
    text, where = workflow.string(*keys), workflow.where(*keys)
    reference = _EXPRESSION.fullmatch(text)
    if not reference:
        items = text.split("\n") if text else workflow.strings(*keys)
        values = [item.strip() for item in items if item.strip()]
        yield from (WorkflowValue(value, where, len(values)) for value in values)
        return
    places: list[Keys] = [("jobs", job, "strategy", "matrix", reference[2])]
    if reference[1] == "env":
        places = [("jobs", job, "env", reference[2]), ("env", reference[2])]
    for place in places:
        values = workflow.strings(*place) or [workflow.string(*place)]
        yield from (WorkflowValue(value, workflow.where(*place), len(values)) for value in values if value)
