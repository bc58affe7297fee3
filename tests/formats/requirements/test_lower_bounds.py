"""A script's exact versions become lower bounds, and nothing else of its pyproject.toml changes."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from new_ops_project.formats.requirements.lower_bounds import replace_pins

SAID = "# Lower bounds, since others depend on it now; requirements.txt has the exact versions. It was "

ONE = [
    ("boto3==1.35.0", "boto3>=1.35.0"),
    ("boto3 == 1.35.0", "boto3>=1.35.0"),
    ("boto3===1.35.0", "boto3>=1.35.0"),
    ("boto3==1.35.*", "boto3>=1.35"),
    ("boto3==1!2.0.post1", "boto3>=1!2.0.post1"),
    ("requests[socks]==2.32.3", "requests[socks]>=2.32.3"),
    ("requests[security, socks] ==2.32.3", "requests[security, socks]>=2.32.3"),
    ("rich==13 ; python_version < '3.12'", "rich>=13; python_version < '3.12'"),
    ("rich==13; sys_platform == 'win32'", "rich>=13; sys_platform == 'win32'"),
    ("Some_Package.Name==1", "Some_Package.Name>=1"),
]
AS_THEY_ARE = [
    "rich",
    "rich>=13",
    "rich~=13.1",
    "rich>=13,<14",
    "rich!=13",
    "rich==13,!=13.1",
    "rich>=12,==13",
    "rich @ https://example.org/rich==13.zip",
    "rich; python_version == '3.12'",
]


def document(*requirements: str, quote: str = '"', ending: str = "\n") -> str:
    """A pyproject.toml with these dependencies, one a line."""
    rows = "".join(f"    {quote}{one}{quote},{ending}" for one in requirements)
    return ending.join(["[project]", 'name = "x"  # ours', "dependencies = [", f"{rows}]", ""])


def project(text: str) -> dict[str, Any]:
    """Its table of metadata."""
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


def without_comment(text: str) -> str:
    """The text without the line that says what was changed."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(SAID))


@pytest.mark.parametrize(("before", "after"), ONE, ids=[row[0] for row in ONE])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_exact_version(before: str, after: str, ending: str) -> None:
    """`==`, `===` and `==1.2.*` become `>=`; extras, markers, quotes and line ends stay; a comment says so."""
    text, changes = replace_pins(document(before, ending=ending))
    assert without_comment(text) == document(after, ending=ending)
    assert [(change.before, change.after) for change in changes] == [(before, after)]
    assert f"{SAID}{before}.{ending}dependencies" in text
    assert Requirement(project(text)["dependencies"][0]).name == Requirement(before).name


@pytest.mark.parametrize("requirement", AS_THEY_ARE)
def test_other_requirements_stay(requirement: str) -> None:
    """What is no single exact version is left as it is, without a comment."""
    assert replace_pins(document(requirement)) == (document(requirement), ())


def test_in_one_line_and_in_either_quotes() -> None:
    """The way a list is written stays."""
    text, _ = replace_pins("[project]\ndependencies = ['a==1', \"b==2\", 'c']  # ours\n")
    assert without_comment(text) == "[project]\ndependencies = ['a>=1', \"b>=2\", 'c']  # ours\n"
    assert f"{SAID}a==1, b==2.\ndependencies" in text


def test_extras_of_the_project_and_nothing_else() -> None:
    """Optional dependencies are loosened; groups, build requirements and tools' lists keep their versions."""
    rest = '\n[build-system]\nrequires = ["a==1"]\n\n[dependency-groups]\ndev = ["a==1"]\n'
    rest += '\n[tool.x]\ndependencies = ["a==1"]\n'
    before = f'[project]\nname = "x"\n\n[project.optional-dependencies]\naws = ["a==1"]\n{rest}'
    text, _ = replace_pins(before)
    assert without_comment(text) == before.replace('aws = ["a==1"]', 'aws = ["a>=1"]')
    assert f"{SAID}a==1.\naws" in text


def test_tables_before_it() -> None:
    """A list of the same name in an earlier table stays."""
    before = '[tool.x]\ndependencies = ["a==1"]\n\n[project]\ndependencies = ["a==1"]\n'
    assert without_comment(replace_pins(before)[0]) == before[:40] + before[40:].replace("==", ">=")


@pytest.mark.parametrize(
    "text", ["", "[project", "[project]\ndependencies = 1\n", "[tool.x]\na = ['b==1']\n", "project = 1"]
)
def test_nothing_to_loosen(text: str) -> None:
    """What is no TOML or has no dependencies stays."""
    assert replace_pins(text) == (text, ())


@pytest.mark.parametrize("version", ["1.0+local.1", "=nightly", "=2024-01-01"])
def test_a_version_that_no_bound_can_have(version: str) -> None:
    """What `>=` does not take (PEP 440) stays exact, so that the project still installs."""
    text, _ = replace_pins(document(f"a=={version}"))
    assert project(text)["dependencies"] == [f"a=={version}"]


def test_the_comment_of_a_list_that_begins_with_extras() -> None:
    """The bracket of `b[x]` does not end the list."""
    text, _ = replace_pins(document("b[x]==1", "a==1"))
    assert f"{SAID}b[x]==1, a==1.\ndependencies" in text


@pytest.mark.parametrize("line", ['keywords = ["a==1"]', 'description = "a==1"', "# it was 'a==1' for long"])
def test_the_same_text_elsewhere_in_the_table(line: str) -> None:
    """Only requirements change: not a keyword, a description or a comment that reads the same."""
    before = f'[project]\n{line}\ndependencies = ["a==1"]\n'
    text, _ = replace_pins(before)
    assert without_comment(text) == before.replace('dependencies = ["a==1"]', 'dependencies = ["a>=1"]')
    assert f"{SAID}a==1.\ndependencies" in text


names = st.sampled_from(["a", "b", "requests", "ruamel.yaml", "A_b"])
versions = st.sampled_from(["1", "2.0", "2024.7.4", "1.0rc1", "1!3", "0.1.dev2", "4.*"])
extras = st.sampled_from(["", "", "[x]", "[x, y]"])
markers = st.sampled_from(["", "", "; python_version < '3.12'", " ; sys_platform == 'win32'"])
operators = st.sampled_from(["==", " == ", "==", ">=", "~=", "!="])
lists = st.lists(st.tuples(names, extras, operators, versions, markers).map("".join), max_size=5)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A pyproject.toml with dependencies in every way of writing them, and the same texts elsewhere."""

    def array(requirements: list[str]) -> str:
        quotes = [
            draw(st.sampled_from(['"{}"'] if "'" in one else ['"{}"', "'{}'"])).format(one) for one in requirements
        ]
        if draw(st.booleans()):
            return f"[{', '.join(quotes)}]"
        comments = ["", "  # pinned", "  # [not] a list", '  # it\'s "ours"']
        rows = "".join(f"\n  {one},{draw(st.sampled_from(comments))}" for one in quotes)
        return f"[{rows}\n]"

    first, extra, other = draw(lists), draw(lists), draw(lists)
    parts = [
        f'[project]\nname = "x"\ndependencies = {array(first)}\nreadme = "README.md"\n',
        f"\n[project.optional-dependencies]\naws = {array(extra)}\n",
    ]
    around = [f"[dependency-groups]\ndev = {array(other)}\n", f"[build-system]\nrequires = {array(first)}\n"]
    text = draw(st.sampled_from(["", around[0] + "\n"])) + "".join(parts) + "\n" + around[1]
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(max_examples=80, deadline=None, derandomize=True)
@given(documents())
def test_any_document(text: str) -> None:
    """It parses, each exact requirement is a bound and the others are as they were, and so is every other byte."""
    made, changes = replace_pins(text)
    before, after = tomllib.loads(text), tomllib.loads(made)
    was = [*before["project"]["dependencies"], *before["project"]["optional-dependencies"]["aws"]]
    now = [*after["project"]["dependencies"], *after["project"]["optional-dependencies"]["aws"]]
    expected = {change.before: change.after for change in changes}
    assert now == [expected.get(one, one) for one in was]
    assert {one for one in was if "==" in one.split(";")[0]} == expected.keys()
    assert not any("==" in one.split(";")[0] for one in now)
    assert sum(line.startswith(SAID) for line in made.splitlines()) == bool(changes)
    for name in ("dependency-groups", "build-system"):
        assert after.get(name) == before.get(name)
    back = without_comment(made)
    assert len(back.splitlines()) == len(text.splitlines())
    for line, old in zip(back.splitlines(keepends=True), text.splitlines(keepends=True), strict=True):
        assert line == old or any(change.before in old and change.after in line for change in changes)
