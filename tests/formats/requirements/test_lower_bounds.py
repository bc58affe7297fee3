"""Pins in a pyproject.toml are replaced by lower bounds; nothing else in the file changes."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats.requirements.lower_bounds import replace_pins

COMMENT = "# Lower bounds, since others depend on it now; requirements.txt has the exact versions. It was "

REPLACED = [
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
UNCHANGED = [
    "rich",
    "rich>=13",
    "rich~=13.1",
    "rich>=13,<14",
    "rich!=13",
    "rich==13,!=13.1",
    "rich>=12,==13",
    "rich @ https://example.org/rich==13.zip",
    "rich; python_version == '3.12'",
    "rich==1.0+local.1",  # PEP 440 does not allow `>=` for these, and the project must still install
    "rich===nightly",
    "rich===2024-01-01",
]


def document(*requirements: str, quote: str = '"', ending: str = "\n") -> str:
    """A pyproject.toml with these dependencies, one on each line."""
    rows = "".join(f"    {quote}{requirement}{quote},{ending}" for requirement in requirements)
    return ending.join(["[project]", 'name = "x"  # ours', "dependencies = [", f"{rows}]", ""])


def without_comment(text: str) -> str:
    """The text without the comment that lists the changes."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(COMMENT))


@pytest.mark.parametrize(("before", "after"), REPLACED, ids=[row[0] for row in REPLACED])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_exact_version(before: str, after: str, ending: str) -> None:
    """`==`, `===` and `==1.2.*` become `>=`; extras, markers, quotes, line endings stay; a comment lists the pins."""
    text, changes = replace_pins(document(before, ending=ending))
    assert without_comment(text) == document(after, ending=ending)
    assert [(change.before, change.after) for change in changes] == [(before, after)]
    assert f"{COMMENT}{before}.{ending}dependencies" in text


REST = '\n[build-system]\nrequires = ["a==1"]\n\n[dependency-groups]\ndev = ["a==1"]\n'
# A pyproject.toml in which `!=` marks the pins that change, and the list below the comment.
PLACES = [
    ("[project]\ndependencies = ['a!=1', \"b!=2\", 'c']  # ours\n", "a==1, b==2.\ndependencies"),
    (f'[project]\n\n[project.optional-dependencies]\naws = ["a!=1"]\n{REST}', "a==1.\naws"),
    ('[tool.x]\ndependencies = ["a==1"]\n\n[project]\ndependencies = ["a!=1"]\n', "a==1.\ndependencies"),
    ('[project]\nkeywords = ["a==1"]\ndependencies = ["b[x]!=1", "a!=1"]', "b[x]==1, a==1.\ndependencies"),
    ('[project]\ndescription = "a==1"\n# \'a==1\'\ndependencies = ["a!=1"]', "a==1.\ndependencies"),
]


@pytest.mark.parametrize(("text", "comment"), PLACES)
def test_which_lists(text: str, comment: str) -> None:
    """Dependencies and extras of the project get lower bounds; the same texts elsewhere, and the layout, stay."""
    result, _ = replace_pins(text.replace("!=", "=="))
    assert without_comment(result) == text.replace("!=", ">=")
    assert f"{COMMENT}{comment}" in result


NO_LISTS = ["", "[project", "[project]\ndependencies = 1\n", "[tool.x]\na = ['b==1']\n", "project = 1"]


@pytest.mark.parametrize("text", [*NO_LISTS, *map(document, UNCHANGED)])
def test_nothing_to_replace(text: str) -> None:
    """A file that is not TOML, or has no dependencies that are single pins, stays; no comment is added."""
    assert replace_pins(text) == (text, ())


names = st.sampled_from(["a", "b", "requests", "ruamel.yaml", "A_b"])
versions = st.sampled_from(["1", "2.0", "2024.7.4", "1.0rc1", "1!3", "0.1.dev2", "4.*"])
extras = st.sampled_from(["", "", "[x]", "[x, y]"])
markers = st.sampled_from(["", "", "; python_version < '3.12'", " ; sys_platform == 'win32'"])
operators = st.sampled_from(["==", " == ", "==", ">=", "~=", "!="])
lists = st.lists(st.tuples(names, extras, operators, versions, markers).map("".join), max_size=5)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A pyproject.toml with dependencies in any notation, and the same texts elsewhere."""

    def array(requirements: list[str]) -> str:
        quotes = [
            draw(st.sampled_from(['"{}"'] if "'" in requirement else ['"{}"', "'{}'"])).format(requirement)
            for requirement in requirements
        ]
        if draw(st.booleans()):
            return f"[{', '.join(quotes)}]"
        comments = ["", "  # pinned", "  # [not] a list", '  # it\'s "ours"']
        rows = "".join(f"\n  {quoted},{draw(st.sampled_from(comments))}" for quoted in quotes)
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
    """The result parses, every pin is a lower bound, and every other byte is unchanged."""
    result, changes = replace_pins(text)
    before, after = tomllib.loads(text), tomllib.loads(result)
    was = [*before["project"]["dependencies"], *before["project"]["optional-dependencies"]["aws"]]
    now = [*after["project"]["dependencies"], *after["project"]["optional-dependencies"]["aws"]]
    expected = {change.before: change.after for change in changes}
    assert now == [expected.get(requirement, requirement) for requirement in was]
    assert {requirement for requirement in was if "==" in requirement.split(";")[0]} == expected.keys()
    assert not any("==" in requirement.split(";")[0] for requirement in now)
    assert sum(line.startswith(COMMENT) for line in result.splitlines()) == bool(changes)
    for name in ("dependency-groups", "build-system"):
        assert after.get(name) == before.get(name)
    back = without_comment(result)
    assert len(back.splitlines()) == len(text.splitlines())
    for line, old in zip(back.splitlines(keepends=True), text.splitlines(keepends=True), strict=True):
        assert line == old or any(change.before in old and change.after in line for change in changes)
