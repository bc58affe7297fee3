"""The rules about dependencies and packaging on whole projects."""

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from support.adoptable import ALL
from support.rule_cases import RULES, finding_places

from new_ops_project.checks import engine, fixpoint, repo

# The findings in each repository that we did not generate: code, path and line.
FOREIGN = {
    "setup.py": {("OPS403", "setup.py", 11)},
    "poetry": {
        ("OPS304", "pyproject.toml", 13),
        ("OPS304", "pyproject.toml", 16),
        ("OPS406", "stale_tags/__init__.py", 1),
    },
    "script": {("OPS303", "requirements.txt", 2)},
    "uv": {("OPS304", "pyproject.toml", 17)},
    "hatch": {("OPS406", "src/quota_report/__init__.py", 1)},
    "workflows": set[tuple[str, str, int]](),
    "monorepo": set[tuple[str, str, int]](),
    "crlf": set[tuple[str, str, int]](),
}


@pytest.mark.parametrize("name", ALL)
def test_foreign_repositories(name: str) -> None:
    """Each repository has the findings above, and no others."""
    repository = ALL[name]
    start = f"{repository.prefix}/" if repository.prefix else ""
    files = {path.removeprefix(start): text for path, text in repository.files.items() if path.startswith(start)}
    assert {(code, path, line) for code, path, line, _ in finding_places(files)} == FOREIGN[name]


# ---- odd structures ----------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "",
        "x",
        "a==1",
        "a>=1",
        "x.y:z",
        "setuptools.backends:b",
        "setuptools",
        "MIT",
        "README.md",
        "src",
        "../x",
        "[",
        "dev",
        "x[dev]",
        "a @ git+https://example.org/a",
        "find:",
        "*",
        "\\",
        "1" * 40,
        "a==1!2.*",
        ">=",
        "\x7f",
        "é",
    ]
)
KEYS = st.sampled_from(
    [
        "name",
        "version",
        "dependencies",
        "optional-dependencies",
        "scripts",
        "entry-points",
        "license",
        "license-files",
        "readme",
        "file",
        "text",
        "requires",
        "build-backend",
        "backend-path",
        "include-group",
        "dev",
        "x",
        "group",
        "reference",
        "type",
        "packages",
        "package-dir",
        "dynamic",
        "requires-python",
        "source",
        "editable",
        "extras",
        "a",
        "python",
    ]
)
ANY: st.SearchStrategy[Any] = st.recursive(
    WORDS | st.booleans() | st.integers(-1, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TOML = """
dependency-groups.dev = ["a==1", {include-group = "dev"}, {include-group = "x"}]
[build-system]
requires = ["setuptools>=61", "wheel"]
build-backend = "setuptools.backends.legacy:build"
[project]
name = "x"
version = "1"
license = "MIT"
license-files = ["LICENSE", "y*"]
readme = {file = "none.md"}
dependencies = ["a==1", "b>=1; os_name == 'nt'", "c[x] @ https://example.org/c"]
optional-dependencies.more = ["d==2"]
scripts = {cmd = "x.gone:main", other = "x:f", odd = "x"}
entry-points.group.name = "x.y"
[tool.poetry]
dependencies = {python = "3.12", e = "1.2", f = {version = "==1", markers = "x"}, g = [{version = "1"}]}
group.dev.dependencies.h = "*"
scripts.p = {reference = "x:none", type = "console"}
readme = ["none.rst"]
packages = [{include = "x", from = "src"}]
[tool.uv]
override-dependencies = ["i"]
sources.j = {path = "."}
[tool.setuptools]
package-dir = {"" = "src"}
[[package]]
name = "a"
version = "0.1"
source = {editable = "."}
dependencies = [{name = "k", extra = ["x"]}, "l>=1"]
optional-dependencies = {x = [{name = "m"}]}
[[package]]
name = "left"
version = "1"
dependencies = {n = "*"}
[[packages]]
name = "a"
version = "0.1"
[metadata]
groups = ["default"]
"""


def replaced(value: Any, odd: Any, steps: list[int]) -> Any:
    """The value with `odd` at the place that the steps lead to."""
    if not steps or not isinstance(value, dict | list) or not value:
        return odd
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    key = keys[steps[0] % len(keys)]
    inner = replaced(value[key], odd, steps[1:])
    return {**value, key: inner} if isinstance(value, dict) else [*value[:key], inner, *value[key + 1 :]]


def document(backend: str, changes: list[tuple[Any, list[int]]]) -> str:
    """The document above with that backend ('' for none), with some of its values replaced."""
    table: Any = tomllib.loads(TOML.replace("setuptools.backends.legacy:build", backend))
    if not backend:
        del table["build-system"], table["tool"]
    for odd, steps in changes:
        table = replaced(table, odd, steps)
    return tomli_w.dumps(table)


STEPS = st.lists(st.integers(0, 9), min_size=1, max_size=5)
BACKENDS = st.sampled_from(["setuptools.backends.legacy:build", "setuptools.build_meta", "hatchling.build", ""])
TABLES = st.builds(document, BACKENDS, st.lists(st.tuples(ANY, STEPS), max_size=3)) | st.sampled_from(["", "[x"])
LINES = st.lists(
    st.sampled_from(
        [
            "a==1",
            "a==1 --hash=sha256:00",
            "  # via b (pyproject.toml)",
            "b",
            "-r requirements.txt",
            "-c x",
            "-e",
            "-e .",
            "#    uv pip compile --group dev pyproject.toml",
            "#    pip-compile",
            "[x]",
            "x = y:z",
            "[metadata]",
            "\\",
            "[options.entry_points]",
            "console_scripts =",
            "    a = x:y",
            "[options]",
            "install_requires = a==1",
            "\t",
            "é",
            "from setuptools import setup",
            "setup(name='x', install_requires=['a==1'], entry_points={'console_scripts':",
            "3})",
            "name = x",
        ]
    ),
    max_size=8,
).map("\n".join)
REPOSITORIES = st.fixed_dictionaries(
    {
        "pyproject.toml": TABLES,
        "requirements.txt": LINES,
        "requirements-dev.txt": LINES,
        ".copier-answers.yml": st.sampled_from(["tier: script", "tier: library", "tier: cli", "tier: [", ""]),
    },
    optional={
        "uv.lock": TABLES,
        "poetry.lock": TABLES,
        "pdm.lock": TABLES,
        "pylock.toml": TABLES,
        "setup.cfg": LINES,
        "setup.py": LINES,
        "src/x/__init__.py": st.just("def f() -> int: ..."),
        "x.py": LINES,
    },
)


@given(REPOSITORIES)
@settings(max_examples=150, deadline=None)
def test_any_structure_is_handled(files: dict[str, str]) -> None:
    """No structure makes a rule fail, every place is in the file, and every fixed file is valid TOML."""
    project = repo.of(files)
    for result in engine.run(project, RULES).results:
        finding = result.finding
        lines = files[finding.path].split("\n")
        assert 0 <= finding.line <= len(lines), finding
        assert finding.column <= len(lines[finding.line - 1]) + 1, finding
        assert finding.message.strip(), finding
        assert finding.remedy.strip(), finding
    fixed = fixpoint.fixed_files(project, RULES, lambda _: True).files
    for path, entry in fixed.items():
        if path.endswith(".toml"):
            tomllib.loads(entry.content.decode())


def test_an_unreadable_repository_is_handled() -> None:
    """Files that do not parse, or no files at all, make no rule fail."""
    for text in ("", "[", "\ufeff", "\x00", "a: [", "\r\n\r", "'''"):
        files = dict.fromkeys(
            ("pyproject.toml", "setup.cfg", "setup.py", "uv.lock", "requirements.txt", "x/__init__.py"), text
        )
        engine.run(repo.of(files), RULES)
    assert not finding_places({})
