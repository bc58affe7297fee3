"""The merge of pyproject.toml by key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Run
from support.small import QUESTIONS, make, update

from new_ops_project.plan.resolvers.toml import three_way

BASE = """\
[tool.ruff]
line-length = 100
target-version = "py311"

[tool.ruff.lint]
select = ["A", "B"]

[tool.mypy]
strict = true
"""

# What the user has, what the template has now, and what becomes of both.
CASES = {
    "neighbours": (
        BASE.replace("100", "88"),
        BASE.replace("py311", "py313"),
        BASE.replace("100", "88").replace("py311", "py313"),
    ),
    "the same": (BASE.replace("100", "88"), BASE.replace("100", "88"), BASE.replace("100", "88")),
    "deleted here": (
        BASE.replace("line-length = 100\n", ""),
        BASE.replace("100", "110"),
        BASE.replace("line-length = 100\n", ""),
    ),
    "deleted there": (
        BASE.replace("py311", "py312"),
        BASE.replace("line-length = 100\n", ""),
        BASE.replace("line-length = 100\n", "").replace("py311", "py312"),
    ),
    "new there": (
        BASE.replace("strict = true", "strict = false"),
        BASE + "pretty = true\n",
        BASE.replace("strict = true", "strict = false") + "pretty = true\n",
    ),
    "a table here": (
        BASE + "\n[tool.mine]\nx = 1\n",
        BASE.replace("100", "110"),
        BASE.replace("100", "110") + "\n[tool.mine]\nx = 1\n",
    ),
    "comments here": (
        BASE.replace("target", "# ours\ntarget"),
        BASE.replace("py311", "py313"),
        BASE.replace("target", "# ours\ntarget").replace("py311", "py313"),
    ),
}
CLASHES = {
    "one key": (BASE.replace("100", "88"), BASE.replace("100", "110")),
    "a comment on its line": (BASE.replace("100", "100  # ours"), BASE.replace("100", "110")),
    "both add it": (BASE + "pretty = true\n", BASE + "pretty = false\n"),
    "deleted there, changed here": (BASE.replace("100", "88"), BASE.replace("line-length = 100\n", "")),
    "a list that both added to": (BASE.replace('"B"', '"B", "X"'), BASE.replace('"A", "B"', '"B", "C"')),
    "an array of tables": (BASE + "\n[[tool.x]]\na = 1\n", BASE + "\n[[tool.x]]\na = 2\n"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_other_keys(name: str, ending: str) -> None:
    """What the template changed arrives, what the user changed or deleted stays, to the byte."""
    mine, theirs, expected = (text.replace("\n", ending) for text in CASES[name])
    assert three_way(BASE.replace("\n", ending), mine, theirs) == expected


@pytest.mark.parametrize("name", CLASHES)
def test_one_key_that_both_changed(name: str) -> None:
    """That is for a person."""
    assert three_way(BASE, *CLASHES[name]) is None


def test_a_list_by_element() -> None:
    """In a promotion, elements that both added are there, and elements that one removed are not."""
    merged = three_way(BASE, *CLASHES["a list that both added to"], by_element=True)
    assert merged == BASE.replace('"A", "B"', '"B", "X", "C"')


def test_what_is_no_toml() -> None:
    """It has no keys."""
    with pytest.raises(ValueError, match="key"):
        three_way(BASE, "[", BASE)


keys = st.sampled_from(["a", "b", "t.c", "t.d", "t.u.e", "v.f"])
tables = st.dictionaries(keys, st.integers(0, 2), max_size=6)


def written(values: dict[str, int]) -> str:
    """A document with these values, in tables."""
    lines: dict[str, list[str]] = {}
    for path, value in sorted(values.items()):
        table, _, key = path.rpartition(".")
        lines.setdefault(table, []).append(f"{key} = {value}  # {path}\n")
    return "\n".join((f"[{table}]\n" if table else "") + "".join(rows) for table, rows in sorted(lines.items()))


def values(table: dict[str, Any], prefix: str = "") -> dict[str, int]:
    """The values of a document, by dotted key."""
    flat = dict[str, int]()
    for key, value in table.items():
        flat |= values(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


@given(base=tables, mine=tables, theirs=tables)
@settings(max_examples=150, deadline=None)
def test_it_is_a_merge(base: dict[str, int], mine: dict[str, int], theirs: dict[str, int]) -> None:
    """For each key, a change of only one side wins; different changes of both give None."""
    merged = three_way(written(base), written(mine), written(theirs))
    changed = [key for key in base.keys() | theirs.keys() if base.get(key) != theirs.get(key)]
    clash = [key for key in changed if mine.get(key) not in {base.get(key), theirs.get(key), None}]
    if clash:
        assert merged is None
        return
    assert merged is not None
    taken = {key: theirs.get(key) for key in changed if mine.get(key) == base.get(key)}
    wanted = {key: value for key, value in {**mine, **taken}.items() if value is not None}
    assert values(tomllib.loads(merged)) == wanted


def test_an_update_merges_by_key(run: Run, tmp_path: Path) -> None:
    """Neighbouring lines are no conflict in a pyproject.toml, and a note says so."""
    versions = ({"pyproject.toml": BASE}, {"pyproject.toml": BASE.replace("py311", "py313")})
    small = make(tmp_path, *versions, {"pyproject.toml": BASE.replace("100", "88")}, questions=(QUESTIONS, None))
    report = update(run, small, "--json").json
    assert small.text("pyproject.toml") == BASE.replace("100", "88").replace("py311", "py313")
    assert report["notes"] == ["pyproject.toml: merged by key."]
