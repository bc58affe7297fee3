"""Rules about the Python versions that workflows set up."""

import re
from collections.abc import Iterator
from itertools import groupby

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix
from new_ops_project.formats.github import workflow_values
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.github.workflow_values import SETUPS
from new_ops_project.formats.yaml import Node
from new_ops_project.template import pins

_KEY = re.compile(r"(?:default[-_]?)?(?:py|python)(?:[-_]?versions?)?|versions?[-_]python", re.IGNORECASE)
_FLOAT = re.compile(r"[23]\.\d+")
# A single minor version: 3.12, 3.12.1, 3.12.x, 3.13t, 3.14-dev, 3.15.0-rc.1, "3.15.0-alpha - 3.15",
# pypy3.11-v7.3.20, graalpy-24.1.
_EXACT = re.compile(
    r"(?:c?python@?-?)?\d+\.\d+(?:\.(?:\d+|x|\*))?(?:[-+]?[a-wyz][\w.+-]*)?|(?:pypy|graalpy|miniconda)\S*"
    r"|~?(\d+\.\d+)\.0-\w[\w.]*(?: - \1(?:\.\d+)?)?",
    re.IGNORECASE,
)


# ---- OPS107 --------------------------------------------------------------------------------------------------------


def unquoted(repo: Repo) -> Iterator[Breach]:
    """Each Python version that YAML reads as a number, one finding for each line."""
    for tree in repo.automation.trees:
        values = sorted(_numbers(tree.root), key=lambda node: node.start)
        for _, nodes in groupby(values, key=lambda node: node.line):
            yield _unquoted([*nodes])


def _numbers(root: Node) -> Iterator[Node]:
    """The plain numbers below keys that name a Python version, at any depth; each node once."""
    seen: set[tuple[int, bool]] = set()
    waiting = [(root, False)]
    while waiting:
        node, is_python = waiting.pop()
        # YAML aliases let many parents share one node: without this, a small file could take forever.
        if (id(node), is_python) in seen:
            continue
        seen.add((id(node), is_python))
        if is_python and node.kind == "scalar" and not node.style and _FLOAT.fullmatch(node.text):
            yield node
        waiting += [(item, is_python) for item in node.items]
        waiting += [(value, _names_python(key.text, inside=is_python)) for key, value in node.pairs]


def _names_python(key: str, *, inside: bool) -> bool:
    return bool(_KEY.fullmatch(key)) or (inside and key in {"default", "options"})


def _unquoted(nodes: list[Node]) -> Breach:
    wrong = [node.text for node in nodes if node.text.endswith("0") and float(node.text) != float(f"{node.text}1")]
    if wrong:
        message = f"Without quotes, {wrong[0]} is read as the number {float(wrong[0])}."
    else:
        message = f"Without quotes, YAML reads {', '.join(node.text for node in nodes)} as a number, not a version."
    remedy = f"Write {', '.join(_quoted(node) for node in nodes)}."
    severity = Severity.ERROR if wrong else Severity.WARNING
    return Breach(message, *nodes[0].place, _quote(nodes), remedy, severity)


def _quoted(node: Node) -> str:
    return f'"{node.text}"'


def _quote(nodes: list[Node]) -> Fix:
    """One edit from the first version on the line to the last."""
    source, start = nodes[0].source, nodes[0].start
    parts, position = list[str](), start
    for node in nodes:
        parts += [source.text[position : node.start], _quoted(node)]
        position = node.end
    return (Edit(*nodes[0].place, source.text[start:position], "".join(parts)),)


# ---- OPS108 --------------------------------------------------------------------------------------------------------


def inexact(repo: Repo) -> Iterator[Breach]:
    """Each version that leaves the minor open, and each setup step without a version."""
    for step in repo.automation.steps:
        if step.uses.action in SETUPS:
            given = step.input("python-version")
            yield from _open(repo, step, given) if given.scalar or given.items else _missing(repo, step)


def _open(repo: Repo, step: Step, given: Node) -> Iterator[Breach]:
    for version, node in workflow_values.texts(step.job.values_of(given, step) if step.job else [given]):
        if not _EXACT.fullmatch(version):
            yield Breach(
                f"`{version}` selects whatever Python is newest that day.",
                *node.place,
                remedy=f'Write an exact minor version, such as "{_suggested_version(repo)}".',
            )


def _missing(repo: Repo, step: Step) -> Iterator[Breach]:
    is_uv = step.uses.action == "astral-sh/setup-uv"
    has_file = ".python-version" in repo.files or ".tool-versions" in repo.files
    if step.input("python-version-file") or has_file:
        return
    if is_uv and (_is_given_elsewhere(step) or repo.pyproject.string("project", "requires-python")):
        return
    version = f'`python-version: "{_suggested_version(repo)}"`'
    yield Breach(
        "No Python version is given.",
        *step.uses.node.place,
        remedy=f"Write {version} under `with:`.",
        severity=Severity.INFO if is_uv else None,
    )


def _is_given_elsewhere(step: Step) -> bool:
    """Whether an environment variable or a command of uv gives the version."""
    if step.job is None:
        return True
    places = (step.job.node, step.job.workflow.root, *(each.node for each in step.job.steps))
    has_variable = any(place.get("env", "UV_PYTHON") for place in places)
    sets_up = any(
        each.uses.action == SETUPS[0] or re.search(r"\buvx?\b.*(?:python|-p\b)", each.script.text)
        for each in step.job.steps
    )
    return has_variable or sets_up


def _suggested_version(repo: Repo) -> str:

    return repo.python or pins.shipped().default_python
