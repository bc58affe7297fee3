"""The merge of pyproject.toml by key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Run
from support.drafts import draft, text, tree
from support.small import QUESTIONS, make, update

from new_ops_project.plan.draft import flag_broken
from new_ops_project.plan.resolvers.toml import by_key, three_way

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


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "expected"),
    [
        # In one line: added at the end, removed from any place, in either quotes.
        ('["A", "B"]', '["A", "B"]', '["A", "B", "C", "D"]', '["A", "B", "C", "D"]'),
        ('["A", "B"]', '["A", "B", "X",]', '["A", "B", "C"]', '["A", "B", "X", "C"]'),
        ('["A", "B"]', "['A', 'B', 'X']", '["B"]', "['B', 'X']"),
        ('["A", "B"]', '["X", "A", "B"]', '["A", "C"]', '["X", "A", "C"]'),
        ("[]", "[]", '["C"]', '["C"]'),
        ('["A"]', '["A"]', "[]", "[]"),
        ('["A", "B"]', '["A", "X"]', '["A", "B"]', '["A", "X"]'),
        ('["A"]', '["A", "C"]', '["A", "C", "D"]', '["A", "C", "D"]'),
        # A path below a folder that the template adds goes with it; one with the same beginning stays.
        ('["A"]', '["A", "src/x", "srcs"]', '["A", "src"]', '["A", "srcs", "src"]'),
        # In rows: the comment of the template comes with its element.
        (
            '[\n  "A",\n]',
            '[\n  "A",\n  "X",\n]',
            '[\n  "A",\n  "C",  # why\n]',
            '[\n  "A",\n  "X",\n    "C",  # why\n]',
        ),
        ('[\n  "A"\n]', '[\n  "A"\n]', '["A", "C"]', '[\n  "A",\n    "C",\n]'),
        ('[\n  "A",\n  "B",\n]', '[\n  "A",\n  "B",  # old\n  "X",\n]', '[\n  "A",\n]', None),
        ('[\n  "A",\n  "B",\n]', '[\n  "A",\n  "B",\n  "X",\n]', '[\n  "A",\n]', '[\n  "A",\n  "X",\n]'),
        ("[\n]", "[  # mine\n]", '[\n  "C",\n]', '[  # mine\n    "C",\n]'),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_lists_by_element(base: str, mine: str, theirs: str, expected: str | None, ending: str) -> None:
    """The user's list keeps its form, gets what the template added, and loses what the template removed."""
    texts = [BASE.replace('["A", "B"]', text).replace("\n", ending) for text in (base, mine, theirs)]
    merged = three_way(*texts, by_element=True)
    assert merged is not None
    if expected is not None:
        assert merged == BASE.replace('["A", "B"]', expected).replace("\n", ending)
    assert tomllib.loads(merged)


@pytest.mark.parametrize(
    ("base", "mine", "theirs"),
    [("[1, 2]", "[1, 2, 3]", "[1, 2, 4]"), ('["A"]', '["A", 1]', '["A", "B"]'), ('["A"]', '"A"', '["A", "B"]')],
)
def test_lists_of_other_values(base: str, mine: str, theirs: str) -> None:
    """Only lists of strings have elements of their own."""
    assert three_way(*(f"a = {text}\n" for text in (base, mine, theirs)), by_element=True) is None


def test_a_list_that_the_template_dropped() -> None:
    """A list of the user's that the template has no more is for a person, one that stayed as it was goes."""
    assert three_way('a = ["A"]\nb = 1\n', 'a = ["A", "X"]\nb = 1\n', "b = 1\n", by_element=True) is None
    assert three_way('a = ["A"]\nb = 1\n', 'a = ["A"]\nb = 1\n', "b = 1\n", by_element=True) == "b = 1\n"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "expected"),
    [
        ("a = 1\n", "a = 1\n", "a = 1.0\n", "a = 1.0\n"),  # they are equal in Python
        ("a = 1\n", "a = 1\n", "a = true\n", "a = true\n"),
        ("a = 1\n", "a = true\n", "a = 1.0\n", None),
        ("a = 1\n", "a.b = 1\n", "a = 2\n", "a.b = 1\n"),  # what the user replaced stays away
        ("a.b = 1\nc = 1\n", "a.b = 1\nc = 2\n", "a = 1\nc = 1\n", "c = 2\na = 1\n"),
        ("[[x]]\na = 1\n", "[[x]]\na = 2\n", "[[x]]\na = 1\n\n[t]\nb = 1\n", "[[x]]\na = 2\n\n[t]\nb = 1\n"),
        ("x = 1\n", "x = 1\n", "[[x]]\na = 1\n", None),
    ],
)
def test_values_of_other_types(base: str, mine: str, theirs: str, expected: str | None) -> None:
    """A change of the type is a change; what has become an array of tables is for a person."""
    assert three_way(base, mine, theirs) == expected


@pytest.mark.parametrize(
    ("mine", "is_settled"),
    [(BASE.replace("100", "88"), True), ("[\n", False), (BASE.replace("py311", "py312"), False)],
)
def test_a_draft(tmp_path: Path, mine: str, *, is_settled: bool) -> None:
    """A conflict by line is none by key; what is no TOML, or changed on both sides, stays one."""
    theirs = BASE.replace("py311", "py313").replace("100", "100 ")
    with draft(
        tmp_path / "x", {"pyproject.toml": BASE}, {"pyproject.toml": mine}, {"pyproject.toml": theirs}
    ) as before:
        after = by_key(before)
        assert before.conflicts.keys() == {"pyproject.toml"}
        assert (after.conflicts == {}) == is_settled
        assert (after.notes == ("pyproject.toml: merged by key.",)) == is_settled


def test_a_draft_of_a_promotion(tmp_path: Path) -> None:
    """With the project's file as it was, lists are merged by element."""
    mine, theirs = CLASHES["a list that both added to"]
    with draft(tmp_path / "x", {"pyproject.toml": BASE}, {"pyproject.toml": "x"}, {"pyproject.toml": theirs}) as before:
        assert by_key(before).conflicts != {}
        assert text(by_key(before, mine.encode()), "pyproject.toml") == BASE.replace('"A", "B"', '"B", "X", "C"')


def test_a_file_that_merged_and_does_not_parse(tmp_path: Path) -> None:
    """With the project's file as it was it is merged by key; an update leaves it to a person."""
    rows = "".join(f"x{number} = {number}\n" for number in range(20))
    base, new = f"{rows}[t]\n", f"a = 1\n{rows}[t]\n"
    mine, theirs = new, f"{rows}a = 1\n[t]\n"
    old, other = {"pyproject.toml": base}, {"pyproject.toml": theirs}
    with draft(tmp_path / "x", old, {"pyproject.toml": mine}, other) as merged:
        before = flag_broken(merged, tree(old), tree(other))
        assert before.conflicts.keys() == {"pyproject.toml"}
        assert by_key(before).conflicts == before.conflicts
        assert text(by_key(before, mine.encode()), "pyproject.toml") == new


@pytest.mark.parametrize("side", ["base", "mine", "theirs"])
def test_a_draft_without_a_side(tmp_path: Path, side: str) -> None:
    """A file that one side does not have is not merged by key, nor is one without a conflict."""
    sides = {"base": BASE, "mine": BASE.replace("100", "88"), "theirs": BASE.replace("100", "110")}
    files = [{"k": ""} if name == side else {"pyproject.toml": content, "k": ""} for name, content in sides.items()]
    with draft(tmp_path / "x", *files) as before:
        for ours in (None,) if side == "mine" else (None, b"x = 1\n"):
            after = by_key(before, ours)
            assert (after.conflicts, after.overrides) == (before.conflicts, before.overrides)


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
