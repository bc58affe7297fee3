"""Adding keys to a TOML file: the user's text stays byte for byte, missing keys are added once."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats.toml.merge import UnmergedKey, merge_toml
from new_ops_project.formats.toml.text import dotted_key

MINE = """\
# The build.
[build-system]
requires = ["setuptools"]   # for now

[project]
name = "audit"
# version = "1.0"

# Tools.
[tool.ruff]
lint.select = ["E"]

[tool.mypy.sub]
strict = false

# The end.
"""
THEIRS = """\
[build-system]
requires = ["hatchling>=1"]
build-backend = "hatchling.build"

[project]
name = "other"
# One sentence.
description = "Audits."
dynamic = ["version"]

# PEP 735.
[dependency-groups]
dev = [
    "pytest",  # runs the tests
]

[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["ALL"]
ignore = ["D"]

[tool.ruff.lint.per-file-ignores]
"tests/*" = ["S101"]

[tool.mypy]
# Be strict.
strict = true

# Codes.
enable_error_code = ["truthy-bool"]
"""
BOTH = """\
# The build.
[build-system]
requires = ["setuptools"]   # for now
build-backend = "hatchling.build"

[project]
name = "audit"
# version = "1.0"
# One sentence.
description = "Audits."

# Tools.
[tool.ruff]
lint.select = ["E"]
line-length = 100
lint.ignore = ["D"]

[tool.ruff.lint.per-file-ignores]
"tests/*" = ["S101"]

[tool.mypy.sub]
strict = false

# The end.

[tool.mypy]
# Be strict.
strict = true

# Codes.
enable_error_code = ["truthy-bool"]

# PEP 735.
[dependency-groups]
dev = [
    "pytest",  # runs the tests
]
"""
SKIPPED = frozenset({("project", "dynamic")})
DIFFERENT = (
    UnmergedKey("build-system.requires", ["setuptools"], ["hatchling>=1"]),
    UnmergedKey("project.name", "audit", "other"),
    UnmergedKey("tool.ruff.lint.select", ["E"], ["ALL"]),
)


def test_an_example() -> None:
    """Keys go to the end of their table, new tables after related ones, with the comments above them."""
    assert merge_toml(MINE, THEIRS, skip=SKIPPED) == (BOTH, DIFFERENT)


def test_crlf() -> None:
    """Additions to a file with CRLF have CRLF too."""
    assert merge_toml(MINE.replace("\n", "\r\n"), THEIRS, skip=SKIPPED)[0] == BOTH.replace("\n", "\r\n")
    assert merge_toml(MINE, THEIRS.replace("\n", "\r\n"), skip=SKIPPED)[0] == BOTH


CASES = {
    "nothing is missing": ("a=1", "a = 1\n", "a=1"),
    "an empty file": ("", "# Of a.\na = 1\n[b]\nc = 2\n", "# Of a.\na = 1\n\n[b]\nc = 2\n"),
    "only comments": ("# mine\n", "[b]\nc = 2\n", "# mine\n\n[b]\nc = 2\n"),
    "no final newline": ("[b]\na = 1", "[b]\nc = 2", "[b]\na = 1\nc = 2\n"),
    "no final newline, a new table": ("a = 1", "[b]\nc = 2", "a = 1\n\n[b]\nc = 2\n"),
    "a header right below": ("[b]\na = 1\n[d]\n", "[b]\nc = 2\n", "[b]\na = 1\nc = 2\n\n[d]\n"),
    "a comment right above a header": ("[b]\n# Of d.\n[d]\n", "[b]\nc = 2\n", "[b]\nc = 2\n\n# Of d.\n[d]\n"),
    "a dotted key at the root": ("b.a = 1\n[d]\n", "[b]\nc = 2\n", "b.a = 1\nb.c = 2\n\n[d]\n"),
    "a dotted key in a table": ("[d]\nb.a = 1\n", "[d.b]\nc = 2\n", "[d]\nb.a = 1\nb.c = 2\n"),
    "a dotted key in the template": ("[b.d]\nx = 1\n", "b.d.y = 2\n", "[b.d]\nx = 1\ny = 2\n"),
    "a table of tables only": ("[b.d]\nx = 1\n", "b.y = 2\n", "[b.d]\nx = 1\n\n[b]\ny = 2\n"),
    "out of order": ("[b.x]\n[c]\n[b]\nd = 1\n", "[b]\ne = 2\n[b.y]\n", "[b.x]\n[c]\n[b]\nd = 1\ne = 2\n\n[b.y]\n"),
    "an inline table stays whole": ("b = {a = 1}\n", "[b]\nc = 2\n", "b = {a = 1}\n"),
    "a table stays a table": ("[b]\na = 1\n", "b = {c = 2}\n", "[b]\na = 1\n"),
    "quoted keys": ("[b]\n'a.x' = 1\n", '[b]\n"a.x" = 3\na.x = 2\n', "[b]\n'a.x' = 1\na.x = 2\n"),
    "a quoted table": ('["b c"."d"]\nx=1', "['b c'.d]\ny=2", '["b c"."d"]\nx=1\ny=2\n'),
    "an array of tables stays whole": ("[[b]]\na = 1\n", "[[b]]\na = 2\n[[b]]\n", "[[b]]\na = 1\n"),
    "a new array of tables": (
        "a = 1\n",
        "[[b]]\nx = 1\n[b.c]\ny = 2\n[[b]]\nx = 3\n",
        "a = 1\n\n[[b]]\nx = 1\n\n[b.c]\ny = 2\n\n[[b]]\nx = 3\n",
    ),
    "what only looks like a table": ('a = """\n[b]\n#"""\n[d]\n', "x = 1\n", 'a = """\n[b]\n#"""\nx = 1\n\n[d]\n'),
    "brackets in strings": ("a = ']['  # ]\n[b]\n", "[b]\nc = 1\n", "a = ']['  # ]\n[b]\nc = 1\n"),
    "a table without keys": ("a = 1\n", "# Of b.\n[b]  # none\n", "a = 1\n\n# Of b.\n[b]  # none\n"),
    "quotes at the end of a long string": ('a = """"x"""""\n[b]\n', "c = 1\n", 'a = """"x"""""\nc = 1\n\n[b]\n'),
}


@pytest.mark.parametrize(("mine", "theirs", "both"), CASES.values(), ids=CASES)
def test_a_case(mine: str, theirs: str, both: str) -> None:
    """An unusual notation stays, and the addition fits in."""
    assert merge_toml(mine, theirs)[0] == both


def test_different_values_are_reported() -> None:
    """A different value is reported with both sides, a table against a value as a whole; an equal one is not."""
    mine, theirs = "a = 1\nb = 1\nd = {e = 1}\n[c]\nx = 1\n[[f]]\n", "a = 1\nb = true\nc = 2\n[d]\ne = 2\n[f]\n"
    kept = [("b", 1, True), ("c", {"x": 1}, 2), ("d", {"e": 1}, {"e": 2}), ("f", [{}], {})]
    assert merge_toml(mine, theirs)[1] == tuple(UnmergedKey(*row) for row in kept)


def test_skipped_keys_are_neither_added_nor_reported() -> None:
    """A key in `skip` stays out, with everything below it."""
    theirs = 'a = 2\n[b]\nc = 1\n["d.e"]\nx = 1\n'
    assert merge_toml("a = 1\n", theirs, skip={("a",), ("b",), ("d.e", "x")}) == ("a = 1\n", ())


@pytest.mark.parametrize(("mine", "theirs"), [("a = \n", "b = 1\n"), ("a = 1\n", "b\n"), ("a = 1\na = 2\n", "b = 1\n")])
def test_what_does_not_parse(mine: str, theirs: str) -> None:
    """A file that is not TOML raises the parser's error."""
    with pytest.raises(ValueError, match="line"):
        merge_toml(mine, theirs)


NAMES = st.sampled_from(["a", "b", "c", "1", '"d.e"', "'f g'", '"\\u0061"'])
KEYS = st.lists(NAMES, min_size=1, max_size=3).map(".".join) | st.lists(NAMES, min_size=2, max_size=2).map(" . ".join)
VALUES = st.sampled_from(
    [
        "1",
        "true",
        "nan",
        "1.0",
        "'it''",
        '"#\\""',
        "2026-11-22",
        "[]",
        "[ 1, # one\n  2,\n]",
        '"""\n[a]\n# no = 1\n"""',
        "'''\nb = 1\n'''",
        '""""x"""""',
        "{ a = 1, b.c = 2 }",
        "[{ a = 1 }]",
        "[\n  [ '[', ']' ],\n\n  { a = '}' },\n]",
        '"""\\"""\\\\"""',
        "-inf",
        "0x1F",
        "{}",
    ]
)
LINES = st.one_of(
    st.builds(
        "{}{} = {}{}\n".format, st.sampled_from(["", "  ", "\t"]), KEYS, VALUES, st.sampled_from(["", "  # [x]"])
    ),
    st.builds("[{}]{}\n".format, KEYS, st.sampled_from(["", "  # x = 1"])),
    st.builds("[[{}]]\n".format, KEYS),
    st.sampled_from(["\n", "# a = 1\n", "# [b]\n", "   \n", "#\n"]),
)


def document(lines: Iterable[str]) -> str:
    """A document of those lines that keep it valid."""
    text = ""
    for line in lines:
        try:
            tomllib.loads(text + line)
        except tomllib.TOMLDecodeError:
            continue
        text += line
    return text


DOCUMENTS = st.lists(LINES, max_size=14).map(document)


def is_within(part: str, whole: str) -> bool:
    """Whether the lines of one text are in the other, in order; only the last may have got a line ending."""
    rest = iter(ended(whole))
    return all(line in rest for line in ended(part))


def ended(text: str) -> list[str]:
    """The lines, each with a line ending."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    return [line if line.endswith("\n") else line + end for line in lines]


def leaves(values: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The value of each key without tables below it; as text, since nan does not equal nan."""
    if isinstance(values, Mapping) and values:
        return {keys: leaf for key, below in values.items() for keys, leaf in leaves(below, (*path, key)).items()}
    return {path: repr(values)}


def has(values: Any, path: tuple[str, ...]) -> bool:
    """Whether there is a value at these keys."""
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def is_reported(kept: Iterable[UnmergedKey], path: tuple[str, ...]) -> bool:
    """Whether these keys, or a table around them, are reported as different."""
    return bool({value.key for value in kept} & {dotted_key(path[:length]) for length in range(1, len(path) + 1)})


@settings(max_examples=300, deadline=None)
@given(mine=DOCUMENTS, theirs=DOCUMENTS, crlf=st.booleans(), unended=st.booleans())
def test_any_two_documents(mine: str, theirs: str, *, crlf: bool, unended: bool) -> None:
    """The result parses and has each line and value of mine, in order, and each key of theirs.

    Adding twice is the same as adding once.
    """
    mine = mine.removesuffix("\n") if unended else mine
    mine = mine.replace("\n", "\r\n") if crlf else mine
    both, kept = merge_toml(mine, theirs)
    was, values, wanted = leaves(tomllib.loads(mine)), tomllib.loads(both), leaves(tomllib.loads(theirs))
    assert is_within(mine, both)
    assert all(leaves(values).get(path) == value for path, value in was.items() if value != "{}")
    assert not [path for path in wanted if not has(values, path) and not is_reported(kept, path)]
    assert not [value for value in kept if value.mine is None]
    assert repr(merge_toml(both, theirs)) == repr((both, kept))
    assert not crlf or "\r\n" not in mine or both.count("\n") == both.count("\r\n")


@settings(max_examples=100, deadline=None)
@given(theirs=DOCUMENTS)
def test_an_empty_file_becomes_theirs(theirs: str) -> None:
    """An empty file gets all of theirs, and an empty file of theirs adds nothing."""
    both, kept = merge_toml("", theirs)
    assert leaves(tomllib.loads(both)) == leaves(tomllib.loads(theirs))
    assert not kept
    assert merge_toml(theirs, "") == (theirs, ())
    assert merge_toml(theirs, theirs) == (theirs, ())
