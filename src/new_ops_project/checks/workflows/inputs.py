"""The rule about inputs that an action does not have."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach
from new_ops_project.checks.workflows import known_actions
from new_ops_project.checks.workflows.pinning import version
from new_ops_project.formats.github.automation import Uses
from new_ops_project.formats.yaml import Node

_DOCKER = ("args", "entrypoint")
_LONG = 4  # letters: two shorter names are alike by chance


def unknown(repo: Repo) -> Iterator[Breach]:
    """Each input that the action is known not to have, or whose name is a typo of one that it has."""
    for step in repo.automation.steps:
        yield from _unknown(step.uses, step.node.get("with"), *_inputs(repo, step.uses))
    for job in repo.automation.jobs:
        if job.calls.is_local:
            yield from _unknown(job.calls, job.node.get("with"), *_of_workflow(repo, job.calls))


def _unknown(uses: Uses, given: Node, names: Sequence[str], is_sure: bool) -> Iterator[Breach]:  # noqa: FBT001 - comes with `names`
    lowered = {name.lower() for name in names}
    for key, _ in given.entries() if names or is_sure else ():
        if key.text.lower() in lowered:
            continue
        meant = _typo(key.text.lower(), names) or (_close(key.text.lower(), names) if is_sure else "")
        if is_sure or meant:
            name = uses.text.partition("@")[0]
            remedy = f"Did you mean `{meant}`?" if meant else f"Its inputs: {', '.join(names) or 'none'}."
            yield Breach(f"{name} has no input `{key.text}`.", *key.place, remedy=remedy)


def _inputs(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    """The inputs of the action that a step uses, and whether its version can have no others."""
    if uses.is_local:
        return _of_local_action(repo, uses)
    action = known_actions.find(uses.action) if uses.action else known_actions.KnownAction()
    names = (*action.inputs, *(_DOCKER if action.using == "docker" else ()))
    read, used = known_actions.numbers(action.inputs_of), known_actions.numbers(version(uses, action))
    # Majors rename inputs, and later minors add some: only within what was read is the list of names complete.
    is_same_major = bool(read) and read[:1] == used[:1]
    return names, is_same_major and len(used) > 1 and used[:2] <= read[:2]


def _of_local_action(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    folder = uses.text[2:].replace("\\", "/").strip("/")
    paths = {f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml")}
    action = next((tree.root for tree in repo.automation.actions if tree.path in paths), None)
    if not action or action.get("inputs").kind not in {"", "mapping"}:
        return (), False
    is_docker = action.get("runs", "using").scalar == "docker"
    return [*(key.text for key, _ in action.get("inputs").entries()), *(_DOCKER if is_docker else ())], True


def _of_workflow(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    path = uses.text[2:]
    workflow = next((each for each in repo.automation.workflows if each.root.source.path == path), None)
    if not workflow or "workflow_call" not in workflow.triggers:
        return (), False
    return [key.text for key, _ in workflow.triggers["workflow_call"][1].get("inputs").entries()], True


def _close(name: str, names: Sequence[str]) -> str:

    return next(iter(get_close_matches(name, names, n=1)), "")


def _typo(name: str, names: Sequence[str]) -> str:
    """The input that is one typo away: a letter more, less, wrong or swapped with the next; or `_` for `-`."""
    return next((candidate for candidate in names if len(candidate) >= _LONG and _is_typo(name, candidate.lower())), "")


def _is_typo(name: str, other: str) -> bool:
    if name.replace("_", "-") == other.replace("_", "-"):
        return True
    index = next((i for i, pair in enumerate(zip(name, other, strict=False)) if pair[0] != pair[1]), None)
    if index is None:
        return abs(len(name) - len(other)) == 1
    left, right = name[index:], other[index:]
    is_swap = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return is_swap or left[1:] == right or left == right[1:] or left[1:] == right[1:]
