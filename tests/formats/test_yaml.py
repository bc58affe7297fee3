"""YAML with places, shell scripts as commands, and expressions: what the rules about workflows read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats import shell, yaml
from new_ops_project.formats.github import expressions
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
    """Lines end at a line feed and columns are characters, behind anchor and tag."""
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
    """Where a word of a block, folded or quoted scalar stands in the file."""
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
def test_the_comment_behind_a_value_is_known(text: str, comment: str) -> None:
    """Only what YAML takes for a comment is one."""
    assert root(text).get("a").comment == comment


def test_aliases_and_merges_are_followed() -> None:
    """An alias is what it names, own keys come before merged ones, and a mapping that merges itself ends."""
    found = root("a: &a {x: 1, <<: *a}\nb: {<<: [*a, {y: 2}], z: 3}\nc: *a\n")
    assert found.get("b", "x").text == "1"
    assert [key.text for key, _ in found.get("b").entries()] == ["z", "x", "y"]
    assert found.get("c") is found.get("a")
    assert not found.get("c", "nothing", "there")


def test_only_the_first_document_counts() -> None:
    """What follows is parsed, and that is all."""
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
    """A line for each reason; depth ends no process."""
    tree = yaml.read("x.yml", content)
    assert (bool(tree.problem), tree.where[1]) == (True, line) or content == b"a: *b"
    assert not tree.root or content == b"a: *b"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="a:-[]{}&*!|>'\"#%\n \t,?<\r\u2028é", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never a traceback, and each place is one in the file."""
    tree = yaml.read("x.yml", text.encode())
    for key, value in tree.root.entries():
        assert 0 < key.line <= text.count("\n") + 1
        assert value.line >= key.line or value.kind != "scalar" or "*" in text
        value.place_at(len(value.text))


# ---- scripts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b; c && d || e | f", ["a b", "c", "d", "e", "f"]),
        ("a \\\n  b # c\nd", ["a b", "d"]),
        ("a 'b c' \"d $e\" f\\ g", ["a|b c|d $e|f g"]),
        ("X=1 sudo -E env Y=2 a", ["a"]),
        ("if ! a; then b; else c; fi", ["a", "b", "c", "fi"]),
        ("a > b 2>&1 < c\nd >>e", ["a", "d"]),
        ("a <<'X' <<-Y\nno\nX\nno\n\tY\nb", ["a", "b"]),
        ("a <<X\nno end", ["a"]),
        ("a <<< 'x y'\nb", ["a|x y", "b"]),
        ("poetry run a b", ["a b"]),
        ("a ${{ b c }} $(d e) ${f g}", ["a|${{ b c }}|$(d e)|${f g}"]),
        ("(a)\n{ b; }", ["a", "b", "}"]),
        ("a 'b", ["a b"]),
        ("a `\n  b", ["a b"]),
        ("", []),
    ],
)
def test_a_script_is_its_commands(script: str, commands: list[str]) -> None:
    """Words as the shell sees them, without what stands before the program."""
    found = ["|".join(word.text for word in words) for words in shell.commands(script)]
    assert found == [command if "|" in command else command.replace(" ", "|") for command in commands]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab'\"\\`$(){}<>&|;# \n-=EOF", max_size=60))
def test_words_stand_where_they_say(script: str) -> None:
    """Any script is read, and each word begins at its offset."""
    for words in shell.commands(script):
        for word in words:
            assert word.offset < len(script)


# ---- expressions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "contexts"),
    [
        ("github.head_ref || github.ref", ("github.head_ref", "github.ref")),
        ("github.event['Issue'].title", ("github.event.issue.title",)),
        ("github.event.commits[0].message", ("github.event.commits.*.message",)),
        ("github.event.commits.*.message", ("github.event.commits.*.message",)),
        ("a.b == 'x' && c.d || e.f", ("c.d", "e.f")),
        ("!a.b", ()),
        ("contains(a.b, 'x')", ()),
        ("format('{0} {1}', a.b, (c.d))", ("a.b", "c.d")),
        ("toJSON(github.event)", ("github.event.**",)),
        ("fromJSON(a.b).c[d.e]", ("a.b",)),
        ("a.b && 'yes' || ''", ()),
        ("'it''s github.head_ref'", ()),
        ("", ()),
        ("((((", ()),
    ],
)
def test_an_expression_has_the_contexts_that_can_be_its_text(expression: str, contexts: tuple[str, ...]) -> None:
    """What is only compared, tested or counted is none of them."""
    assert expressions.contexts(expression) == contexts


def test_expressions_are_found_with_their_offsets() -> None:
    """Also such that go on in the next line, and such with braces in a text."""
    found = [*expressions.find("a ${{ b.c }} ${{ d.e\n  || '}}' }} ${{ f")]
    assert [(one.contexts, one.offset) for one in found] == [(("b.c",), 2), (("d.e",), 13)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab.()[]*!&|=<>,' 0", max_size=40))
def test_any_expression_comes_to_an_end(text: str) -> None:
    """Whatever stands between the braces."""
    expressions.contexts(text)
    list(expressions.find(f"${{{{{text}}}}}"))
