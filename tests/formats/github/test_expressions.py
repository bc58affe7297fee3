"""The contexts that GitHub expressions can put into a text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from new_ops_project.formats.github import expressions


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
    """A context that is only compared, tested or counted does not count."""
    assert expressions.contexts(expression) == contexts


def test_expressions_are_found_with_their_offsets() -> None:
    """An expression can span lines and have braces in a string."""
    actual = [*expressions.find("a ${{ b.c }} ${{ d.e\n  || '}}' }} ${{ f")]
    assert [(expression.contexts, expression.offset) for expression in actual] == [(("b.c",), 2), (("d.e",), 13)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab.()[]*!&|=<>,' 0", max_size=40))
def test_any_expression_is_read(text: str) -> None:
    """Any text between the braces is read without an error."""
    expressions.contexts(text)
    list(expressions.find(f"${{{{{text}}}}}"))
