"""Rules about how jobs log in to a cloud."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github.automation import Job, Step
from new_ops_project.formats.yaml import Node

# Names of variables and secrets that hold long-lived keys. An AWS key id is not secret, so it is not here.
_VARIABLES = {
    "AWS_SECRET_ACCESS_KEY": "AWS",
    "AZURE_CLIENT_SECRET": "Azure",
    "ARM_CLIENT_SECRET": "Azure",
    "AZURE_CREDENTIALS": "Azure",
    "GOOGLE_CREDENTIALS": "Google Cloud",
    "GCP_CREDENTIALS": "Google Cloud",
    "GCP_SA_KEY": "Google Cloud",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON": "Google Cloud",
    "GOOGLE_APPLICATION_CREDENTIALS": "Google Cloud",
}
_INPUTS = {
    "aws-actions/configure-aws-credentials": (("aws-access-key-id", "aws-secret-access-key"), "AWS"),
    "google-github-actions/auth": (("credentials_json",), "Google Cloud"),
    "azure/login": (("creds",), "Azure"),
}
_LOGINS = {
    "aws-actions/configure-aws-credentials": "role-to-assume",
    "google-github-actions/auth": "workload_identity_provider",
    "azure/login": "client-id",
}
# Of many `${{` without an end, each search stops at the next one.
_SECRET = re.compile(r"\$\{\{[^}$]*\bsecrets\b")
_SECRET_NAME = re.compile(r"\$\{\{[^}$]*\bsecrets\.(\w+)")
_KEY_ID = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")


def static_keys(repo: Repo) -> Iterator[Breach]:
    """Each long-lived cloud key, unless only one step gets it, in a job with an environment."""
    for workflow in repo.automation.workflows:
        yield from _in_env(workflow.root.get("env"), "every job")
    for job in repo.automation.jobs:
        yield from _in_env(job.node.get("env"), "every step of the job")
        for step in job.steps:
            yield from _in_step(step, job)


def _in_env(env: Node, reach: str) -> Iterator[Breach]:
    for key, value, cloud in _keys(env):
        yield Breach(f"{key.text} is a static {cloud} key that {reach} gets.", *value.place)


def _in_step(step: Step, job: Job) -> Iterator[Breach]:
    has_environment = bool(job.node.get("environment"))
    if not has_environment:
        for key, value, cloud in _keys(step.node.get("env")):
            yield Breach(f"{key.text} is a static {cloud} key that a run on any branch can read.", *value.place)
        yield from _in_script(step.script)
    names, cloud = _INPUTS.get(step.uses.action, ((), ""))
    if step.input("aws-session-token"):
        return
    for value in [value for name in names if _is_key(value := step.input(name))][:1]:
        yield Breach(
            f"{step.uses.action} logs in to {cloud} with a static key.",
            *value.place,
            severity=Severity.WARNING if has_environment else None,
        )


def _in_script(script: Node) -> Iterator[Breach]:
    for secret in _SECRET_NAME.finditer(script.raw):
        if cloud := _VARIABLES.get(secret[1].upper(), ""):
            place = script.source.place(script.start + secret.start())
            yield Breach(f"{secret[1]} is a static {cloud} key that a run on any branch can read.", *place)


def _keys(env: Node) -> Iterator[tuple[Node, Node, str]]:
    if env.get("AWS_SESSION_TOKEN"):
        return
    for key, value in env.entries():
        secret = _SECRET_NAME.search(value.text)
        cloud = _VARIABLES.get(key.text.upper()) or _VARIABLES.get(secret[1].upper() if secret else "", "")
        if cloud and _is_key(value):
            yield key, value, cloud


def _is_key(value: Node) -> bool:
    return bool(_SECRET.search(value.text) or _KEY_ID.fullmatch(value.scalar))


# ---- OPS125 and OPS126 ---------------------------------------------------------------------------------------------


def _logins(repo: Repo) -> Iterator[tuple[Step, Job]]:
    """The steps that log in with OpenID Connect, each with its job."""
    for job in repo.automation.jobs:
        for step in job.steps:
            name = _LOGINS.get(step.uses.action, "")
            names, _ = _INPUTS.get(step.uses.action, ((), ""))
            has_key = any(step.input(key) for key in (*names, "web-identity-token-file"))
            if name and step.input(name) and not has_key and not _has_other_identity(step, job):
                yield step, job


def _has_other_identity(step: Step, job: Job) -> bool:
    """Whether the identity may come from a self-hosted runner or an earlier login."""
    runs_on = job.node.get("runs-on")
    is_hosted = any(re.search(r"\b(?:ubuntu|windows|macos)-", node.text) for node in (runs_on, *runs_on.items))
    is_chained = any(step.input(name) for name in ("role-chaining", "use-existing-credentials", "force-skip-oidc"))
    return not is_hosted or is_chained or bool(step.input("auth-type"))


def open_logins(repo: Repo) -> Iterator[Breach]:
    """Each OpenID Connect login in a job without an environment."""
    for step, job in _logins(repo):
        if not job.node.get("environment"):
            yield Breach(f"Job `{job.key.text}` logs in to a cloud without an environment.", *step.uses.node.place)


def missing_token(repo: Repo) -> Iterator[Breach]:
    """Each OpenID Connect login in a job that may not request a token."""
    for step, job in _logins(repo):
        grants = job.grants()
        if grants and "${{" not in grants.text and not job.has_grant("id-token"):
            yield Breach(f"Job `{job.key.text}` lacks `id-token: write`, so this login fails.", *step.uses.node.place)
