"""A workflow's `run:` steps, executed in order as a runner does, on this machine."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Steps that need GitHub itself, by name: everything else is executed.
NEEDS_GITHUB = ("Fetch the last state from GitHub", "Create the GitHub release")

# What the expressions of our workflows come to in the run that is tested: a tag v0.1.0, started by hand.
VALUES = {
    "inputs.dry-run && 'yes' || ''": "",
    "github.event_name": "workflow_dispatch",
    "github.ref": "refs/tags/v0.1.0",
    "github.ref_name": "v0.1.0",
    "github.ref_type": "tag",
    "github.repository": "example/project",
    "github.token": "no-token",
}

# What the login actions export for the steps after them (their documentation).
LOGINS = {
    "aws-actions/configure-aws-credentials": {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_SESSION_TOKEN": "example",
    },
    "google-github-actions/auth": {
        "GOOGLE_APPLICATION_CREDENTIALS": "credentials.json",
        "GOOGLE_CLOUD_PROJECT": "example",
        "GCP_PROJECT": "example",
        "GCLOUD_PROJECT": "example",
        "CLOUDSDK_CORE_PROJECT": "example",
        "GOOGLE_GHA_CREDS_PATH": "credentials.json",
        "CLOUDSDK_PROJECT": "example",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": "credentials.json",
    },
    "azure/login": {"AZURE_CONFIG_DIR": "azure"},
}


@dataclass(frozen=True)
class Step:
    """One `run:` step: where it stands, its script, and the environment that it is given."""

    workflow: str
    job: str
    name: str
    script: str
    env: Mapping[str, str]


def steps(project: Path) -> Iterator[Step]:
    """Every `run:` step of every workflow of a project, in order."""
    for path in sorted((project / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_bytes())["jobs"]
        for job, content in jobs.items():
            yield from _of_job(path.name, job, content)


def _of_job(workflow: str, job: str, content: Mapping[str, Any]) -> Iterator[Step]:
    exported: dict[str, str] = {}
    for step in content["steps"]:
        if "uses" in step:
            exported |= LOGINS.get(step["uses"].partition("@")[0], {})
        else:
            env = {name: evaluate(str(value)) for name, value in step.get("env", {}).items()}
            yield Step(workflow, job, step["name"], step["run"], {**exported, **env})


def evaluate(text: str) -> str:
    """`text` with each `${{ }}` replaced by what it comes to; secrets and variables are placeholders."""

    def value(found: re.Match[str]) -> str:
        expression = found[1].strip()
        if expression.startswith(("secrets.", "vars.")):
            return "placeholder"
        return VALUES[expression]

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def execute(step: Step, clone: Path, python: Path, cache: Path) -> None:
    """Run one step in a clone, with `python` first on PATH, as setup-python leaves it."""
    assert "${{" not in step.script, f"{step.name}: values go through env:"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "PYTEST"))}
    env |= {"PATH": f"{python.parent}{os.pathsep}{env['PATH']}", "CI": "true", **step.env}
    # A fifth of the time, and no other result.
    env |= {"PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": str(cache / "pip"), "MYPY_CACHE_DIR": str(cache / "mypy-steps")}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script],
        cwd=clone,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{step.workflow}, {step.job}, {step.name}:\n{done.stdout}"
