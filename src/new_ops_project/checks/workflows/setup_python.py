"""Rules about the versions of Python that workflows set up."""

import re
from collections.abc import Iterator
from itertools import groupby

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Edit, Fix, Rule
from new_ops_project.checks.workflows import links
from new_ops_project.formats.github import expressions
from new_ops_project.formats.github.automation import Step
from new_ops_project.formats.yaml import Node

SETUPS = ("actions/setup-python", "astral-sh/setup-uv")
_KEY = re.compile(r"(?:default[-_]?)?(?:py|python)(?:[-_]?versions?)?|versions?[-_]python", re.IGNORECASE)
_FLOAT = re.compile(r"[23]\.\d+")
# One minor, and nothing left open: 3.12, 3.12.1, 3.12.x, 3.13t, 3.14-dev, 3.15.0-rc.1, "3.15.0-alpha - 3.15",
# pypy3.11-v7.3.20, graalpy-24.1.
_EXACT = re.compile(
    r"(?:c?python@?-?)?\d+\.\d+(?:\.(?:\d+|x|\*))?(?:[-+]?[a-wyz][\w.+-]*)?|(?:pypy|graalpy|miniconda)\S*"
    r"|~?(\d+\.\d+)\.0-\w[\w.]*(?: - \1(?:\.\d+)?)?",
    re.IGNORECASE,
)


# ---- OPS107 --------------------------------------------------------------------------------------------------------


def unquoted(repo: Repo) -> Iterator[Breach]:
    """Each version of Python that YAML reads as a number; those of one line together."""
    for tree in repo.automation.trees:
        values = sorted(_numbers(tree.root), key=lambda node: node.start)
        for _, found in groupby(values, key=lambda node: node.line):
            yield _unquoted([*found])


def _numbers(root: Node) -> Iterator[Node]:
    """The plain numbers below keys that name a version of Python, wherever they are; each node once."""
    seen: set[tuple[int, bool]] = set()
    waiting = [(root, False)]
    while waiting:
        node, is_python = waiting.pop()
        if (id(node), is_python) in seen:
            continue
        seen.add((id(node), is_python))
        if is_python and node.is_plain and _FLOAT.fullmatch(node.text):
            yield node
        waiting += [(item, is_python) for item in node.items]
        waiting += [(value, _names_python(key.text, of=is_python)) for key, value in node.pairs]


def _names_python(key: str, *, of: bool) -> bool:
    return bool(_KEY.fullmatch(key)) or (of and key in {"default", "options"})


def _unquoted(nodes: list[Node]) -> Breach:
    wrong = [node.text for node in nodes if node.text.endswith("0") and float(node.text) != float(f"{node.text}1")]
    if wrong:
        message = f"{wrong[0]} is a number without quotes: it is read as {float(wrong[0])}."
    else:
        message = f"{', '.join(node.text for node in nodes)} without quotes is a number, not a version."
    remedy = f"Write {', '.join(_quoted(node) for node in nodes)}."
    severity = Severity.ERROR if wrong else Severity.WARNING
    return Breach(message, *nodes[0].place, _quote(nodes), remedy, severity)


def _quoted(node: Node) -> str:
    return f'"{node.text}"'


def _quote(nodes: list[Node]) -> Fix:
    """One edit from the first of the line to the last."""
    source, start = nodes[0].source, nodes[0].start
    parts, at = list[str](), start
    for node in nodes:
        parts += [source.text[at : node.start], _quoted(node)]
        at = node.end
    return (Edit(*nodes[0].place, source.text[start:at], "".join(parts)),)


# ---- OPS108 --------------------------------------------------------------------------------------------------------


def inexact(repo: Repo) -> Iterator[Breach]:
    """Each version that leaves the minor open, and each step that names none."""
    for step in repo.automation.steps:
        if step.uses.action in SETUPS:
            given = step.given("python-version")
            yield from _open(repo, step, given) if given.scalar or given.items else _missing(repo, step)


def _open(repo: Repo, step: Step, given: Node) -> Iterator[Breach]:
    for node in step.job.meant(given, step) if step.job else [given]:
        for text in expressions.shortened(node.text).split("\n"):
            version = text.strip()
            if version and "${{" not in version and not _EXACT.fullmatch(version):
                yield Breach(
                    f"`{version}` is whatever Python is newest on that day.",
                    *node.place,
                    remedy=f'Write an exact minor, such as "{_usual(repo)}".',
                )


def _missing(repo: Repo, step: Step) -> Iterator[Breach]:
    is_uv = step.uses.action == "astral-sh/setup-uv"
    has_file = ".python-version" in repo.files or ".tool-versions" in repo.files
    if step.given("python-version-file") or has_file:
        return
    if is_uv and (_names_elsewhere(step) or repo.pyproject.string("project", "requires-python")):
        return
    version = f'`python-version: "{_usual(repo)}"`'
    yield Breach(
        "No version of Python is named.",
        *step.uses.node.place,
        remedy=f"Write {version} below `with:`.",
        severity=Severity.INFO if is_uv else None,
    )


def _names_elsewhere(step: Step) -> bool:
    """Whether uv is told the version by a variable, or by its own commands."""
    if step.job is None:
        return True
    places = (step.job.node, step.job.workflow.root, *(one.node for one in step.job.steps))
    has_variable = any(place.get("env", "UV_PYTHON") for place in places)
    sets_up = any(
        one.uses.action == SETUPS[0] or re.search(r"\buvx?\b.*(?:python|-p\b)", one.script.text)
        for one in step.job.steps
    )
    return has_variable or sets_up


def _usual(repo: Repo) -> str:
    from new_ops_project.template import pins

    return repo.python or pins.shipped().default_python


RULES = (
    Rule(
        "OPS107",
        "Versions of Python are quoted",
        Severity.WARNING,
        "YAML reads a version without quotes as a number: 3.10 is 3.1, which no Python is.",
        "Put it into quotes.",
        links.SETUP_PYTHON,
        unquoted,
        fixes=True,
    ),
    Rule(
        "OPS108",
        "Versions of Python are exact minors",
        Severity.WARNING,
        "A range, 3.x or nothing takes another Python on the day that one is released, or that the image changes.",
        "Name a minor in quotes, or `python-version-file: .python-version`.",
        links.SETUP_PYTHON,
        inexact,
    ),
)
