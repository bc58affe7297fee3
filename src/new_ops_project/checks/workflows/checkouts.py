"""The fix of a checkout that leaves its token behind."""

import re

from new_ops_project.checks.linters.zizmor import Audit
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Edit, Fix
from new_ops_project.checks.workflows import known_actions, pinning
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.yaml import Node

_NAME = "persist-credentials"
_HIDING = (6,)  # the first version of actions/checkout that writes the token outside of the workspace


def switch_off(repo: Repo, audit: Audit) -> Fix:
    """The fix of a checkout that leaves its token behind, if nothing can need the token."""
    step = repo.automation.steps[audit.step] if audit.step is not None else None
    is_meant = step and step.uses.action == "actions/checkout" and not step.input(_NAME)
    return _switched_off(step) if step and is_meant and _is_safe(step) else ()


def hides_token(repo: Repo, audit: Audit) -> bool:
    """Whether the checkout keeps its token outside of the folder that artifacts are made from, as v6 and later do.

    zizmor knows that of a tag only, but pinning a tag must not make anything worse.
    """
    step = repo.automation.steps[audit.step] if audit.step is not None else None
    if step is None or step.uses.action != "actions/checkout":
        return False
    version = known_actions.numbers(pinning.version(step.uses, known_actions.find(step.uses.action)))
    return version >= _HIDING


def _is_safe(step: Step) -> bool:
    """Whether the fix breaks nothing: the token cannot write, no script calls git, and every other action is known."""
    job = step.job
    if job is None or not job.grants() or job.has_grant("contents") or step.input("submodules"):
        return False
    others = (other for other in job.steps if other is not step)
    return not any(re.search(r"\bgit\b", other.script.text) or not _is_known(other) for other in others)


def _is_known(step: Step) -> bool:
    return bool(step.script) or step.uses.repository in known_actions.actions()


def _switched_off(step: Step) -> Fix:
    """A line in `with:`, or `with:` below `uses:`; no fix unless these keys are on lines of their own."""
    given, key = step.node.get("with"), step.node.key("uses")
    line = f"{_NAME}: false\n"
    if given.pairs and not given.style and not given.key("<<") and _is_first(given.pairs[0][0]):
        first = given.pairs[0][0]
        return (Edit(*first.place, "", line + " " * (first.column - 1)),)
    if step.node.key("with") or step.node.style or key.line != step.uses.node.line:
        return ()
    source, indent = key.source, " " * (key.column - 1)
    end = source.line_end(step.uses.node.end)
    return (Edit(*source.place(end), "", f"\n{indent}with:\n{indent}  {line}".rstrip("\n")),)


def _is_first(key: Node) -> bool:
    """Whether only spaces precede the key on its line."""
    return not key.source.line(key.line)[: key.column - 1].strip(" ")
