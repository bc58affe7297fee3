"""What the workflows of a repository say: images they run on, versions of Python, how they log in to a cloud."""

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
    """A text and where it stands. `matrix_size`: of how many values of a matrix it is one."""

    text: str
    where: str
    matrix_size: int = 1


def read(files: Files) -> tuple[Document, ...]:
    """Every workflow, by name."""
    return tuple(document.yaml_file(files, path) for path in sorted(files) if _WORKFLOW.fullmatch(path))


def runner_images(workflow: Document) -> Iterator[WorkflowValue]:
    """The images that its jobs run on, those of a matrix each."""
    for job in workflow.table("jobs"):
        yield from _values(workflow, job, ("jobs", job, "runs-on"))


def python_versions(workflow: Document) -> Iterator[WorkflowValue]:
    """The versions of Python that its steps set up."""
    for job, keys, action in _steps(workflow):
        if action in _SETUPS:
            yield from _values(workflow, job, (*keys, "with", "python-version"))


def cloud_logins(workflow: Document) -> Iterator[WorkflowValue]:
    """The template's names of how its steps log in."""
    for _, keys, action in _steps(workflow):
        given = {name for name, value in workflow.table(*keys, "with").items() if value}
        found = {
            "aws-actions/configure-aws-credentials": _aws(given),
            "google-github-actions/auth": "gcp-oidc" if "workload_identity_provider" in given else "",
            "azure/login": "azure-oidc" if "client-id" in given else "",
        }.get(action)
        if found:
            yield WorkflowValue(found, workflow.where(*keys, "uses"))
    for number, line in enumerate(workflow.text.split("\n"), 1):
        if re.match(r"\s*(?:- )?AWS_ACCESS_KEY_ID:.*\bsecrets\.", line):
            yield WorkflowValue("aws-keys", f"{workflow.path}:{number}")


def _aws(given: set[str]) -> str:
    """A role that is assumed with static keys is no OpenID Connect."""
    if "aws-access-key-id" in given:
        return "aws-keys"
    return "aws-oidc" if "role-to-assume" in given else ""


def _steps(workflow: Document) -> Iterator[tuple[str, Keys, str]]:
    """Each step that uses an action: its job, its keys, and the action without its version."""
    for job in workflow.table("jobs"):
        steps = workflow.get("jobs", job, "steps")
        for at in range(len(steps) if isinstance(steps, list) else 0):
            keys = ("jobs", job, "steps", at)
            yield job, keys, workflow.string(*keys, "uses").partition("@")[0].lower()


def _values(workflow: Document, job: str, keys: Keys) -> Iterator[WorkflowValue]:
    """What stands at `keys`: a text, the lines of one, or a list; `matrix.x` and `env.x` are what they stand for."""
    text, where = workflow.string(*keys), workflow.where(*keys)
    found = _EXPRESSION.fullmatch(text)
    if not found:
        items = text.split("\n") if text else workflow.strings(*keys)
        several = [item.strip() for item in items if item.strip()]
        yield from (WorkflowValue(item, where, len(several)) for item in several)
        return
    places: list[Keys] = [("jobs", job, "strategy", "matrix", found[2])]
    if found[1] == "env":
        places = [("jobs", job, "env", found[2]), ("env", found[2])]
    for place in places:
        listed = workflow.strings(*place) or [workflow.string(*place)]
        yield from (WorkflowValue(item, workflow.where(*place), len(listed)) for item in listed if item)
