"""What the schemas of GitHub's files refuse, and where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.base.process import ProcessResult
from new_ops_project.checks import repo
from new_ops_project.checks.linters import check_jsonschema, program
from new_ops_project.checks.linters.check_jsonschema import SchemaError
from new_ops_project.template import shared_folders

WORKFLOW = ".github/workflows/ci.yml"
GOOD = """\
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: make
        shell: bash
"""
BROKEN = {
    "runs-on: ubuntu-latest": {
        "runs_on: ubuntu-latest": [
            ("required", 5, 3, "The key `runs-on` is missing."),
            ("additionalProperties", 6, 5, "The schema has no key `runs_on` here; did you mean runs-on?"),
        ],
        "runs-on:": [("type", 6, 5, "The schema wants a text or a list or a mapping here, not nothing.")],
        "runs-on: ubuntu-latest\n    needs: 1": [("type", 7, 12, "The schema wants a list or a text here, not `1`.")],
        "runs-on: ubuntu-latest\n    timeout-minutes: soon": [
            ("type", 7, 22, "The schema wants a number or an expression, `${{ ... }}` here, not `soon`.")
        ],
    },
    "shell: bash": {
        "shel: bash": [("additionalProperties", 9, 9, "The schema has no key `shel` here; did you mean shell?")],
        "uses: a/b@v1": [("oneOf", 8, 9, "Only one of the keys `run` and `uses` may be here.")],
    },
    "run: make": {"uses: a/b@v1": [("dependencies", 9, 16, "The key `shell` stands only beside `run`.")]},
    "branches: [main]": {
        "branches: []": [("minItems", 3, 5, "There is nothing in it.")],
        "branches: [a]\n    branches-ignore: [b]": [
            ("not", 2, 3, "Only one of the keys `branches` and `branches-ignore` may be here.")
        ],
    },
    "  push:\n    branches: [main]": {
        "  pushh:": [("additionalProperties", 2, 3, "The schema has no key `pushh` here; did you mean push?")],
    },
    "on:\n": {"'on':\n": [], "x: 1\non:\n": [("additionalProperties", 1, 1, "The schema has no key `x` here.")]},
}
CASES = [
    (GOOD, []),
    *((GOOD.replace(old, new), errors) for old, each in BROKEN.items() for new, errors in each.items()),
]


def errors(text: str, path: str = WORKFLOW) -> tuple[SchemaError, ...]:
    """What the schema refuses in a file."""
    return check_jsonschema.report(repo.of({path: text}))


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_refused(text: str, expected: list[tuple[str, int, int, str]]) -> None:
    """Each value or key by itself, at its place, by the alternative that was meant."""
    refused = [(error.keyword, error.line, error.column, error.message) for error in errors(text)]
    assert sorted(refused) == sorted(expected)


@pytest.mark.parametrize("text", [text for text, _ in CASES])
def test_the_program_says_the_same(text: str, tmp_path: Path) -> None:
    """A file is refused if check-jsonschema refuses it."""
    file = tmp_path / "workflow.yml"
    file.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == bool(errors(text)), done.stdout


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("action.yml", "name: x\ndescription: y\nruns:\n  using: composite\n  steps: []\n  step: 1\n", "step"),
        (".github/dependabot.yml", "version: 2\nupdates:\n  - package-ecosystem: pipp\n    directory: /\n", "pipp"),
        (".github/workflows/ci.yaml", "on: pushh\njobs: {a: {uses: ./.github/workflows/b.yml}}\n", "pushh"),
    ],
)
def test_every_kind_of_file_has_its_schema(path: str, text: str, expected: str) -> None:
    """Workflows, actions and the configuration of Dependabot."""
    assert any(f"`{expected}`" in error.message for error in errors(text, path))


@pytest.mark.parametrize(("text", "count"), [("- 1\n", 1), ("", 1), ("x", 1), ("on: [\n", 0), ("a: &a [*a]\n", 0)])
def test_odd_files(text: str, count: int) -> None:
    """What is not YAML is another rule's; all else has to be a mapping. The other files are looked at all the same."""
    files = {".github/workflows/odd.yml": text, WORKFLOW: GOOD.replace("shell", "shel")}
    paths = [error.path for error in check_jsonschema.report(repo.of(files))]
    assert paths == [WORKFLOW] + [".github/workflows/odd.yml"] * count


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["push", "${{ x }}", "a/b@v1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["on", "jobs", "runs-on", "steps", "run", "uses", "with", "env", "a b", "", "needs"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=15)
@given(VALUES)
def test_any_value_is_handled(value: object) -> None:
    """No file makes it fail, and every error has a place in it."""
    text = json.dumps({"on": "push", "jobs": {"a": value}})
    assert all(error.line == 1 and error.column >= 1 and error.message for error in errors(text))


# ---- what is kept ----------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the process was asked."""
    calls: list[bytes] = []
    real = program.run_module

    def counted(name: str, module: str, *args: str, stdin: bytes = b"") -> ProcessResult:
        calls.append(stdin)
        return real(name, module, *args, stdin=stdin)

    monkeypatch.setattr(program, "run_module", counted)
    return calls


def kept() -> Path:
    """The file with the answer."""
    (file,) = (shared_folders.cache_folder() / "schemas").iterdir()
    return file


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("alone")
def test_an_answer_is_kept(asked: list[bytes]) -> None:
    """The same files are compared once; a change, also in a comment's line, is seen."""
    broken = GOOD.replace("shell", "shel")
    first = errors(broken)
    assert errors(broken) == first
    assert len(asked) == 1
    assert [error.line + 1 for error in first] == [error.line for error in errors(f"# moved\n{broken}")]
    assert errors(GOOD) == ()
    assert len(asked) == 2


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("content", [b"", b"gibberish", b"\0" * 99])
def test_a_damaged_answer_is_not_believed(asked: list[bytes], content: bytes) -> None:
    """It is asked for again."""
    broken = GOOD.replace("shell", "shel")
    first = errors(broken)
    whole = kept().read_bytes()
    for damaged in (content, whole[:40] + content, whole[:-3]):
        kept().write_bytes(damaged)
        assert errors(broken) == first
    assert len(asked) == 4


@pytest.mark.usefixtures("alone")
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """Nothing is kept then."""
    (tmp_path / "cache").write_text("a file")
    assert errors(GOOD.replace("shell", "shel"))
