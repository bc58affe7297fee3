"""Each format has one door: what its parser raises for a text is caught in one place, with the limits of the format."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "new_ops_project"
PARSERS = {
    *("json.load", "json.loads", "tomllib.load", "tomllib.loads", "ast.parse", "ast.literal_eval"),
    *("yaml.load", "yaml.load_all", "yaml.safe_load", "yaml.safe_load_all", "yaml.parse", "yaml.compose"),
    *("configparser.ConfigParser", "configparser.RawConfigParser", "Requirement", "SpecifierSet", "Marker", "Version"),
    *("GitIgnoreSpec.from_lines", "PathSpec.from_lines", "SandboxedEnvironment", "canonicalize_license_expression"),
}

# What calls a parser, and why nothing else has to.
ALLOWED = {
    "base/parsers.py": "the door to JSON and TOML",
    "checks/environment/supported_python.py": "catches ValueError",
    "checks/linters/actionlint.py": "what a program of ours wrote",
    "checks/linters/check_jsonschema.py": "what our own process wrote",
    "checks/linters/deptry.py": "what a program of ours wrote",
    "checks/linters/detect_secrets.py": "what a program of ours wrote",
    "checks/linters/ruff.py": "what a program of ours wrote",
    "checks/linters/repo_review.py": "what our own process wrote",
    "checks/linters/schema_process.py": "what our own process wrote, and the schemas of an installed package",
    "checks/linters/zizmor.py": "what a program of ours wrote",
    "checks/packaging/backends.py": "catches ValueError",
    "checks/workflows/known_actions.py": "the wheel's own data",
    "clones/needs.py": "catches ValueError",
    "clones/pins.py": "catches ValueError and RecursionError",
    "fleet/engines/renovate.py": "catches ValueError",
    "fleet/engines/tool.py": "our own metadata",
    "fleet/inventory/templates.py": "catches ValueError",
    "fleet/publish/to_remote.py": "catches ValueError",
    "fleet/run/worker.py": "what our own process wrote",
    "formats/document.py": "the door to INI files",
    "formats/gitignore.py": "the door to patterns of .gitignore",
    "formats/python.py": "the door to Python",
    "formats/requirements/pep508.py": "the door to requirements",
    "formats/setuptools/setup_py.py": "catches all that literal_eval raises",
    "formats/yaml.py": "the door to YAML",
    "project/adoption/evidence/licenses.py": "catches ValueError and RecursionError",
    "project/adoption/evidence/metadata.py": "catches ValueError",
    "project/adoption/planner.py": "what was written a moment ago",
    "template/changelog.py": "catches ValueError",
    "template/jinja.py": "the door to Jinja; and a literal that was written a moment ago",
    "template/native/excludes.py": "patterns of a template; its caller has copier judge what fails",
    "template/pins/packages.py": "our own pins",
    "template/releases.py": "catches ValueError",
    "template/tasks.py": "catches ValueError",
}


def _parses(path: Path) -> list[int]:
    """The lines of a module that call a parser."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if ast.unparse(call.func) in PARSERS]


PARSING = {
    path.relative_to(SOURCE).as_posix(): lines for path in sorted(SOURCE.rglob("*.py")) if (lines := _parses(path))
}


def test_no_other_module_calls_a_parser() -> None:
    """A module that parses what others wrote goes through a door."""
    assert {name: lines for name, lines in PARSING.items() if name not in ALLOWED} == {}


def test_every_reason_is_needed() -> None:
    """What is in the list parses."""
    assert ALLOWED.keys() - PARSING.keys() == set()


@pytest.mark.parametrize("line", ["json.loads(text)", "yaml.safe_load(text)", "Version(text)"])
def test_a_call_is_seen(tmp_path: Path, line: str) -> None:
    """Each parser is noticed."""
    (tmp_path / "module.py").write_text(line)
    assert _parses(tmp_path / "module.py") == [1]
