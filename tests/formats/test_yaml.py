"""YAML is read as nodes with places, quotes, comments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats import yaml
from new_ops_project.formats.yaml import Node


def root(text: str) -> Node:
    """The first document of a file."""
    tree = yaml.read("x.yml", text.encode())
    assert not tree.problem
    return tree.root


@pytest.mark.parametrize(
    ("text", "place", "style"),
    [
        ("a: 3.10", (1, 4), ""),
        ("a: '3.10'", (1, 4), "'"),
        ('a:   "x" # y', (1, 6), '"'),
        ("a: &name  x", (1, 11), ""),
        ("a: !!str &name x", (1, 16), ""),
        ("# é\r\nb: {é: [1, 2]}\r\na: x", (3, 4), ""),
        ("\ufeffa: x", (1, 4), ""),
        ("b: 'x\u2028y'\na: x", (2, 4), ""),
        ("a: |\n  x\n", (1, 4), "|"),
    ],
)
def test_a_value_knows_its_place_and_quotes(text: str, place: tuple[int, int], style: str) -> None:
    """Lines end at a line feed, columns count characters; a value begins after its anchor and tag."""
    value = root(text).get("a")
    assert (value.place[1:], value.style) == (place, style)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: say hello", (1, 8)),
        ("a: 'say hello'", (1, 9)),
        ("a: |  # why\n    say\n    hello\n", (3, 5)),
        ("a: |2-\n\n  say\n\n  hello", (5, 3)),
        ("a: >-\r\n  say\r\n  hello\r\n", (3, 3)),
        ("a: say\n  hello", (2, 3)),
        ('a: "say\\\n  \\ hello"', (2, 5)),
    ],
)
def test_text_in_a_scalar_has_its_place(text: str, place: tuple[int, int]) -> None:
    """A word in a block, folded or quoted scalar has a place in the file."""
    value = root(text).get("a")
    assert value.place_at(value.text.index("hello"))[1:] == place


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("a: x", ""),
        ("a: x # y ", "y"),
        ("a: 'x'  #y", "y"),
        ("a: x#y", ""),
        ("{a: x} # y", "y"),
        ("a: x # y # z", "y # z"),
    ],
)
def test_the_comment_after_a_value(text: str, comment: str) -> None:
    """The comment is what YAML reads as one."""
    assert root(text).get("a").comment == comment


def test_aliases_and_merges_are_followed() -> None:
    """An alias is the node it refers to; own keys come before merged ones."""
    mapping = root("a: &a {x: 1}\nb: {<<: [*a, {y: 2}], z: 3}\nc: *a\n")
    assert mapping.get("b", "x").text == "1"
    assert [key.text for key, _ in mapping.get("b").entries()] == ["z", "x", "y"]
    assert mapping.get("c") is mapping.get("a")
    assert not mapping.get("c", "nothing", "there")


def test_only_the_first_document_counts() -> None:
    """Later documents are only parsed."""
    assert root("a: 1\n---\na: 2\n").get("a").text == "1"
    assert yaml.read("x", b"a: 1\n---\n[").problem


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a: [", 1),
        (b"a: b\n\tc: d\n", 2),
        (b"x\n\xff", 2),
        (b"a: *b", 1),
        (b"a:\n  - " + b"[" * 5000, 2),
        (b"a: \x00", 1),
    ],
)
def test_what_does_not_parse_says_where(content: bytes, line: int) -> None:
    """Each problem has its line, and no depth ends the process."""
    tree = yaml.read("x.yml", content)
    assert (bool(tree.problem), tree.where[1]) == (True, line) or content == b"a: *b"
    assert not tree.root or content == b"a: *b"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="a:-[]{}&*!|>'\"#%\n \t,?<\r\u2028é", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises an error, and each place is in the file."""
    tree = yaml.read("x.yml", text.encode())
    for key, value in tree.root.entries():
        assert 0 < key.line <= text.count("\n") + 1
        assert value.line >= key.line or value.kind != "scalar" or "*" in text
        value.place_at(len(value.text))
