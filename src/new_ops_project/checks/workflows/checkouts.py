"""The rule about the token that actions/checkout leaves behind."""

import re
from collections.abc import Iterator

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.checks.workflows import known_actions
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.yaml import Node

_NAME = "persist-credentials"
# Commands of git that talk to the repository's server, and programs that push.
_REMOTE = re.compile(
    r"\bgit\b[^\n|;&]*\s(?:push|fetch|pull|submodule|ls-remote|lfs)\b"
    r"|\b(?:gh-deploy|ghp-import|mike\s+deploy|semantic-release|changeset|lerna|cz\s+bump|bump-?my-?version|tbump|release-it)\b"
)
# Actions that push with the token that the checkout left; others, such as create-pull-request, get their own.
_PUSHING = re.compile(
    r"git-auto-commit|add-and-commit|gh-pages|pages-deploy|semantic-release|push-protected|/github-push|git-push|"
    r"changesets/|commitizen|bump-version|version-bump|commit-action$|/commit$"
)


def leftover_tokens(repo: Repo) -> Iterator[Breach]:
    """Each checkout that leaves its token behind in a job that does not need it."""
    for step in repo.automation.steps:
        if step.uses.action == "actions/checkout" and not step.input(_NAME) and not _is_needed(step):
            fix = _switch_off(step) if _is_safe(step) else ()
            yield Breach(
                "The checkout leaves the job's token where later steps can read it.", *step.uses.node.place, fix
            )


def _other_steps(step: Step) -> Iterator[Step]:
    yield from (other for other in (step.job.steps if step.job else ()) if other is not step)


def _is_needed(step: Step) -> bool:
    """Whether another step of the job seems to use the token through git."""
    return any(_REMOTE.search(other.script.text) or _PUSHING.search(other.uses.action) for other in _other_steps(step))


def _is_safe(step: Step) -> bool:
    """Whether the fix breaks nothing: the token cannot write, no script calls git, and every other action is known."""
    job = step.job
    if job is None or not job.grants() or job.has_grant("contents") or step.input("submodules"):
        return False
    return not any(re.search(r"\bgit\b", other.script.text) or not _is_known(other) for other in _other_steps(step))


def _is_known(step: Step) -> bool:
    return bool(step.script) or step.uses.repository in known_actions.actions()


def _switch_off(step: Step) -> Fix:
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
