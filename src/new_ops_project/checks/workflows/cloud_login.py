"""Rules about how jobs log in to a cloud."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.checks.workflows import links
from new_ops_project.formats.github.automation import Job, Step
from new_ops_project.formats.yaml import Node

# Keys that do not end by themselves, as variables and as secrets; the names of AWS key ids are no secrets.
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
_SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\b")
_NAMED = re.compile(r"\$\{\{[^}]*\bsecrets\.(\w+)")
_KEY_ID = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")


def static_keys(repo: Repo) -> Iterator[Breach]:
    """Each key of a cloud that does not end by itself, unless one step has it from the job's environment."""
    for workflow in repo.automation.workflows:
        yield from _in_env(workflow.root.get("env"), "every job")
    for job in repo.automation.jobs:
        yield from _in_env(job.node.get("env"), "every step of the job")
        for step in job.steps:
            yield from _in_step(step, job)


def _in_env(env: Node, reach: str) -> Iterator[Breach]:
    for key, value, cloud in _keys(env):
        yield Breach(f"{key.text} is a static key of {cloud} that {reach} gets.", *value.place)


def _in_step(step: Step, job: Job) -> Iterator[Breach]:
    has_environment = bool(job.node.get("environment"))
    if not has_environment:
        for key, value, cloud in _keys(step.node.get("env")):
            yield Breach(f"{key.text} is a static key of {cloud} that a run of any branch can read.", *value.place)
        yield from _in_script(step.script)
    names, cloud = _INPUTS.get(step.uses.action, ((), ""))
    if step.given("aws-session-token"):
        return
    for value in [value for name in names if _is_key(value := step.given(name))][:1]:
        yield Breach(
            f"{step.uses.action} logs in to {cloud} with a static key.",
            *value.place,
            severity=Severity.WARNING if has_environment else None,
        )


def _in_script(script: Node) -> Iterator[Breach]:
    for found in _NAMED.finditer(script.raw):
        if cloud := _VARIABLES.get(found[1].upper(), ""):
            place = script.source.place(script.start + found.start())
            yield Breach(f"{found[1]} is a static key of {cloud} that a run of any branch can read.", *place)


def _keys(env: Node) -> Iterator[tuple[Node, Node, str]]:
    if env.get("AWS_SESSION_TOKEN"):
        return
    for key, value in env.entries():
        named = _NAMED.search(value.text)
        cloud = _VARIABLES.get(key.text.upper()) or _VARIABLES.get(named[1].upper() if named else "", "")
        if cloud and _is_key(value):
            yield key, value, cloud


def _is_key(value: Node) -> bool:
    return bool(_SECRET.search(value.text) or _KEY_ID.fullmatch(value.scalar))


# ---- OPS125 and OPS126 ---------------------------------------------------------------------------------------------


def _logins(repo: Repo) -> Iterator[tuple[Step, Job]]:
    """The steps that log in by OpenID Connect."""
    for job in repo.automation.jobs:
        for step in job.steps:
            name = _LOGINS.get(step.uses.action, "")
            names, _ = _INPUTS.get(step.uses.action, ((), ""))
            has_key = any(step.given(one) for one in (*names, "web-identity-token-file"))
            if name and step.given(name) and not has_key and not _is_by_machine(step, job):
                yield step, job


def _is_by_machine(step: Step, job: Job) -> bool:
    """Whether a machine of one's own, or an earlier login, can have the identity."""
    on = job.node.get("runs-on")
    is_hosted = any(re.search(r"\b(?:ubuntu|windows|macos)-", node.text) for node in (on, *on.items))
    is_chained = any(step.given(name) for name in ("role-chaining", "use-existing-credentials", "force-skip-oidc"))
    return not is_hosted or is_chained or bool(step.given("auth-type"))


def open_logins(repo: Repo) -> Iterator[Breach]:
    """Each login by OpenID Connect in a job without an environment."""
    for step, job in _logins(repo):
        if not job.node.get("environment"):
            yield Breach(f"Job `{job.id}` logs in to a cloud without an environment.", *step.uses.node.place)


def missing_token(repo: Repo) -> Iterator[Breach]:
    """Each login by OpenID Connect in a job that may not ask for a token."""
    for step, job in _logins(repo):
        grants = job.grants()
        if grants and "${{" not in grants.text and not job.has_grant("id-token"):
            yield Breach(f"Job `{job.id}` lacks `id-token: write`, so this login fails.", *step.uses.node.place)


RULES = (
    Rule(
        "OPS111",
        "No static cloud keys",
        Severity.ERROR,
        "A key that does not end by itself works for whoever reads it once, from anywhere, until somebody notices.",
        "Log in by OpenID Connect. Where that cannot be: `environment:` in the job, the key as a secret of that "
        "environment, in the env of the one step that needs it.",
        links.OIDC,
        static_keys,
    ),
    Rule(
        "OPS125",
        "Cloud logins are bound to an environment",
        Severity.INFO,
        "With an environment in the token's subject, the cloud can refuse every other branch and job.",
        "Write `environment: NAME` into the job, and trust repo:ORG/REPO:environment:NAME only.",
        links.OIDC_REFERENCE,
        open_logins,
    ),
    Rule(
        "OPS126",
        "Cloud logins may ask for their token",
        Severity.ERROR,
        "Where permissions are written down, what is not named is not granted.",
        "Write `id-token: write` into the permissions of the job.",
        links.OIDC_REFERENCE,
        missing_token,
    ),
)
