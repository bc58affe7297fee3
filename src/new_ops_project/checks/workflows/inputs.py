"""The rule about inputs that an action does not have."""

from collections.abc import Iterator, Sequence

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Rule
from new_ops_project.checks.workflows import known_actions, links
from new_ops_project.checks.workflows.pinning import version
from new_ops_project.formats.github.automation import Uses
from new_ops_project.formats.yaml import Node

_DOCKER = ("args", "entrypoint")
_LONG = 4  # letters: two shorter names are alike by chance


def unknown(repo: Repo) -> Iterator[Breach]:
    """Each input that the action is known not to have, or that is spelt almost like one of its own."""
    for step in repo.automation.steps:
        yield from _unknown(step.uses, step.node.get("with"), *_inputs(repo, step.uses))
    for job in repo.automation.jobs:
        if job.calls.is_local:
            yield from _unknown(job.calls, job.node.get("with"), *_called(repo, job.calls))


def _unknown(uses: Uses, given: Node, names: Sequence[str], is_sure: bool) -> Iterator[Breach]:  # noqa: FBT001 - of one pair
    lowered = {name.lower() for name in names}
    for key, _ in given.entries() if names or is_sure else ():
        if key.text.lower() in lowered:
            continue
        meant = _slip(key.text.lower(), names) or (_close(key.text.lower(), names) if is_sure else "")
        if is_sure or meant:
            name = uses.text.partition("@")[0]
            remedy = f"Did you mean `{meant}`?" if meant else f"It has: {', '.join(names) or 'none'}."
            yield Breach(f"{name} has no input `{key.text}`.", *key.place, remedy=remedy)


def _inputs(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    """The inputs of what a step uses, and whether there can be no others in the version that it uses."""
    if uses.is_local:
        return _local(repo, uses)
    known = known_actions.known(uses.action) if uses.action else known_actions.KnownAction()
    names = (*known.inputs, *(_DOCKER if known.using == "docker" else ()))
    read, used = known_actions.numbers(known.inputs_of), known_actions.numbers(version(uses, known))
    is_same_major = bool(read) and read[:1] == used[:1]
    return names, is_same_major and len(used) > 1 and used[:2] <= read[:2]


def _local(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    folder = uses.text[2:].replace("\\", "/").strip("/")
    paths = {f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml")}
    found = next((one.root for one in repo.automation.actions if one.path in paths), None)
    if not found or found.get("inputs").kind not in {"", "mapping"}:
        return (), False
    is_docker = found.get("runs", "using").scalar == "docker"
    return [*(key.text for key, _ in found.get("inputs").entries()), *(_DOCKER if is_docker else ())], True


def _called(repo: Repo, uses: Uses) -> tuple[Sequence[str], bool]:
    path = uses.text[2:]
    found = next((one for one in repo.automation.workflows if one.path == path), None)
    if not found or "workflow_call" not in found.triggers:
        return (), False
    return [key.text for key, _ in found.triggers["workflow_call"][1].get("inputs").entries()], True


def _close(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, n=1)), "")


def _slip(name: str, names: Sequence[str]) -> str:
    """The input that differs in one slip only: a letter more, less, another, two swapped; or `_` for `-`."""
    return next((one for one in names if len(one) >= _LONG and _is_slip(name, one.lower())), "")


def _is_slip(one: str, other: str) -> bool:
    if one.replace("_", "-") == other.replace("_", "-"):
        return True
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(one) - len(other)) == 1
    left, right = one[start:], other[start:]
    is_swap = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return is_swap or left[1:] == right or left == right[1:] or left[1:] == right[1:]


RULES = (
    Rule(
        "OPS110",
        "Inputs are those that the action has",
        Severity.ERROR,
        "GitHub warns of such an input in a log that nobody reads, and what was meant does not happen.",
        "Correct its name.",
        links.METADATA,
        unknown,
    ),
)
