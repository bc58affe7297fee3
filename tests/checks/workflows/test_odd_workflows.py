"""The rules about workflows survive whatever a file holds."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.workflow_texts import PATH, RULES, check

from new_ops_project.checks import engine, fixpoint, repo

KEYS = (
    "name",
    "on",
    "jobs",
    "steps",
    "uses",
    "run",
    "needs",
    "with",
    "env",
    "permissions",
    "runs-on",
    "strategy",
    "matrix",
    "include",
    "python-version",
    "concurrency",
    "cancel-in-progress",
    "schedule",
    "cron",
    "inputs",
    "environment",
    "push",
    "tags",
    "workflow_dispatch",
    "persist-credentials",
    "cache",
    "updates",
    "package-ecosystem",
    "a",
    "<<",
    "runs",
    "using",
    "timeout-minutes",
    "if",
    "shell",
    "workflow_call",
    "pull_request",
    "labels",
)
TEXTS = (
    "",
    "x",
    "a",
    "3.10",
    "3.x",
    "ubuntu-latest",
    "actions/checkout@v7",
    "actions/setup-python@v6",
    "./a",
    "docker://x",
    "@",
    "a@b@c",
    "./.github/workflows/x.yml",
    "${{ matrix.a }}",
    "${{ env.a }}",
    "${{ github.head_ref }}",
    "pip",
    "pip install x",
    "pip install",
    "uv tool",
    "python -m",
    "write-all",
    "true",
    "0 5 * * *",
    "composite",
    "actions/upload-artifact@v7",
    "${{ secrets.X }}",
    "write",
    "astral-sh/setup-uv@v1",
    "azure/login@v3",
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(TEXTS)
odd = st.recursive(
    scalars, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=5)
)
# The shape of a workflow, with anything in place of any part.
step = st.dictionaries(st.sampled_from(KEYS), odd, max_size=4) | odd
job = st.fixed_dictionaries({"steps": st.lists(step, max_size=3) | odd}, optional=dict.fromkeys(KEYS[4:21], odd))
flow = st.fixed_dictionaries(
    {"on": odd, "jobs": st.dictionaries(st.just("a"), job | odd) | odd},
    optional={"concurrency": odd, "permissions": odd, "env": odd},
)


def run(value: Any) -> None:
    """Check the value as each kind of file, and fix what can be fixed."""
    text = json.dumps(value)
    paths = (PATH, ".github/workflows/x.yaml", "action.yml", ".github/actions/a/action.yml", ".github/dependabot.yml")
    files = repo.of(dict.fromkeys(paths, text))
    engine.run(files, RULES)
    fixpoint.fixed_files(files, [rule for rule in RULES if rule.fixes], lambda _: True)


@settings(max_examples=150, deadline=None)
@given(flow | odd)
def test_odd_structures_are_survived(value: Any) -> None:
    """A list where a mapping is expected, a number for a text: no traceback, not even from a fix."""
    run(value)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="onjbsteup:-[]{}&*!|>'\"#\n $@/.3", max_size=80))
def test_odd_texts_are_survived(text: str) -> None:
    """The same holds for text that is hardly YAML."""
    check({PATH: text, ".github/dependabot.yml": text})


def test_aliases_do_not_multiply() -> None:
    """A small file that aliases make into millions of steps is checked at once."""
    steps = ", ".join(["*s"] * 1500)
    jobs = "\n".join(f"  j{number}: {{runs-on: x, steps: *all}}" for number in range(1500))
    check({PATH: f"on: push\nx: &s {{uses: actions/checkout@v7}}\ny: &all [{steps}]\njobs:\n{jobs}\n"})


def test_endless_lines_are_survived() -> None:
    """Unclosed text is read once, not once for each place where it could begin."""
    for piece in ("${{ ", "$(", '"', "'", "<<x ", "${{ a ' ", "((", "uvx ", "github.event.", "a && "):
        check({PATH: f"on: push\njobs:\n  a:\n    steps:\n    - run: |\n        {piece * 8000}\n"})
