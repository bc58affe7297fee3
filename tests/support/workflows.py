"""The `run:` steps of a workflow, executed in order on this machine."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The names of steps that need GitHub itself; all others are executed.
NEEDS_GITHUB = ("Fetch the last state from GitHub", "Create the GitHub release")

# The values of the expressions in our workflows, in the run that is tested: a tag v0.1.0, started by hand.
VALUES = {
    "inputs.dry-run && 'yes' || ''": "",
    "github.event_name": "workflow_dispatch",
    "github.ref": "refs/tags/v0.1.0",
    "github.ref_name": "v0.1.0",
    "github.ref_type": "tag",
    "github.repository": "example/project",
    "github.token": "no-token",
}

# The variables that login actions export for the steps after them, according to their documentation.
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
    """A `run:` step: its place, its script, its environment."""

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
    """Replace each `${{ }}` in a text by its value; secrets and variables become placeholders."""

    def value(match: re.Match[str]) -> str:
        expression = match[1].strip()
        if expression.startswith(("secrets.", "vars.")):
            return "placeholder"
        return VALUES[expression]

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def execute(step: Step, clone: Path, python: Path, cache: Path) -> None:
    """Run a step in a clone, with `python` first on PATH, as after setup-python."""
    assert "${{" not in step.script, f"{step.name}: values go through env:"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "PYTEST"))}
    env |= {"PATH": f"{python.parent}{os.pathsep}{env['PATH']}", "CI": "true", **step.env}
    # These take a fifth of the time and change no result.
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
