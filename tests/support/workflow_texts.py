"""Workflows in memory for tests of rules: a place that shall be found is marked with « in front of it."""

from collections.abc import Mapping

from new_ops_project.checks import engine, fixpoint, repo, workflows
from new_ops_project.checks.engine import FixableFinding

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1  # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97  # v7.0.0"
UPLOAD = "actions/upload-artifact@cf430e030ddbb5b0abf93d22962f4752f3646cd9  # v7.0.2"
PATH = ".github/workflows/ci.yml"
RULES = tuple(rule for rule in workflows.FAMILY.rules if not rule.tool)

Place = tuple[str, str, int, int]


def steps(text: str) -> str:
    """A workflow in which all is well, and these steps."""
    return job("", text)


def job(keys: str, text: str = "- {name: Test, run: pytest}") -> str:
    """A workflow in which all is well, with these keys in its job; a key replaces the one that is there."""
    given = dict(pair.split(":", 1) for pair in keys.split("\n") if pair and not pair.startswith((" ", "-")))
    usual = {"name": " Check", "runs-on": " ubuntu-24.04", "timeout-minutes": " 10", "permissions": " {contents: read}"}
    lines = [f"{name}:{value}" for name, value in usual.items() if not {name, f"«{name}"} & given.keys()]
    body = [*lines, *keys.split("\n"), "steps:", *(f"  {line}" for line in text.split("\n"))]
    inside = "\n".join(f"    {line}" if line else "" for line in body if line)
    return f"""\
---
name: ci
on:
  pull_request:
  workflow_dispatch:
permissions: {{}}
concurrency:
  group: ci-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  check:
{inside}
"""


def unmarked(text: str) -> str:
    """The text without marks."""
    return text.replace("«", "")


def marks(text: str) -> list[tuple[int, int]]:
    """Line and column of each mark, as if there were no others."""
    places = []
    for number, line in enumerate(text.split("\n"), 1):
        parts = line.split("«")[:-1]
        places += [(number, len("".join(parts[: at + 1])) + 1) for at in range(len(parts))]
    return places


def check(files: Mapping[str, str]) -> list[FixableFinding]:
    """Everything that the family's own rules find."""
    return [*engine.run(repo.of({path: unmarked(text) for path, text in files.items()}), RULES).found]


def found(files: Mapping[str, str]) -> list[Place]:
    """The same as code, path, line and column."""
    each = (one.finding for one in check(files))
    return [(one.code, one.path, one.line, one.column) for one in each]


def places(code: str, text: str, path: str = PATH, **others: str) -> list[tuple[int, int]]:
    """Where the rule of that code finds something in the file."""
    more = {name.replace("__", "/").replace("_dot_", "."): content for name, content in others.items()}
    return [place[2:] for place in found({path: text, **more}) if place[0] == code and place[1] == path]


def fixed(text: str, code: str, path: str = PATH) -> str:
    """The file when the rule of that code has mended it."""
    rules = [rule for rule in RULES if rule.code == code]
    entries = fixpoint.mended(repo.of({path: text}), rules, lambda _: True).files
    return entries[path].content.decode() if path in entries else text
