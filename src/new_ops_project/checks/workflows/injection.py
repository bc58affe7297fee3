"""The rule about untrusted text that becomes part of a script."""

import re
from collections.abc import Iterator

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.formats.github import expressions
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.yaml import Node

# What anybody who can open an issue, a pull request or a discussion can write.
_PERSON = ("email", "name")
_ANYBODY = (
    "github.head_ref",
    *(f"github.event.{what}.{part}" for what in ("issue", "pull_request", "discussion") for part in ("title", "body")),
    *(f"github.event.{what}.body" for what in ("comment", "review", "review_comment")),
    *(f"github.event.changes.{part}.from" for part in ("title", "body")),
    "github.event.pages.*.page_name",
    "github.event.pages.*.title",
    *(f"github.event.pull_request.head.{part}" for part in ("ref", "label", "repo.default_branch", "repo.description")),
    *(
        f"github.event.{commit}.{part}"
        for commit in ("commits.*", "head_commit", "workflow_run.head_commit")
        for part in ("message", *(f"{who}.{name}" for who in ("author", "committer") for name in _PERSON))
    ),
    *(
        f"github.event.workflow_run.{part}"
        for part in ("head_branch", "display_title", "head_repository.description", "pull_requests.*.head.ref")
    ),
)
# What people who can push, release or start a run can write.
_INSIDERS = (
    "github.ref",
    "github.ref_name",
    "github.base_ref",
    "github.event.ref",
    "github.event.release.name",
    "github.event.release.body",
    "github.event.release.tag_name",
)
_FREE = re.compile(r"inputs\.[\w-]+|github\.event\.inputs\.[\w-]+|github\.event\.client_payload(?:\..*)?")
_SCRIPTS = {"actions/github-script": "script", "azure/cli": "inlinescript", "azure/powershell": "inlinescript"}
_SAFE_TYPES = {"boolean", "number", "choice", "environment"}


def injected(repo: Repo) -> Iterator[Breach]:
    """Each expression in a script that can hold text written by others."""
    for step in repo.automation.steps:
        for node in (step.script, step.input(_SCRIPTS.get(step.uses.action, "-"))):
            for expression in expressions.find(node.raw):
                who, context = _writer(expression.contexts, step)
                if who:
                    is_shell = step.uses.action != "actions/github-script"
                    yield _breach(node, expression, who, context, is_shell=is_shell)


def _breach(node: Node, expression: expressions.Expression, who: str, context: str, *, is_shell: bool) -> Breach:
    parts = [part for part in context.removesuffix(".**").split(".") if part not in {"github", "event", "*"}]
    name = "_".join(parts[-2:]).upper().replace("-", "_") or "EVENT"
    used = f'"${name}"' if is_shell else f"process.env.{name}"
    message = f"{context.removesuffix('.**')} is text from {who}, and it becomes part of this script."
    remedy = f"Put `{name}: {expression.text}` into the step's env, and use {used} here."
    severity = Severity.ERROR if who == "anybody" else Severity.WARNING
    return Breach(message, *node.source.place(node.start + expression.offset), remedy=remedy, severity=severity)


def _writer(contexts: tuple[str, ...], step: Step) -> tuple[str, str]:
    """Who can write the text of the expression, with its context; ('', '') where nobody could do harm."""
    # An expression may join several contexts: the most dangerous one decides, wherever it is.
    for context in contexts:
        if _is_one_of(context, _ANYBODY):
            return "anybody", context
    for context in contexts:
        if _is_one_of(context, _INSIDERS) or (_FREE.fullmatch(context) and not _is_safe_input(context, step)):
            return "whoever starts the run", context
    return "", ""


def _is_one_of(context: str, known: tuple[str, ...]) -> bool:
    """Whether it is one of them, or an object (as JSON) that contains one of them."""
    if context.endswith(".**"):
        return any(name.startswith(context.removesuffix("**")) for name in known)
    return context in known


def _is_safe_input(context: str, step: Step) -> bool:
    """Whether the input can only have values that are harmless in a shell."""
    name = context.rpartition(".")[2]
    if step.job is None or "inputs." not in context:
        return False
    triggers = step.job.workflow.triggers
    declared = [
        triggers[event][1].get("inputs") for event in ("workflow_dispatch", "workflow_call") if event in triggers
    ]
    types = [
        value.get("type").scalar for inputs in declared for key, value in inputs.entries() if key.text.lower() == name
    ]
    return bool(types) and set(types) <= _SAFE_TYPES
