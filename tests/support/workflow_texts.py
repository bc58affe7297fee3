"""Workflows as texts for tests of rules; « marks the place of an expected finding."""

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
    """A workflow without findings, with these steps."""
    return job("", text)


def job(keys: str, text: str = "- {name: Test, run: pytest}") -> str:
    """A workflow without findings, with these keys in its job; a key replaces the usual one."""
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
    """Line and column of each mark in the text without marks."""
    places = []
    for number, line in enumerate(text.split("\n"), 1):
        parts = line.split("«")[:-1]
        places += [(number, len("".join(parts[: index + 1])) + 1) for index in range(len(parts))]
    return places


def check(files: Mapping[str, str]) -> list[FixableFinding]:
    """The findings of the family's own rules."""
    return [*engine.run(repo.of({path: unmarked(text) for path, text in files.items()}), RULES).results]


def finding_places(files: Mapping[str, str]) -> list[Place]:
    """Code, path, line and column of each finding."""
    findings = (result.finding for result in check(files))
    return [(finding.code, finding.path, finding.line, finding.column) for finding in findings]


def places(code: str, text: str, path: str = PATH, **others: str) -> list[tuple[int, int]]:
    """Line and column of each finding of a rule in the file."""
    more = {name.replace("__", "/").replace("_dot_", "."): content for name, content in others.items()}
    return [place[2:] for place in finding_places({path: text, **more}) if place[0] == code and place[1] == path]


def fixed(text: str, code: str, path: str = PATH) -> str:
    """The file after the fixes of a rule."""
    rules = [rule for rule in RULES if rule.code == code]
    entries = fixpoint.fixed_files(repo.of({path: text}), rules, lambda _: True).files
    return entries[path].content.decode() if path in entries else text
